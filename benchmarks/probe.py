"""What does an encoder know of the motives before it is fine-tuned: a logistic regression over what it says of posts.

The encoder stays as it is; a post is the mean of its last layer's tokens, the regression learns from the public and written
training posts, and its strength is chosen by cross-validation among these. Five minutes on one core for each encoder.

    python benchmarks/probe.py ENCODER [MORE ENCODERS]
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import AutoModel

from whyshare.data.annotated import Annotated, load_annotated
from whyshare.inference.batching import equal_length_batches
from whyshare.models.encoding import Encoder
from whyshare.training.examples import split_posts
from whyshare.training.finetune_config import FinetuneConfig

ANNOTATED = Path("../shared/annotated")
TRAIN = FinetuneConfig(train=(str(ANNOTATED / "public_train.jsonl"), "data/annotated/written_train.jsonl"))
BATCH_TOKENS = 4096
TABLE_HEAD = "| encoder | validation | zh | en | public_test zh | en |\n|---|---:|---:|---:|---:|---:|"


@torch.inference_mode()
def features(folder: Path, posts: Sequence[Annotated]) -> NDArray[np.float32]:
    """Give the mean of the last layer's tokens, shape (posts, width)."""
    model = AutoModel.from_pretrained(folder, attn_implementation="sdpa", dtype=torch.float32).eval()
    encoded = Encoder.load(folder, TRAIN.max_length).encode([post.text for post in posts])
    found = np.zeros((len(posts), model.config.hidden_size), dtype=np.float32)
    for batch in equal_length_batches([len(item.ids) for item in encoded], BATCH_TOKENS):
        ids = torch.tensor([encoded[position].ids for position in batch])
        found[batch] = model(input_ids=ids).last_hidden_state.mean(dim=1).numpy()
    return found


def macro_f1(posts: Sequence[Annotated], guess: NDArray[np.str_], language: str | None = None) -> float:
    """Give macro-F1 over all posts, or over those of a language."""
    chosen = [k for k, post in enumerate(posts) if language in (None, post.language)]
    return float(f1_score([posts[k].label for k in chosen], guess[chosen], average="macro"))


class Probe:
    """The posts that encoders are probed with."""

    def __init__(self) -> None:
        self.posts, self.held = split_posts(TRAIN)
        self.test = load_annotated(ANNOTATED / "public_test.jsonl")

    def row(self, folder: Path) -> str:
        """Give an encoder's row of the table."""
        regression = LogisticRegressionCV(
            Cs=(0.001, 0.01, 0.1), l1_ratios=(0,), cv=3, scoring="f1_macro", max_iter=500, use_legacy_attributes=False
        )
        probe = make_pipeline(StandardScaler(), regression)
        probe.fit(features(folder, self.posts), [str(post.label) for post in self.posts])
        guess = probe.predict(features(folder, self.held))
        scores = [macro_f1(self.held, guess, language) for language in (None, "zh", "en")]
        guess = probe.predict(features(folder, self.test))
        scores += [macro_f1(self.test, guess, language) for language in ("zh", "en")]
        return f"| {folder.name} | " + " | ".join(f"{score:.3f}" for score in scores) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoders", type=Path, nargs="+", help="folders that whyshare trim or pretrain wrote")
    options = parser.parse_args()
    probe = Probe()
    print(TABLE_HEAD)
    for folder in options.encoders:
        print(probe.row(folder), flush=True)


if __name__ == "__main__":
    main()
