"""Is one model better than another, or luck? Paired bootstrap and McNemar on the same posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from ..data.motives import MOTIVES, Motive
from .intervals import RESAMPLES, Estimate, first_estimate, resample_weights
from .metrics import Judged, confusion, macro, precision_recall_f1


@dataclass(frozen=True)
class Comparison:
    """The first model against the second: differences are first minus second.

    ``only_first`` and ``only_second`` count the posts that one alone has right; ``p_value`` is McNemar's, ``adjusted``
    the same after Holm's correction for all comparisons made together. ``class_p_values`` are McNemar's on the posts
    that the annotators gave each motive (its recall), Holm-corrected for the eight of them and all comparisons.
    """

    first: str
    second: str
    macro_f1: Estimate
    accuracy: Estimate
    classes: dict[Motive, Estimate]
    class_p_values: dict[Motive, float]
    only_first: int
    only_second: int
    p_value: float
    adjusted: float

    def as_json(self) -> dict[str, Any]:
        """Give plain values; every difference as value, low, high."""
        return {
            "first": self.first,
            "second": self.second,
            "macro-F1": self.macro_f1.as_json(),
            "accuracy": self.accuracy.as_json(),
            "only first right": self.only_first,
            "only second right": self.only_second,
            "p": self.p_value,
            "p (Holm)": self.adjusted,
            "classes": {
                str(motive): {"F1": difference.as_json(), "p of recall (Holm)": self.class_p_values[motive]}
                for motive, difference in self.classes.items()
            },
        }


def compare(
    models: Sequence[tuple[str, Judged]],
    clusters: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> list[Comparison]:
    """Compare every two models, which must have judged the same posts in the same order.

    :param pairs: Positions of the models to compare, if not all with all.
    :param clusters: Author or source of each post, when posts of one are alike: the resamples are drawn by it, while
        McNemar's test takes every post for itself.
    :raises ValueError: If the gold labels differ.
    """
    posts = len(models[0][1])
    if any(not np.array_equal(models[0][1].gold, judged.gold) for _, judged in models):
        raise ValueError("the models were not judged on the same posts; evaluate them on one annotated file")
    weights = np.vstack([np.ones(posts), resample_weights(posts, clusters, resamples, seed)])
    f1 = [precision_recall_f1(confusion(judged, weights))[2] for _, judged in models]
    right = [(judged.predicted == judged.gold).astype(float) for _, judged in models]
    pairs = list(combinations(range(len(models)), 2)) if pairs is None else pairs
    counts = [_discordant(right[i], right[j]) for i, j in pairs]
    p_values = [mcnemar(*pair) for pair in counts]
    of_class = [models[0][1].gold == k for k in range(len(MOTIVES))]
    class_p = holm([mcnemar(*_discordant(right[i][own], right[j][own])) for i, j in pairs for own in of_class])
    class_rows = [
        dict(zip(MOTIVES, class_p[k : k + len(MOTIVES)], strict=True)) for k in range(0, len(class_p), len(MOTIVES))
    ]
    comparisons = []
    together = zip(pairs, counts, p_values, holm(p_values), class_rows, strict=True)
    for (i, j), (only_i, only_j), p, adjusted, of_classes in together:
        classes = {motive: first_estimate(f1[i][:, k] - f1[j][:, k]) for k, motive in enumerate(MOTIVES)}
        comparisons.append(
            Comparison(
                first=models[i][0],
                second=models[j][0],
                macro_f1=first_estimate(macro(f1[i]) - macro(f1[j])),
                accuracy=first_estimate(weights @ (right[i] - right[j]) / weights.sum(axis=1)),
                classes=classes,
                class_p_values=of_classes,
                only_first=only_i,
                only_second=only_j,
                p_value=p,
                adjusted=adjusted,
            )
        )
    return comparisons


def mcnemar(only_first: int, only_second: int) -> float:
    """Give the two-sided mid-p value that one model is right more often (McNemar, 1947; Fagerland et al., 2013)."""
    n, k = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return 1.0
    return float(min(1.0, 2 * binom.cdf(k, n, 0.5) - binom.pmf(k, n, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for having made many tests (Holm, 1979)."""
    order = np.argsort(p_values, kind="stable")
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, position in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = worst
    return adjusted


def flipped(first: Judged, second: Judged) -> NDArray[np.int64]:
    """Give the posts that the two label differently, those that one alone has right first."""
    differ = np.flatnonzero(first.predicted != second.predicted)
    decided = (first.predicted == first.gold) | (second.predicted == second.gold)
    return differ[np.argsort(~decided[differ], kind="stable")]


def _discordant(first_right: NDArray[np.float64], second_right: NDArray[np.float64]) -> tuple[int, int]:
    """Count the posts that only the first, and only the second, has right."""
    return int((first_right > second_right).sum()), int((second_right > first_right).sum())
