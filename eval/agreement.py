"""How far annotators agree, beyond chance: percent, Cohen, Fleiss and Krippendorff, each with an interval.

Labels are a matrix of posts by annotators; -1 stands for no label. The kappas compare posts that all have labelled;
Krippendorff's alpha (nominal; Hayes and Krippendorff, 2007) uses every post that at least two have.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.motives import MOTIVES, Motive
from .intervals import RESAMPLES, Estimate, estimate, proportion, resample_weights

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MISSING = -1


@dataclass(frozen=True)
class Agreement:
    """What ``whyshare agreement`` prints, of the ``posts`` that two annotators or more have labelled.

    ``labelled_once`` counts those that only one has.
    ``overall`` holds the coefficients of all annotators together, ``pairs`` Cohen's kappa and the share of equal labels
    of every two, ``classes`` Krippendorff's alpha of each motive against the rest.
    """

    posts: int
    labelled_once: int
    annotators: Sequence[str]
    overall: Mapping[str, Estimate]
    pairs: Mapping[tuple[str, str], tuple[Estimate, Estimate]]
    classes: Mapping[Motive, Estimate]

    def as_json(self) -> dict[str, Any]:
        """Give plain values; every estimate as value, low, high."""
        return {
            "posts": self.posts,
            "labelled_once": self.labelled_once,
            "annotators": list(self.annotators),
            "overall": {name: one.as_json() for name, one in self.overall.items()},
            "pairs": [
                {"annotators": list(pair), "Cohen's kappa": kappa.as_json(), "equal labels": equal.as_json()}
                for pair, (kappa, equal) in self.pairs.items()
            ],
            "classes": {str(motive): alpha.as_json() for motive, alpha in self.classes.items()},
        }


@dataclass(frozen=True)
class BeyondChance:
    """Agreement as it was observed, and as chance alone would give it; each (resamples,), the posts as they are first."""

    observed: Floats
    expected: Floats

    @property
    def values(self) -> Floats:
        """The coefficient: 1 where all agree, 0 for chance; NaN where chance alone would have all agree."""
        return self._at(self.observed, self.expected)

    def estimate(self, posts: int) -> Estimate:
        """Join the coefficient with its interval, which is as wide as that of the observed share makes it, or wider.

        Among posts that all agree on, and among their resamples, no coefficient but 1 is seen.
        """
        found = estimate(self.values)
        if not isfinite(found.value):
            return found
        share = proportion(self.observed, posts)
        wide = found.widened(*self._at(np.array([share.low, share.high]), self.expected[0]))
        return replace(wide, low=max(wide.low, -1.0))

    @staticmethod
    def _at(observed: Floats, expected: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def pairable(labels: Ints) -> Ints:
    """Keep the posts that at least two annotators have labelled."""
    return labels[(labels != MISSING).sum(axis=1) >= 2]


def label_counts(labels: Ints, classes: int) -> Floats:
    """Count how many annotators gave each post each label; shape (posts, classes)."""
    return np.stack([(labels == k).sum(axis=1) for k in range(classes)], axis=1).astype(float)


def percent_agreement(counts: Floats, weights: Floats) -> Floats:
    """Give the share of pairs of annotators that agree, averaged over posts; shape (resamples,)."""
    raters = counts.sum(axis=1)
    per_post = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    return weights @ per_post / weights.sum(axis=1)


def fleiss_kappa(counts: Floats, weights: Floats) -> BeyondChance:
    """Compare agreement with what the shares of the labels would give by chance (Fleiss, 1971)."""
    shares = weights @ counts
    shares /= shares.sum(axis=1, keepdims=True)
    return BeyondChance(percent_agreement(counts, weights), (shares**2).sum(axis=1))


def krippendorff_alpha(counts: Floats, weights: Floats) -> BeyondChance:
    """Compare agreement with what pairing all labels at random would give; posts may lack labels."""
    raters = counts.sum(axis=1)
    equal_pairs = weights @ ((counts * (counts - 1)).sum(axis=1) / (raters - 1))
    totals = weights @ counts
    values = totals.sum(axis=1)
    return BeyondChance(equal_pairs / values, (totals * (totals - 1)).sum(axis=1) / (values * (values - 1)))


def cohen_kappa(first: Ints, second: Ints, classes: int, weights: Floats) -> BeyondChance:
    """Compare two annotators, each with label shares of their own (Cohen, 1960)."""
    totals = weights.sum(axis=1)
    observed = weights @ (first == second).astype(float) / totals
    shares = [weights @ np.eye(classes)[labels] / totals[:, None] for labels in (first, second)]
    return BeyondChance(observed, (shares[0] * shares[1]).sum(axis=1))


def measure_agreement(
    labels: Ints, annotators: Sequence[str], classes: int, resamples: int = RESAMPLES, seed: int = 0
) -> Agreement:
    """Measure agreement among annotators.

    :param labels: Shape (posts, annotators), label numbers or -1.
    :param classes: How many label numbers there are: the motives, and one more where "no post" is a label too.
    """
    usable = pairable(labels)
    weights = resample_weights(len(usable), resamples=resamples, seed=seed)
    counts = label_counts(usable, classes)
    overall = {
        "equal labels": proportion(percent_agreement(counts, weights), len(usable)),
        "Krippendorff's alpha": krippendorff_alpha(counts, weights).estimate(len(usable)),
    }
    complete = (usable != MISSING).all(axis=1)
    if complete.sum() >= 2:
        own = weights[:, complete][weights[:, complete].sum(axis=1) > 0]
        name = "Fleiss' kappa" + ("" if complete.all() else f" ({complete.sum()} posts that all have labelled)")
        overall[name] = fleiss_kappa(counts[complete], own).estimate(int(complete.sum()))
    pairs = {}
    for i, j in combinations(range(labels.shape[1]), 2):
        both = (usable[:, i] != MISSING) & (usable[:, j] != MISSING)
        if both.sum() >= 2:
            own = weights[:, both][weights[:, both].sum(axis=1) > 0]
            first, second = usable[both, i], usable[both, j]
            kappa = cohen_kappa(first, second, classes, own)
            pairs[annotators[i], annotators[j]] = (kappa.estimate(len(first)), proportion(kappa.observed, len(first)))
    alphas = {}
    for k, motive in enumerate(MOTIVES):
        against_rest = np.stack([counts[:, k], counts.sum(axis=1) - counts[:, k]], axis=1)
        alphas[motive] = krippendorff_alpha(against_rest, weights).estimate(len(usable))
    labelled_once = int(((labels != MISSING).sum(axis=1) == 1).sum())
    return Agreement(len(usable), labelled_once, annotators, overall, pairs, alphas)


def disagreements(labels: Ints) -> Counter[tuple[int, int]]:
    """Count which two labels stand side by side on a post, for every two annotators who differ.

    :param labels: Shape (posts, annotators), label numbers or -1.
    """
    found: Counter[tuple[int, int]] = Counter()
    for row in labels.tolist():
        given = sorted(label for label in row if label != MISSING)
        found.update((a, b) for a, b in combinations(given, 2) if a != b)
    return found
