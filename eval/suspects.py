"""Labels that are likely wrong, and texts that stand twice: what to look at again before training or measuring.

Likely wrong labels come from confident learning (Northcutt et al., 2021; the ``cleanlab`` package) on probabilities of a
model that did not see the post. Only what two of its methods agree on is listed: both by noise rate and class by class.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer

from ..data.cleaning import PLACEHOLDER, clean
from ..data.motives import MOTIVES, Motive

NGRAM = 5  # characters
NEAR = 0.85  # cosine of character n-grams from which two texts are nearly the same
_LEAST = 1e-6  # probability that is taken for zero
_BLOCK = 500  # rows that are compared at a time
_REPEATED = re.compile(r"(.)\1{2,}")
_EDGE = "\0" * (NGRAM - 1)  # so that a short text has n-grams too


@dataclass(frozen=True)
class Suspect:
    """A label to look at: ``quality`` near 0 is likely wrong; ``suggested`` is the likeliest other motive."""

    position: int
    label: Motive
    suggested: Motive
    quality: float


@dataclass(frozen=True)
class NearDuplicate:
    """Two texts that are nearly the same: positions in the first and in the second set."""

    first: int
    second: int
    similarity: float


def suspect_labels(label_ids: NDArray[np.int64], probs: NDArray[np.float64]) -> list[Suspect]:
    """List labels that are likely wrong, the likeliest first.

    :param probs: Shape (posts, 8), from a model that was not trained on the post.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    present = np.unique(label_ids)
    columns = np.searchsorted(present, label_ids)  # cleanlab wants every class to occur
    own = probs[:, present].clip(_LEAST)  # a model may be sure of a motive that never occurs
    own /= own.sum(axis=1, keepdims=True)
    issues = find_label_issues(columns, own, filter_by="both", min_examples_per_class=0, n_jobs=1)
    quality = get_label_quality_scores(columns, own, method="normalized_margin", adjust_pred_probs=True)
    suspects = []
    for position in np.flatnonzero(issues):
        others = probs[position].copy()
        others[label_ids[position]] = -1.0
        label, suggested = MOTIVES[label_ids[position]], MOTIVES[int(others.argmax())]
        suspects.append(Suspect(int(position), label, suggested, float(quality[position])))
    return sorted(suspects, key=lambda suspect: suspect.quality)


def near_duplicates(first: Sequence[str], second: Sequence[str] | None = None) -> list[NearDuplicate]:
    """List pairs of nearly equal texts, across two sets or, without ``second``, within one; the nearest first.

    Masks and runs of one character say nothing: two posts are not alike for ending in three handles or ten dots.
    """
    vectorizer = HashingVectorizer(
        analyzer="char", ngram_range=(NGRAM, NGRAM), n_features=2**20, binary=True, alternate_sign=False
    )
    vectors = vectorizer.transform(map(_content, first))
    others = vectors if second is None else vectorizer.transform(map(_content, second))
    pairs = []
    for start in range(0, vectors.shape[0], _BLOCK):
        similar = (vectors[start : start + _BLOCK] @ others.T).tocoo()
        near = (similar.data >= NEAR) & ((second is not None) | (start + similar.row < similar.col))
        for row, column, value in zip(similar.row[near], similar.col[near], similar.data[near], strict=True):
            pairs.append(NearDuplicate(int(start + row), int(column), min(float(value), 1.0)))
    return sorted(pairs, key=lambda pair: -pair.similarity)


def _content(text: str) -> str:
    content = _REPEATED.sub(r"\1\1", PLACEHOLDER.sub("", clean(text))).strip()
    return f"{_EDGE}{content}{_EDGE}" if 0 < len(content) < NGRAM else content
