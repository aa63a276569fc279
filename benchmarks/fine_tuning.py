"""What does each part of fine-tuning bring: leave it out, or put in what is not in, with all else as it was.

The posts are the public and written training files and their validation posts. Two epochs, in which the lowest six of the
encoder's nine layers stay as they are, so that a run takes ten minutes on one core; the seeds are the same for every part. Needs
``../shared``. What stands is kept, and a run that was stopped goes on.

    python benchmarks/fine_tuning.py runs/encoder-e5 [--parts PART ...] [--seeds 13 14 15] [--folder runs/parts]
"""

import argparse
import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from learning_curve import TEST, WRITTEN_TEST, scores_on
from probe import TRAIN
from sklearn.metrics import log_loss

from whyshare.data.annotated import load_annotated
from whyshare.data.motives import MOTIVES
from whyshare.models.settings import SETTINGS_FILE, ModelSettings
from whyshare.training import finetuning_loop
from whyshare.training.examples import split_posts
from whyshare.training.finetune import finetune
from whyshare.training.finetune_config import FinetuneConfig

PUBLIC_POSTS, WRITTEN_POSTS, PLAIN = "public.jsonl", "written.jsonl", ("plain_public.jsonl", "plain_written.jsonl")
NOISE = "noisy embeddings"
PARTS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "rare motives weigh no more": {"class_weight_power": 0.0},
    "rare motives weigh as much as all others": {"class_weight_power": 1.0},
    "no second motives, no doubt": {"train": PLAIN},
    "no written posts": {"train": (PUBLIC_POSTS,)},
    "one rate for all layers": {"layer_decay": 1.0},
    "no dropout of attention": {"attention_dropout": 0.0},
    "dropout": {"dropout": 0.1},
    NOISE: {},
}


def write_posts(folder: Path) -> Path:
    """Write the posts of each side of the split down, so that a file that is left out does not move it; give validation's."""
    training, held = split_posts(TRAIN)
    written = {post.text for post in load_annotated(TRAIN.train[1])}
    rows = [
        {"text": post.text, "label": post.label, "secondary": post.secondary, "certainty": post.certainty}
        for post in training
    ]
    plain = [{"text": row["text"], "label": row["label"]} for row in rows]
    for names, posts in (((PUBLIC_POSTS, WRITTEN_POSTS), rows), (PLAIN, plain)):
        for name, wanted in zip(names, (False, True), strict=True):
            _write(folder / name, [row for row in posts if (row["text"] in written) == wanted])
    validation = folder / "validation.jsonl"
    _write(validation, [{"id": post.id, "text": post.text, "label": post.label} for post in held])
    return validation


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def trained(encoder: Path, part: str, seed: int, validation: Path) -> Path:
    """Fine-tune the encoder with or without a part; give the model folder."""
    model = validation.parent / f"{part.replace(' ', '-').replace(',', '')}-{seed}"
    changes = dict(PARTS[part])
    files = changes.pop("train", (PUBLIC_POSTS, WRITTEN_POSTS))
    config = FinetuneConfig(
        base=str(encoder), train=tuple(str(validation.parent / file) for file in files), validation=(str(validation),),
        name=model.name, frozen_layers=6, epochs=2, learning_rate=1.5e-4, layer_decay=0.95, dropout=0.0, attention_dropout=0.1,
        seed=seed, init_seed=seed,
    )  # fmt: skip
    if not (model / SETTINGS_FILE).is_file():
        noise = {"neftune_noise_alpha": 5.0} if part == NOISE else {}  # NEFTune of Jain et al. (2024)
        arguments = finetuning_loop.common_arguments() | noise
        with mock.patch.object(finetuning_loop, "common_arguments", lambda: arguments):
            finetune(replace(config, **changes), model)
    return model


def scores(model: Path) -> list[float]:
    """Give macro-F1 and log loss on validation, then macro-F1 on each test set in each language."""
    with (model / "validation.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    order = sorted(map(str, MOTIVES))
    probs = np.array([[float(row[f"p_{motive}"]) for motive in order] for row in rows])
    loss = log_loss([row["label"] for row in rows], probs / probs.sum(axis=1, keepdims=True), labels=order)
    tests = [score for test in (TEST, WRITTEN_TEST) for score in scores_on(test, model).values()]
    return [ModelSettings.load(model).scores["validation"]["all"]["macro_f1"], float(loss), *tests]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=Path, help="a folder that whyshare trim or pretrain wrote")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS), metavar="PART")
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    parser.add_argument("--folder", type=Path, default=Path("runs/parts"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    validation = write_posts(options.folder)
    print("| part | validation | its log loss | public_test zh | en | written_test zh | en |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for part in options.parts:
        found = np.array([scores(trained(options.encoder, part, seed, validation)) for seed in options.seeds])
        spread = [f" ± {deviation:.3f}" for deviation in found.std(axis=0, ddof=1)] if len(found) > 1 else [""] * 6
        cells = " | ".join(f"{mean:.3f}{more}" for mean, more in zip(found.mean(axis=0), spread, strict=True))
        print(f"| {part} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
