"""What would more labels bring, and what more pretraining: fine-tune encoders on ever more annotated posts.

Each number of posts is 1, 2, 4 or 8 times that of the public and written training files, the rest drawn from the other
annotated posts; each is trained on for as many steps, 8, 4, 2 or 1 epochs, since an encoder needs some thousand steps to
start at all. One seed each, the same validation posts; the best epoch is kept. Needs ``../shared`` and the hydrated
files of training/recipes. An hour on one core for each number; a run that was stopped goes on, and what stands is kept.
With ``--tokens`` an encoder is first pretrained on so many million tokens of posts, by the recipe of ``encoder-cpu-2``,
with ``--no-weak-labels`` on their words alone, with ``--replaced-tokens`` by finding what a small generator fills in for
them, and with ``--from-scratch`` it starts from random weights.

    python benchmarks/learning_curve.py runs/encoder-e5 [MORE ENCODERS] [--times 1 2 4 8] [--tokens 0 3 10] [--folder runs/curve]
"""

import argparse
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from probe import TRAIN
from sklearn.metrics import f1_score
from transformers import AutoConfig, AutoModel

from whyshare import Labeller
from whyshare.data.annotated import load_annotated
from whyshare.models.settings import SETTINGS_FILE, WEIGHTS_FILE, ModelSettings
from whyshare.training.examples import split_posts
from whyshare.training.finetune import finetune
from whyshare.training.finetune_config import FinetuneConfig
from whyshare.training.pretrain import pretrain
from whyshare.training.pretrain_config import PretrainConfig
from whyshare.training.settings import read_recipe

MORE = (
    *(f"runs/{name}.jsonl" for name in ("corpus_train", "corpus_extra", "corpus_more", "corpus_further")),
    "data/annotated/written_extra.jsonl",
)
TEST, WRITTEN_TEST = Path("../shared/annotated/public_test.jsonl"), Path("data/annotated/written_test.jsonl")
LEAST = 14_306  # training posts of TRAIN.train, without those kept for validation
MOST = 8  # times as many, and so the epochs that go through the least of them


def draw(times: int, folder: Path) -> list[str]:
    """Write the file that makes the posts so many times as many; a smaller one's are among a larger one's."""
    if times == 1:
        return []
    lines = [line for path in MORE for line in Path(path).read_text(encoding="utf-8").splitlines()]
    random.Random(7).shuffle(lines)
    path = folder / f"more_{times - 1}.jsonl"
    path.write_text("\n".join(lines[: LEAST * (times - 1)]) + "\n", encoding="utf-8")
    return [str(path)]


def from_scratch(encoder: Path, folder: Path) -> Path:
    """Write an encoder of the same shape and vocabulary with random weights."""
    output = folder / f"{encoder.name}-scratch"
    if not (output / WEIGHTS_FILE).is_file():
        shutil.copytree(encoder, output, ignore=shutil.ignore_patterns(WEIGHTS_FILE), dirs_exist_ok=True)
        torch.manual_seed(13)
        AutoModel.from_config(AutoConfig.from_pretrained(encoder)).save_pretrained(output)
    return output


def pretraining(encoder: Path, millions: float) -> PretrainConfig:
    """Give the recipe that pretrains an encoder on so many million tokens of posts, two fifths of them Chinese."""
    config = read_recipe(Path("training/recipes/encoder-cpu-2.toml"), PretrainConfig)
    return replace(config, base=str(encoder), tokens=(int(400_000 * millions), int(600_000 * millions)))


def pretrained(encoder: Path, millions: int, weak_labels: bool, replaced_tokens: bool, folder: Path) -> Path:
    """Pretrain an encoder on posts."""
    if not millions:
        return encoder
    config = pretraining(encoder, millions)
    if not weak_labels:
        config = replace(config, weak_weight=0.0)
    if replaced_tokens:
        config = replace(config, replaced_weight=50.0)
    kind = "" if weak_labels else "-words"
    output = folder / f"{encoder.name}-{millions}M{kind}{'-replaced' if replaced_tokens else ''}"
    if not (output / WEIGHTS_FILE).is_file():
        pretrain(config, output)
    return output


def recipe(encoder: Path, times: int, folder: Path) -> FinetuneConfig:
    return FinetuneConfig(
        name=f"{encoder.name}-{times}", base=str(encoder), train=TRAIN.train, extra=tuple(draw(times, folder)),
        epochs=MOST // times, patience=MOST, learning_rate=1.5e-4, layer_decay=0.95, dropout=0.0, attention_dropout=0.1,
    )  # fmt: skip


def scores_on(test: Path, model: Path) -> dict[str, float]:
    """Give macro-F1 on the test posts of each language."""
    posts = load_annotated(test)
    found = Labeller.load(model).label([post.text for post in posts])
    scores = {}
    for language in ("zh", "en"):
        pairs = [(post.label, one.motive) for post, one in zip(posts, found, strict=True) if post.language == language]
        gold, guess = zip(*pairs, strict=True)
        scores[language] = float(
            f1_score(gold, [motive or "" for motive in guess], average="macro", labels=sorted(set(gold)))
        )
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoders", type=Path, nargs="+", help="folders that whyshare trim or pretrain wrote")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 4, 8], choices=[1, 2, 4, 8])
    parser.add_argument("--tokens", type=int, nargs="+", default=[0], metavar="MILLIONS", help="to pretrain on first")
    parser.add_argument("--no-weak-labels", action="store_true", help="pretrain on masked words alone")
    parser.add_argument("--replaced-tokens", action="store_true", help="find what a small generator has filled in")
    parser.add_argument("--from-scratch", action="store_true", help="start from random weights")
    parser.add_argument("--folder", type=Path, default=Path("runs/curve"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    bases = [from_scratch(base, options.folder) if options.from_scratch else base for base in options.encoders]
    weak_labels = not options.no_weak_labels
    encoders = [
        pretrained(base, millions, weak_labels, options.replaced_tokens, options.folder)
        for base in bases
        for millions in options.tokens
    ]
    points = [(encoder, times) for encoder in encoders for times in options.times]
    for encoder, times in points:
        model = options.folder / f"{encoder.name}-{times}"
        if not (model / SETTINGS_FILE).is_file():
            config = recipe(encoder, times, options.folder)
            assert len(split_posts(config)[0]) == LEAST * times
            finetune(config, model)
    print(
        "| encoder | labels | epochs | validation | zh | en | public_test zh | en |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    )
    curves: dict[Path, list[tuple[float, float]]] = {}
    for encoder, times in points:
        model = options.folder / f"{encoder.name}-{times}"
        validation = ModelSettings.load(model).scores["validation"]
        test = scores_on(TEST, model)
        scores = [validation[language]["macro_f1"] for language in ("all", "zh", "en")] + [test["zh"], test["en"]]
        curves.setdefault(encoder, []).append((np.log2(times), validation["all"]["macro_f1"]))
        cells = " | ".join(f"{score:.3f}" for score in scores)
        print(f"| {encoder.name} | {LEAST * times:,} | {MOST // times} | {cells} |", flush=True)
    for encoder, curve in curves.items():
        if len(curve) > 1:
            slope, _ = np.polyfit(*zip(*curve, strict=True), 1)
            print(f"\n{encoder.name}: {slope:+.3f} on validation for each doubling of the labels")


if __name__ == "__main__":
    main()
