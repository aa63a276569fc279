"""Posts that come in clusters: twenty posts of one author tell less than twenty of different authors.

The variance of a share is taken from the totals of whole clusters, each corrected for its own pull on the mean, and
widened by Student's t where clusters are few. A share with that variance is worth so many plain draws, and these are
what exact intervals are given for (Korn and Graubard, 1998).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import norm, t

from .clusters import each_named

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def number_clusters(names: Sequence[str | None]) -> Ints:
    """Give the number of each post's cluster, the row of its first post.

    ``["ann", "", "ann", None] -> [0, 1, 0, 3]``
    """
    first: dict[str, int] = {}
    numbers = (first.setdefault(name, row) for row, name in enumerate(each_named(names)))
    return np.fromiter(numbers, np.int64, len(names))


@dataclass(frozen=True)
class Clusters:
    """The clusters of some posts: ``members`` (posts,) numbers them from 0, ``shares`` (clusters,) sum to 1.

    A cluster's share is that of the posts, or of what checked posts stand for.
    """

    members: Ints
    shares: Floats

    @classmethod
    def of(cls, numbers: Ints, weights: Floats | None = None) -> Self | None:
        """Gather posts by the numbers of their clusters; ``None`` where every post is its own.

        :param weights: Of the posts, shape (posts,), where they do not count alike.
        """
        names, members, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
        if len(names) == len(numbers):
            return None
        totals = sizes if weights is None else np.bincount(members, weights)
        return cls(members, totals / totals.sum())

    @cached_property
    def worth(self) -> float:
        """How many clusters of one size they are worth."""
        return float(1 / (self.shares @ self.shares))

    @property
    def least(self) -> float:
        """The fewest plain draws that the posts can be worth: one for each cluster, as if its posts were all the same."""
        return max(self.worth / self._widening, 1.0)

    @property
    def _widening(self) -> float:
        """What a variance known from few clusters is multiplied by, for 1.96 standard errors to hold 95%."""
        return float(t.ppf(0.975, max(self.worth - 1, 1)) / norm.ppf(0.975)) ** 2

    @property
    def _factor(self) -> float:
        return self._widening * (1 - 1 / self.worth)

    @cached_property
    def _pull(self) -> Floats:
        """What a cluster's distance from the mean is multiplied by, since it draws the mean towards itself."""
        return 1 / np.maximum(1 - self.shares, 1e-9)

    def variance(self, parts: Floats) -> float:
        """Give the variance of an estimate from the part that each post has in its error, shape (posts,)."""
        totals = np.bincount(self.members, parts) * self._pull
        return float(totals @ totals) * self._factor

    def covariance(self, cells: Ints, width: int) -> Floats:
        """Give the covariance of the shares of posts in cells, such as predicted labels; shape (width, width)."""
        observed = np.bincount(cells, minlength=width) / len(cells)
        totals = csr_array((self._pull[self.members], (self.members, cells)), shape=(len(self.shares), width))
        sizes = self.shares * len(cells) * self._pull
        crossed = np.outer(totals.T @ sizes, observed)
        squares = (totals.T @ totals).toarray() - crossed - crossed.T + sizes @ sizes * np.outer(observed, observed)
        return squares * self._factor / len(cells) ** 2


def plain_draws(values: Floats, variance: Floats, least: float, most: float) -> Floats:
    """Tell how many plain draws shares with such variances are worth, each of shape (motives,).

    That number is itself uncertain where few posts have a motive, so it is at most what all motives together say.

    :param least: The fewest draws that the shares can be worth, ``most`` the most.
    """
    spread = values * (1 - values)
    together = spread.sum() / max(float(variance.sum()), 1e-12)
    own = np.where(variance > 0, spread / np.maximum(variance, 1e-12), least)
    return np.clip(np.minimum(own, together), least, most)
