"""How good is the pretrained encoder? Fine-tune it on public tasks that others have published scores for.

TweetEval (emotion, irony, offensive) and SMP2020-EWECT (virus, usual), with their official metrics, over seeds. The epoch
is chosen on validation; test is looked at once. The train split of EWECT usual cannot be obtained: its validation split is
trained on instead, less a tenth to choose the epoch by. A run that was stopped goes on behind the last line of its log.

    python benchmarks/public.py ENCODER [--tasks tweeteval_emotion ...] [--seeds 3] [--log runs/public.jsonl]
"""

import argparse
import json
import lzma
import statistics
import tempfile
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

from whyshare.models.encoding import Encoder
from whyshare.training.finetuning_loop import common_arguments
from whyshare.training.machine import best_attention

PUBLIC = Path(__file__).parents[1].parent / "shared" / "public"
MAX_LENGTH = 128

# Official metric: F1 of one class, or the macro average; the best published single models, from PUBLIC/README.md.
TASKS = {
    "tweeteval_emotion": (None, "fastText 65.2, from scratch on tweets 72.0, RoBERTa-base 76.1, continued on tweets 78.5"),
    "tweeteval_irony": ("irony", "fastText 63.1, from scratch on tweets 65.4, RoBERTa-base 59.7, continued on tweets 61.7"),
    "tweeteval_offensive": (None, "fastText 73.4, from scratch on tweets 77.1, RoBERTa-base 79.5, continued on tweets 80.5"),
    "ewect_virus": (None, "a plain system 56.1, ERNIE 60.8, BERT-wwm-ext 65.3, RoBERTa-wwm-ext 66.9"),
    "ewect_usual": (None, "none without its train split, which cannot be obtained"),
}  # fmt: skip


def load_task(name: str) -> dict[str, tuple[list[str], list[str]]]:
    """Read texts and labels of the splits; the validation split of a task without a train split is cut."""
    splits: dict[str, tuple[list[str], list[str]]] = {split: ([], []) for split in ("train", "val", "test")}
    with lzma.open(PUBLIC / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            texts, labels = splits[record["split"]]
            texts.append(record["text"])
            labels.append(str(record["label"]))
    if not splits["train"][0]:
        texts, labels = splits["val"]
        cut = train_test_split(texts, labels, test_size=0.1, stratify=labels, random_state=13)
        splits |= {"train": (cut[0], cut[2]), "val": (cut[1], cut[3])}
    return splits


def measure(base: Path, name: str, seed: int) -> dict[str, str | float]:
    """Fine-tune once; give the official metric on validation and test, in percent."""
    set_seed(seed)
    splits = load_task(name)
    names = sorted(set(splits["train"][1]))
    tokenizer = AutoTokenizer.from_pretrained(base)
    encoder = Encoder(tokenizer.backend_tokenizer, MAX_LENGTH)
    datasets = {}
    for split, (texts, labels) in splits.items():
        ids = [encoded.ids for encoded in encoder.encode(texts)]
        label_ids = [names.index(label) for label in labels]
        datasets[split] = Dataset.from_dict({"input_ids": ids, "labels": label_ids, "length": [len(i) for i in ids]})
    positive = TASKS[name][0]

    def score(prediction) -> dict[str, float]:  # noqa: ANN001
        gold, guess = np.asarray(prediction.label_ids), np.asarray(prediction.predictions).argmax(-1)
        if positive is None:
            return {"score": 100 * f1_score(gold, guess, average="macro")}
        return {"score": 100 * f1_score(gold == names.index(positive), guess == names.index(positive))}

    model = AutoModelForSequenceClassification.from_pretrained(
        base,
        num_labels=len(names),
        ignore_mismatched_sizes=True,  # the head of another task is left
        attn_implementation=best_attention(),
        dtype=torch.float32,
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=3 if len(splits["train"][0]) > 5000 else 6,
            per_device_train_batch_size=32,
            per_device_eval_batch_size=64,
            learning_rate=1e-4,
            warmup_steps=0.1,
            weight_decay=0.01,
            optim="adamw_torch_fused",
            metric_for_best_model="score",
            seed=seed,
            disable_tqdm=True,
            **common_arguments(),
        )
        trainer = Trainer(model, arguments, DataCollatorWithPadding(tokenizer), datasets["train"], datasets["val"],
                          compute_metrics=score)  # fmt: skip
        trainer.train()
        found = {split: trainer.evaluate(datasets[split])["eval_score"] for split in ("val", "test")}
    return {"encoder": str(base), "task": name, "seed": seed, **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=Path, help="folder that whyshare pretrain or whyshare train wrote")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), metavar="TASK")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--log", type=Path, default=Path("runs/public.jsonl"))
    options = parser.parse_args()
    lines = options.log.read_text(encoding="utf-8").splitlines() if options.log.is_file() else []
    rows = [row for row in map(json.loads, lines) if row.get("encoder") == str(options.encoder)]
    for seed in range(13, 13 + options.seeds):
        for task in options.tasks:
            if not any(row["task"] == task and row["seed"] == seed for row in rows):
                rows.append(measure(options.encoder, task, seed))
                with options.log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(rows[-1]) + "\n")
    print("| task | validation | test | published, test |\n|---|---:|---:|---|")
    for task in options.tasks:
        own = [row for row in rows if row["task"] == task]
        cells = []
        for split in ("val", "test"):
            scores = [row[split] for row in own]
            spread = f" ± {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
            cells.append(f"{statistics.mean(scores):.1f}{spread}")
        print(f"| {task} | {' | '.join(cells)} | {TASKS[task][1]} |")


if __name__ == "__main__":
    main()
