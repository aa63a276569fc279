"""What does each kind of weak label add: pretrain an encoder with the labels of one kind alone, and probe it.

The texts, their order and their masked words are the same for every kind, by the recipe of ``encoder-cpu-2``; only the labels that
are told apart beside the words differ. What comes of it is measured as in ``probe.py``, before any fine-tuning, which at
this many tokens makes all encoders alike. Needs ``../shared``; 15 minutes on one core for each kind and million tokens.

    python benchmarks/weak_labels.py runs/encoder-e5 [--millions 1] [--folder runs/weak]
"""

import argparse
import json
import lzma
import re
from dataclasses import replace
from pathlib import Path

from learning_curve import pretraining
from probe import TABLE_HEAD, Probe

from whyshare.models.settings import WEIGHTS_FILE
from whyshare.training.pretrain import pretrain

KINDS = {  # what the source and the label, joined by a space, contain; the first that fits counts
    "emoji": r"\bemoji:",
    "emotion": r"GoEmotions|CLUEmotion|EWECT|\bemotion:",
    "crisis": r"CrisisLex|\bdisaster=",
    "subreddit": r" r/",
    "rumour": r"[Rr]umor|fake|EANN|image-verification",
    "offence and irony": r"COLDataset|Ciron|\b(hate|offensive|irony):",
    "sentiment": r"\bsent(iment)?[:=]|\bneg=|twitter_corpus|(posi|nega)tive|[Nn]eutral",
    "topic": r"",
}


def kind_of(source: str, label: str) -> str:
    """Give the kind of a weak label."""
    return next(kind for kind, pattern in KINDS.items() if re.search(pattern, f"{source} {label}"))


def with_labels(corpus: Path, kinds: frozenset[str], folder: Path) -> Path:
    """Write a corpus again with the weak labels of some kinds alone."""
    output = folder / corpus.name.replace(".xz", "")
    folder.mkdir(parents=True, exist_ok=True)
    with lzma.open(corpus, "rt", encoding="utf-8") as lines, output.open("w", encoding="utf-8") as target:
        for line in lines:
            row = json.loads(line)
            label = row.get("weak_label")
            row["weak_label"] = label if label and kind_of(row["source"], label) in kinds else None
            target.write(json.dumps(row, ensure_ascii=False) + "\n")
    return output


def pretrained(encoder: Path, kinds: frozenset[str], millions: float, folder: Path) -> Path:
    """Pretrain the encoder with the weak labels of some kinds."""
    if not (folder / WEIGHTS_FILE).is_file():
        config = pretraining(encoder, millions)
        corpora = [with_labels(Path(path), kinds, folder.with_name(f"{folder.name}-posts")) for path in config.corpora]
        pretrain(replace(config, corpora=tuple(map(str, corpora)), comment_share=1.0), folder)
        for corpus in corpora:
            corpus.unlink()
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=Path, help="a folder that whyshare trim or pretrain wrote")
    parser.add_argument("--millions", type=float, default=1.0, help="tokens to pretrain on, in millions")
    parser.add_argument("--folder", type=Path, default=Path("runs/weak"))
    options = parser.parse_args()
    every = frozenset(KINDS)
    probe = Probe()
    print(TABLE_HEAD, flush=True)
    for name, kinds in {"none": frozenset(), "all": every, **{kind: frozenset({kind}) for kind in KINDS}}.items():
        folder = options.folder / name.replace(" ", "-")
        print(probe.row(pretrained(options.encoder, kinds, options.millions, folder)), flush=True)


if __name__ == "__main__":
    main()
