"""Which share of posts has which motive, corrected for the classifier's errors.

Counting predicted labels is biased: a classifier that calls one benefit post in ten "value" makes benefit too rare.
What is known of its errors takes the bias off (quantification; Saerens et al., 2002; Angelopoulos et al., 2023):

- ``error_corrected``: the shares under which the error matrix of the validation posts makes the counts likeliest
- ``saerens``: expectation-maximisation on the probabilities, which ``recalibrate`` has made honest class by class

Both assume that posts of one motive look as they did in validation (label shift); ``prediction_powered.py`` assumes
nothing but that a sample is random. Written here in some lines of NumPy, since the intervals need thousands of
solutions at once; the tests hold them against independent solutions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from scipy.stats import chi2, norm

from ..data.motives import MOTIVES
from .design_effect import Clusters, plain_draws
from .intervals import Estimate, exact_interval, percentile_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LABELS = len(MOTIVES)
_ROUNDS = 400
_STILL = 1e-9  # shares that move by less than this have settled
_BLOCK = 1 << 16  # rows
_SMOOTHING = 0.8  # posts added to each motive's row of an error matrix, spread as all posts are: no cell is impossible
NORMAL_95 = 1.96  # standard errors on either side of an estimate


@dataclass(frozen=True)
class Shares:
    """Estimated shares of the motives, with 95% intervals; each array has shape (8,)."""

    values: Floats
    low: Floats
    high: Floats

    def estimate(self, position: int) -> Estimate:
        """Give the share of one motive."""
        return Estimate(*(float(array[position]) for array in (self.values, self.low, self.high)))


@dataclass(frozen=True)
class KnownErrors:
    """What a model said of validation posts: ``gold`` (posts,), ``probs`` (posts, 8), ``languages`` (posts,).

    ``model`` names whose errors they are, as a reader is told.
    """

    gold: Ints
    probs: Floats
    languages: NDArray[np.str_]
    model: str = "the model"

    def weights_for(self, languages: NDArray[np.str_]) -> Floats:
        """Weigh validation posts so that their languages are mixed as in another set; shape (posts,)."""
        weights = np.ones(len(self.gold))
        for tag in np.unique(self.languages):
            own = self.languages == tag
            weights[own] = (languages == tag).mean() / own.mean()
        return weights if weights.sum() > 0.5 * len(weights) else np.ones(len(self.gold))


def counted(predicted: Ints, clusters: Clusters | None = None) -> Shares:
    """Count labels; the interval knows only that other posts, in other clusters, could have been drawn."""
    values = np.bincount(predicted, minlength=LABELS) / len(predicted)
    return Shares(values, *exact_interval(values, effective_posts(predicted, clusters)))


def effective_posts(predicted: Ints, clusters: Clusters | None) -> Floats:
    """Tell how many posts of different clusters would say as much of each motive; shape (8,)."""
    posts = float(len(predicted))
    if clusters is None:
        return np.full(LABELS, posts)
    variance = np.diag(clusters.covariance(predicted, LABELS))
    return plain_draws(np.bincount(predicted, minlength=LABELS) / posts, variance, clusters.least, posts)


def error_corrected(
    probs: Floats,
    known: KnownErrors,
    weights: Floats,
    resamples: int,
    rng: np.random.Generator,
    clusters: Clusters | None = None,
) -> Shares:
    """Correct counts by the error matrix; the interval knows that the matrix was estimated too.

    The columns of the matrix are predicted labels at low and at high confidence: an unsure "benefit" is another piece
    of evidence than a sure one.

    :param probs: Of the posts, shape (posts, 8).
    :param weights: Of the validation posts, shape (validation posts,).
    """
    edges = confidence_edges(known.probs, bands=2)
    cells, known_cells = cells_of(probs, edges), cells_of(known.probs, edges)
    width = LABELS * (len(edges) + 1)
    drawn_from = np.zeros((len(known.gold), LABELS * width))
    drawn_from[np.arange(len(known.gold)), known.gold * width + known_cells] = weights
    counts = drawn_from.sum(axis=0)
    observed = np.bincount(cells, minlength=width) / len(cells)
    matrix = _error_matrices(counts[None], counts)
    values = solve_mixture(observed[None], matrix)[0]
    draws = rng.multinomial(len(known.gold), np.full(len(known.gold), 1 / len(known.gold)), size=resamples)
    resampled = solve_mixture(
        _resampled_shares(cells, observed, clusters, resamples, rng), _error_matrices(draws @ drawn_from, counts)
    )
    shares = _shares(values, resampled)
    # Percentiles are short where resamples are off centre, the normal interval where a share is near none, and both where
    # posts are few: resamples of one post are all alike. Each bound is the widest of these two and of the exact one for
    # as many posts as show their motive.
    margin = NORMAL_95 * resampled.std(axis=0)
    found = np.einsum("ggb->g", matrix.reshape(LABELS, LABELS, -1)) * effective_posts(probs.argmax(axis=1), clusters)
    exact_low, exact_high = exact_interval(values, found)
    low = np.minimum.reduce([shares.low, values - margin, exact_low])
    return Shares(
        values, np.clip(low, 0, 1), np.clip(np.maximum.reduce([shares.high, values + margin, exact_high]), 0, 1)
    )


def difference_p_values(one: Shares, other: Shares) -> Floats:
    """Test whether two groups differ in each share, by the sides of their intervals that face each other.

    A share near none has a long upper side and hardly a lower one, so the mean width would mislead (the "MOVER" of Zou
    and Donner, 2008). What both groups share counts twice, such as the errors of the model that judged them, or authors
    who wrote in both: there the test is too careful.

    :return: Two-sided p-values, shape (8,).
    """
    above = one.values > other.values
    own_side = np.where(above, one.values - one.low, one.high - one.values)
    facing = np.where(above, other.high - other.values, other.values - other.low)
    error = np.hypot(own_side, facing) / NORMAL_95
    # Sides without a width say that nothing is known of the error, not that there is none.
    distance = np.divide(np.abs(one.values - other.values), error, out=np.zeros(LABELS), where=error > 0)
    return 2 * norm.sf(distance)


def confidence_edges(probs: Floats, bands: int) -> Floats:
    """Cut the confidence of posts into bands of equally many; shape (bands - 1,)."""
    return np.quantile(probs.max(axis=1), np.linspace(0, 1, bands + 1)[1:-1])


def cells_of(probs: Floats, edges: Floats) -> Ints:
    """Give each post the number of its predicted label and band of confidence together; shape (posts,)."""
    return probs.argmax(axis=1) * (len(edges) + 1) + np.searchsorted(edges, probs.max(axis=1))


def solve_mixture(shares: Floats, matrices: Floats) -> Floats:
    """Find the shares of motives that make the shares of cells likeliest, many problems at once.

    :param shares: Of posts in each cell, such as a predicted label; shape (problems, cells).
    :param matrices: Probability of each cell given each motive, shape (problems, 8, cells), rows sum to 1.
    :return: Shape (problems, 8), rows sum to 1.
    """
    mixture = np.full((len(shares), LABELS), 1 / LABELS)
    for _ in range(_ROUNDS):
        expected = (mixture[:, None] @ matrices)[:, 0]
        mixture = mixture * (matrices @ (shares / np.maximum(expected, 1e-300))[:, :, None])[:, :, 0]
    total = mixture.sum(axis=1, keepdims=True)
    # Posts that all lie in cells which no known post has say nothing.
    return np.divide(mixture, total, out=np.full_like(mixture, 1 / LABELS), where=total > 0)


def recalibrate(probs: Floats, known: KnownErrors, weights: Floats) -> tuple[Floats, Floats]:
    """Fit one temperature and a bias for each motive on validation posts (Alexandari et al., 2020), and apply them.

    :param probs: Shape (posts, 8).
    :param weights: Of the validation posts, shape (validation posts,).
    :return: Probabilities of the posts, shape (posts, 8), and the shares that the model now expects, shape (8,).
    """
    truth, share = np.eye(LABELS)[known.gold], weights / weights.sum()
    known_logs = np.log(np.maximum(known.probs, 1e-6))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        log_probs = log_softmax(parameters[0] * known_logs + parameters[1:], axis=1)
        slope = share[:, None] * (np.exp(log_probs) - truth)
        penalty = 1e-4 * parameters[1:]  # a motive never seen in validation does not run away
        value = -(share @ (truth * log_probs).sum(axis=1)) + 0.5 * float(penalty @ parameters[1:])
        return value, np.concatenate([[(slope * known_logs).sum()], slope.sum(axis=0) + penalty])

    fitted = minimize(loss, np.eye(1, LABELS + 1)[0], jac=True, method="L-BFGS-B").x

    def apply(logs: Floats) -> Floats:
        return np.exp(log_softmax(fitted[0] * logs + fitted[1:], axis=1))

    honest = np.empty_like(probs)
    for block in _blocks(len(probs)):
        honest[block] = apply(np.log(np.maximum(probs[block], 1e-6)))
    return honest, share @ apply(known_logs)


def saerens(probs: Floats, prior: Floats, rounds: int = 200) -> Floats:
    """Adjust calibrated probabilities to an unknown mix of motives by expectation-maximisation (Saerens et al., 2002).

    :param probs: Shape (posts, 8).
    :param prior: Shares that the model expects, the mean of its probabilities where it was validated; shape (8,).
    :return: Shares, shape (8,).
    """
    shares = prior
    for _ in range(rounds):
        before, total = shares, np.zeros(LABELS)
        for block in _blocks(len(probs)):
            posterior = probs[block] * (before / np.maximum(prior, 1e-9))
            total += (posterior / np.maximum(posterior.sum(axis=1, keepdims=True), 1e-300)).sum(axis=0)
        shares = total / len(probs)
        if np.abs(shares - before).max() < _STILL:
            break
    return shares


def _blocks(rows: int) -> Iterator[slice]:
    """Cut the rows of an array that may be long, so that what is computed from it need not be as long."""
    return (slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK))


def shift_p_value(
    probs: Floats,
    shares: Floats,
    known: KnownErrors,
    weights: Floats,
    clusters: Clusters | None = None,
    bands: int = 3,
) -> float:
    """Test whether posts look as label shift says they should, by a chi-squared test on label and confidence.

    The cells are counted as if no share had been fitted to them, which is careful: with eight fewer degrees of freedom,
    as many as 9% of small campaigns that are like the validation posts had p below 0.001.

    :return: A small value says that even the best mix of motives does not explain the predictions.
    """
    edges = confidence_edges(known.probs, bands)
    size = LABELS * bands
    cells, known_cells = cells_of(probs, edges), cells_of(known.probs, edges)
    observed = np.bincount(cells, minlength=size) / len(probs)
    expected, variance = np.zeros(size), np.zeros(size)
    for k in range(LABELS):
        own = np.where(known.gold == k, weights, 0.0)
        total = max(own.sum(), 1e-9)
        given = np.bincount(known_cells, own, minlength=size) / total
        expected += shares[k] * given
        variance += shares[k] ** 2 * given * (1 - given) * (own @ own) / total**2  # by the effective number of posts
    posts = float(len(probs))
    if clusters:
        posts = float(plain_draws(observed, np.diag(clusters.covariance(cells, size)), clusters.least, posts).min())
    variance += expected * (1 - expected) / posts
    usable = expected * min(posts, weights.sum() ** 2 / (weights @ weights)) > 5
    statistic = ((observed - expected)[usable] ** 2 / variance[usable]).sum()
    return float(chi2.sf(statistic, max(int(usable.sum()), 1)))


def _resampled_shares(
    cells: Ints, observed: Floats, clusters: Clusters | None, resamples: int, rng: np.random.Generator
) -> Floats:
    """Draw the shares of cells that other posts, in other clusters, could have had; shape (resamples, cells)."""
    if clusters is None:
        return rng.multinomial(len(cells), observed, size=resamples) / len(cells)
    covariance = clusters.covariance(cells, len(observed))
    drawn = np.maximum(rng.multivariate_normal(observed, covariance, size=resamples, check_valid="ignore"), 0.0)
    return drawn / drawn.sum(axis=1, keepdims=True)


def _error_matrices(counts: Floats, overall: Floats) -> Floats:
    """Turn counts of motive and cell into rows of probabilities, smoothed towards ``overall`` counts of all motives."""
    margin = overall.reshape(LABELS, -1).sum(axis=0)
    matrices = counts.reshape(len(counts), LABELS, -1) + _SMOOTHING * margin / margin.sum()
    return matrices / matrices.sum(axis=2, keepdims=True)


def _shares(values: Floats, resampled: Floats) -> Shares:
    bounds = np.array([percentile_interval(resampled[:, k]) for k in range(LABELS)])
    return Shares(values, bounds[:, 0], bounds[:, 1])
