"""Bootstrap intervals (Efron, 1979): how far a score could be off, had other posts been drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from .clusters import each_named

Floats = NDArray[np.float64]

RESAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value with the bounds of its 95% interval, which are NaN where nothing tells how far off it is."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if not isfinite(self.value):
            return "–"
        return f"{self.value:.3f}" + (f" [{self.low:.3f}, {self.high:.3f}]" if isfinite(self.low) else "")

    def as_json(self) -> list[float | None]:
        """Give value, low and high; null where there is no score, such as for a class that does not occur."""
        return [round(number, 5) if isfinite(number) else None for number in (self.value, self.low, self.high)]

    @classmethod
    def from_json(cls, numbers: Sequence[float | None]) -> Self:
        """Take back what :meth:`as_json` gave."""
        return cls(*(float("nan") if number is None else number for number in numbers))

    def widened(self, low: float | Floats, high: float | Floats) -> Self:
        """Take in other bounds too; a bound that is NaN is none."""
        return type(self)(self.value, float(np.fmin(self.low, low)), float(np.fmax(self.high, high)))

    @property
    def is_unbounded(self) -> bool:
        """Tell whether there is a value, and nothing tells how far off it is."""
        return isfinite(self.value) and not isfinite(self.low)


def resample_weights(
    posts: int,
    clusters: Sequence[str | None] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    sampling: Sequence[float] | None = None,
) -> Floats:
    """Draw posts with replacement; with ``clusters``, whole clusters, since posts of one author are alike.

    :param clusters: The cluster of each post, shape (posts,); a post without one is its own.
    :param sampling: How many posts each stands for, shape (posts,), where they were not drawn with equal chances.
    :return: What each post counts, shape (1 + resamples, posts): first as it is, then in every resample. The same seed
        draws the same posts, so that two models measured with it are compared in pairs.
    """
    rng = np.random.default_rng(seed)
    membership = np.arange(posts)
    if clusters is not None:
        membership = np.unique(list(each_named(clusters)), return_inverse=True)[1]
    units = int(membership.max()) + 1
    weights = np.ones((1 + resamples, posts))
    weights[1:] = rng.multinomial(units, np.full(units, 1 / units), size=resamples)[:, membership]
    return weights if sampling is None else weights * np.asarray(sampling)


def effective_share(weights: Floats) -> float:
    """Give the share of the posts that would tell as much, did all count the same (Kish, 1965): ``[1, 3] -> 0.8``."""
    return float(weights.sum() ** 2 / (weights**2).sum() / len(weights))


def percentile_interval(values: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Give the bounds between which the middle share of the resampled values lies; NaN values are left out."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def estimate(values: Floats) -> Estimate:
    """Join a point estimate, the first value, with the interval of its resamples, the others.

    A value that all resamples have too has no bounds: so few posts, or clusters, tell nothing of it.
    """
    low, high = percentile_interval(values[1:])
    return Estimate(float(values[0]), *((low, high) if low < high else (float("nan"), float("nan"))))


def exact_interval(values: Floats, draws: Floats) -> tuple[Floats, Floats]:
    """Give exact 95% intervals of shares seen in so many plain draws, whole or not (Clopper and Pearson, 1934).

    ``1.0 in 1 draw -> 0.025 to 1``

    :return: Lower and upper bounds, of the shape of the shares.
    """
    seen = np.clip(values, 0, 1) * draws
    others = draws - seen
    low = np.where(seen > 0, beta.ppf(0.025, np.maximum(seen, 1e-9), others + 1), 0.0)
    return low, np.where(others > 0, beta.ppf(0.975, seen + 1, np.maximum(others, 1e-9)), 1.0)


def proportion(values: Floats, draws: float) -> Estimate:
    """Join a share of so many posts, the first value, with the interval of its resamples, or its exact one if wider.

    Among posts that are all right, and among their resamples, no share but 1 is seen: the bootstrap would be certain.
    """
    found = estimate(values)
    if not isfinite(found.value):
        return found
    return found.widened(*exact_interval(np.array(found.value), np.array(draws)))


def f1_estimate(values: Floats, draws: float) -> Estimate:
    """Join an F1 with its interval, like :func:`proportion`.

    ``F1 = 2 J / (1 + J)``, where J is the share of hits among the posts that are gold or predicted.

    :param draws: These posts.
    """
    found = proportion(values / (2 - values), draws)
    return Estimate(float(values[0]), *(2 * bound / (1 + bound) for bound in (found.low, found.high)))
