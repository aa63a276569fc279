"""Is one model better than another, or luck? Paired bootstrap and McNemar on the same posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom, norm

from ..data.motives import MOTIVES, Motive
from .intervals import LEVEL, RESAMPLES, Estimate, estimate, resample_weights
from .metrics import Judged, confusion, macro, precision_recall_f1

Numbers = NDArray[np.float64]


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
    clusters: Sequence[str | None] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    against_first: bool = False,
    sampling: Sequence[float] | None = None,
) -> list[Comparison]:
    """Compare every two models, which must have judged the same posts in the same order.

    :param clusters: Author or source of each post, when posts of one are alike: the resamples are drawn by it, while
        McNemar's test takes every post for itself.
    :param against_first: Give the comparisons with the first model alone. They are corrected for every two all the same:
        who is first may have been chosen by the scores.
    :param sampling: How many posts each stands for, in F1 and accuracy; McNemar's test counts each once.
    :raises ValueError: If the gold labels differ.
    """
    gold = models[0][1].gold
    if any(not np.array_equal(gold, judged.gold) for _, judged in models):
        raise ValueError("the models were not judged on the same posts; evaluate them on one annotated file")
    weights = resample_weights(len(gold), clusters, resamples, seed, sampling)
    f1 = [precision_recall_f1(confusion(judged, weights))[2] for _, judged in models]
    right = np.array([judged.predicted == gold for _, judged in models], dtype=float)  # (models, posts)
    won, lost = _discordant(right)
    p_values = mcnemar(won, lost)
    of_class = np.stack([mcnemar(*_discordant(right[:, gold == k])) for k in range(len(MOTIVES))], axis=1)
    adjusted, class_p_values = holm(p_values), np.reshape(holm(of_class.ravel()), of_class.shape)
    comparisons = []
    for row, (i, j) in enumerate(zip(*_pairs(len(models)), strict=True)):
        if against_first and i:
            break
        accuracy = estimate(weights @ (right[i] - right[j]) / weights.sum(axis=1))
        if sampling is None:  # of few posts the counts may tell less
            accuracy = accuracy.widened(*paired_interval(int(won[row]), int(lost[row]), len(gold)))
        comparisons.append(
            Comparison(
                first=models[i][0],
                second=models[j][0],
                macro_f1=estimate(macro(f1[i]) - macro(f1[j])),
                accuracy=accuracy,
                classes={motive: estimate(f1[i][:, k] - f1[j][:, k]) for k, motive in enumerate(MOTIVES)},
                class_p_values=dict(zip(MOTIVES, class_p_values[row].tolist(), strict=True)),
                only_first=int(won[row]),
                only_second=int(lost[row]),
                p_value=float(p_values[row]),
                adjusted=adjusted[row],
            )
        )
    return comparisons


def mcnemar(only_first: Numbers, only_second: Numbers) -> Numbers:
    """Give two-sided mid-p values that one model is right more often (McNemar, 1947; Fagerland et al., 2013).

    :param only_first: How many posts the first alone has right, for each comparison.
    """
    n, k = only_first + only_second, np.minimum(only_first, only_second)
    return np.minimum(1.0, 2 * binom.cdf(k, n, 0.5) - binom.pmf(k, n, 0.5))


def paired_interval(only_first: int, only_second: int, posts: int) -> tuple[float, float]:
    """Give the score interval of how much more of the posts the first model has right than the second (Tango, 1998).

    ``0, 0 of 12 posts -> -0.24 to 0.24``
    """
    z = norm.ppf((1 + LEVEL) / 2)
    ahead = (only_first - only_second) / posts

    def score(difference: float) -> float:
        b = (2 * posts - only_first + only_second) * difference - only_first - only_second
        c = -only_second * difference * (1 - difference)
        lost = (np.sqrt(b * b - 8 * posts * c) - b) / (4 * posts)  # the likeliest share of those that the second wins
        variance = posts * (2 * lost + difference * (1 - difference))
        return posts * (ahead - difference) / np.sqrt(max(variance, 1e-12))

    low = -1.0 if ahead == -1 else brentq(lambda difference: score(difference) - z, -1, ahead)
    return low, 1.0 if ahead == 1 else brentq(lambda difference: score(difference) + z, ahead, 1)


def holm(p_values: Sequence[float] | Numbers) -> list[float]:
    """Correct p-values for having made many tests (Holm, 1979)."""
    order = np.argsort(p_values, kind="stable")
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, position in enumerate(order):
        worst = max(worst, min(1.0, float((len(p_values) - rank) * p_values[position])))
        adjusted[position] = worst
    return adjusted


def flipped(first: Judged, second: Judged) -> NDArray[np.int64]:
    """Give the posts that the two label differently, those that one alone has right first."""
    differ = np.flatnonzero(first.predicted != second.predicted)
    decided = (first.predicted == first.gold) | (second.predicted == second.gold)
    return differ[np.argsort(~decided[differ], kind="stable")]


def _pairs(models: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the positions of the first and of the second model of every two: of three ``[0, 0, 1], [1, 2, 2]``."""
    return np.triu_indices(models, 1)


def _discordant(right: Numbers) -> tuple[Numbers, Numbers]:
    """Count for every two models the posts that only the first, and only the second, has right.

    :param right: Shape (models, posts), 1 where a model is right.
    """
    first, second = _pairs(len(right))
    only = right @ (1 - right).T
    return only[first, second], only[second, first]
