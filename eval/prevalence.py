"""Which share of posts has which motive, corrected for the classifier's errors.

Counting predicted labels is biased: a classifier that calls one benefit post in ten "value" makes benefit too rare.
What is known of its errors takes the bias off (quantification; Saerens et al., 2002; Angelopoulos et al., 2023):

- ``error_corrected``: the shares under which the error matrix of the validation posts makes the counts likeliest
- ``saerens``: expectation-maximisation on the calibrated probabilities
- ``prediction_powered``: a random sample that a person checked, with the predictions as a help

The first two assume that posts of one motive look as they did in validation (label shift); the third assumes nothing
but that the sample is random. Written here in some lines of NumPy, since the intervals need thousands of solutions at
once; the tests hold them against independent solutions.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ..data.motives import MOTIVES
from .intervals import Estimate, percentile_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LABELS = len(MOTIVES)
RULE_OF_THREE = 3.0  # none seen among n: at most 3 / n, with 95 % confidence
_ROUNDS = 400
_SMOOTHING = 0.1  # posts added to every cell of an error matrix, so that none is impossible


@dataclass(frozen=True)
class Shares:
    """Estimated shares of the motives, with 95 % intervals; each array has shape (8,)."""

    values: Floats
    low: Floats
    high: Floats

    def estimate(self, position: int) -> Estimate:
        """Give the share of one motive."""
        return Estimate(*(float(array[position]) for array in (self.values, self.low, self.high)))


@dataclass(frozen=True)
class KnownErrors:
    """What a model said of validation posts: ``gold``, ``predicted`` (posts,), ``probs`` (posts, 8), ``languages``."""

    gold: Ints
    predicted: Ints
    probs: Floats
    languages: NDArray[np.str_]

    def weights_for(self, languages: NDArray[np.str_]) -> Floats:
        """Weigh validation posts so that their languages are mixed as in another set; shape (posts,)."""
        weights = np.ones(len(self.gold))
        for tag in np.unique(self.languages):
            own = self.languages == tag
            weights[own] = (languages == tag).mean() / own.mean()
        return weights if weights.sum() > 0.5 * len(weights) else np.ones(len(self.gold))


def counted(predicted: Ints, resamples: int, rng: np.random.Generator) -> Shares:
    """Count labels; the interval knows only that other posts could have been drawn."""
    values = np.bincount(predicted, minlength=LABELS) / len(predicted)
    return _shares(values, rng.multinomial(len(predicted), values, size=resamples) / len(predicted))


def error_corrected(
    predicted: Ints, known: KnownErrors, weights: Floats, resamples: int, rng: np.random.Generator
) -> Shares:
    """Correct counts by the error matrix; the interval knows that the matrix was estimated too.

    :param weights: Of the validation posts, shape (validation posts,).
    """
    values = np.bincount(predicted, minlength=LABELS) / len(predicted)
    cells = np.zeros((len(known.gold), LABELS * LABELS))
    cells[np.arange(len(known.gold)), known.gold * LABELS + known.predicted] = weights
    point = solve_mixture(values[None], _error_matrices(np.ones((1, len(cells))) @ cells))[0]
    share = np.full(len(cells), 1 / len(cells))
    matrices = _error_matrices(rng.multinomial(len(cells), share, size=resamples) @ cells)
    drawn = rng.multinomial(len(predicted), values, size=resamples) / len(predicted)
    shares = _shares(point, solve_mixture(drawn, matrices))
    # Where no resample has a motive, the bound is that of seeing none among the posts it would be found in.
    found = np.diagonal(matrices.mean(axis=0)) * len(predicted)
    return replace(shares, high=np.clip(np.maximum(shares.high, RULE_OF_THREE / found), 0.0, 1.0))


def solve_mixture(shares: Floats, matrices: Floats) -> Floats:
    """Find the shares of motives that make shares of predicted labels likeliest, many problems at once.

    :param shares: Of predicted labels, shape (problems, 8).
    :param matrices: Probability of each predicted label given each motive, shape (problems, 8, 8), rows sum to 1.
    :return: Shape (problems, 8), rows sum to 1.
    """
    mixture = np.full(shares.shape, 1 / LABELS)
    for _ in range(_ROUNDS):
        expected = np.einsum("pg,pgk->pk", mixture, matrices)
        mixture = mixture * np.einsum("pgk,pk->pg", matrices, shares / np.maximum(expected, 1e-300))
    return mixture / mixture.sum(axis=1, keepdims=True)


def saerens(probs: Floats, prior: Floats, rounds: int = 200) -> Floats:
    """Adjust calibrated probabilities to an unknown mix of motives by expectation-maximisation (Saerens et al., 2002).

    :param probs: Shape (posts, 8).
    :param prior: Shares that the model expects, the mean of its probabilities where it was validated; shape (8,).
    :return: Shares, shape (8,).
    """
    likelihood = probs / np.maximum(prior, 1e-9)
    shares = prior.copy()
    for _ in range(rounds):
        posterior = likelihood * shares
        posterior /= np.maximum(posterior.sum(axis=1, keepdims=True), 1e-300)
        shares = posterior.mean(axis=0)
    return shares


def prediction_powered(probs: Floats, checked: Ints, gold: Ints, weights: Floats) -> Shares:
    """Join the predictions of all posts with a checked random sample (PPI++; Angelopoulos et al., 2023).

    :param probs: Of all posts, shape (posts, 8).
    :param checked: Positions of the checked posts among all, ``gold`` their labels, ``weights`` the number of posts that
        each stands for; all of shape (checked,).
    """
    n, m = len(probs), len(checked)
    truth, said = np.eye(LABELS)[gold], probs[checked]
    w = weights / weights.sum()
    covariance = (w[:, None] * (truth - w @ truth) * (said - w @ said)).sum()
    variance = ((said - said.mean(axis=0)) ** 2).sum() / m
    trust = float(np.clip(covariance / max((1 + m / n) * variance, 1e-12), 0.0, 1.0))  # 0 ignores the predictions
    residual = truth - trust * said
    values = trust * probs.mean(axis=0) + w @ residual
    spread = (w**2) @ (residual - w @ residual) ** 2 * m / max(m - 1, 1)
    # Without a single error among m checked posts, the sample still cannot exclude one: add what two would give.
    floor = 2.0 / (m + 4) ** 2
    error = np.sqrt(np.maximum(spread, floor * values.clip(0.02, 0.5)) + trust**2 * probs.var(axis=0) / n)
    margin = norm.ppf(0.975) * error
    values = np.maximum(values, 0.0)
    return Shares(values / values.sum(), np.clip(values - margin, 0, 1), np.clip(values + margin, 0, 1))


def shift_p_value(probs: Floats, shares: Floats, known: KnownErrors, weights: Floats, bands: int = 3) -> float:
    """Test whether posts look as label shift says they should, by a chi-squared test on label and confidence.

    :return: A small value says that even the best mix of motives does not explain the predictions.
    """
    from scipy.stats import chi2

    edges = np.quantile(known.probs.max(axis=1), np.linspace(0, 1, bands + 1)[1:-1])

    def cell(rows: Floats) -> Ints:
        return rows.argmax(axis=1) * bands + np.searchsorted(edges, rows.max(axis=1))

    size = LABELS * bands
    observed = np.bincount(cell(probs), minlength=size) / len(probs)
    own = cell(known.probs)
    expected, variance = np.zeros(size), np.zeros(size)
    for k in range(LABELS):
        rows = known.gold == k
        total = max(weights[rows].sum(), 1.0)
        given = np.bincount(own[rows], weights[rows], minlength=size) / total
        expected += shares[k] * given
        variance += shares[k] ** 2 * given * (1 - given) / total
    variance += expected * (1 - expected) / len(probs)
    usable = expected * min(len(probs), len(own)) > 5
    statistic = ((observed - expected)[usable] ** 2 / variance[usable]).sum()
    return float(chi2.sf(statistic, max(int(usable.sum()) - LABELS, 1)))


def _error_matrices(counts: Floats) -> Floats:
    matrices = counts.reshape(-1, LABELS, LABELS) + _SMOOTHING
    return matrices / matrices.sum(axis=2, keepdims=True)


def _shares(values: Floats, resampled: Floats) -> Shares:
    bounds = np.array([percentile_interval(resampled[:, k]) for k in range(LABELS)])
    return Shares(values, bounds[:, 0], bounds[:, 1])
