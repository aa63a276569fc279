"""Metrics of labels and probabilities, for one weighting of the posts or for many at once.

Every metric is computed from sums over posts, so a bootstrap of a thousand resamples is a matrix product: a resample is
a row of weights that says how often each post was drawn, and the point estimate is a row of ones, or of what each stands for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.motives import MOTIVES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LABELS = len(MOTIVES)
POSTS_OF_A_BIN, FEWEST_BINS, MOST_BINS = 25, 4, 15  # of confidence: with fewer posts a bin, chance fills them
_LEAST = 1e-12  # probability that log loss takes for zero


@dataclass(frozen=True)
class Judged:
    """Gold labels and predictions of the same posts, as column numbers; shape (posts,) unless said otherwise.

    ``secondary`` is -1 where there is none; ``probs`` (posts, 8) is None where only labels are known.
    """

    gold: Ints
    predicted: Ints
    probs: Floats | None = None
    secondary: Ints | None = None

    def __len__(self) -> int:
        return len(self.gold)

    def select(self, chosen: NDArray[np.bool_]) -> "Judged":
        """Keep some posts."""
        probs = None if self.probs is None else self.probs[chosen]
        secondary = None if self.secondary is None else self.secondary[chosen]
        return Judged(self.gold[chosen], self.predicted[chosen], probs, secondary)


def confusion(judged: Judged, weights: Floats) -> Floats:
    """Count gold (rows) by predicted (columns) motives.

    :param weights: Shape (resamples, posts).
    :return: Shape (resamples, 8, 8).
    """
    cells = np.zeros((len(judged), LABELS * LABELS))
    cells[np.arange(len(judged)), judged.gold * LABELS + judged.predicted] = 1.0
    return (weights @ cells).reshape(-1, LABELS, LABELS)


def precision_recall_f1(counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Give precision, recall and F1 of each class, from confusions of shape (..., 8, 8); each has shape (..., 8).

    A class that is neither in the gold labels nor predicted has no score (NaN); one that is only in one of the two
    has F1 0.
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    predicted, gold = counts.sum(axis=-2), counts.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(predicted > 0, hits / predicted, np.where(gold > 0, 0.0, np.nan))
        recall = np.where(gold > 0, hits / gold, np.where(predicted > 0, 0.0, np.nan))
        f1 = np.where(predicted + gold > 0, 2 * hits / (predicted + gold), np.nan)
    return precision, recall, f1


def macro(scores: Floats) -> Floats:
    """Average over the classes that have a score: what scikit-learn calls ``macro`` by default."""
    present = ~np.isnan(scores)
    return np.where(present, scores, 0.0).sum(axis=-1) / np.maximum(present.sum(axis=-1), 1)


def post_scores(judged: Judged) -> dict[str, Floats]:
    """Give what each post adds to the metrics that are plain averages; each of shape (posts,)."""
    right = judged.predicted == judged.gold
    scores = {"accuracy": right.astype(float)}
    if judged.secondary is not None:
        scores["primary or secondary"] = (right | (judged.predicted == judged.secondary)).astype(float)
    if judged.probs is not None:
        rows = np.arange(len(judged))
        of_gold = judged.probs[rows, judged.gold]
        equal_before = (judged.probs == of_gold[:, None]) & (np.arange(LABELS) < judged.gold[:, None])
        above = ((judged.probs > of_gold[:, None]) | equal_before).sum(axis=1)
        scores["top-2 accuracy"] = (above < 2).astype(float)
        scores["log loss"] = -np.log(np.clip(of_gold, _LEAST, 1.0))
        scores["Brier score"] = (judged.probs**2).sum(axis=1) - 2 * of_gold + 1
    return scores


def summary_metrics(judged: Judged, weights: Floats) -> dict[str, Floats]:
    """Compute every metric for every weighting; each has shape (resamples,)."""
    totals = weights.sum(axis=1)
    metrics = {"macro-F1": macro(precision_recall_f1(confusion(judged, weights))[2])}
    metrics |= {name: weights @ scores / totals for name, scores in post_scores(judged).items()}
    if judged.probs is not None:
        metrics["ECE"] = calibration_error(judged, weights)
    return metrics


def confidence_bins(confidence: Floats, bins: int | None = None) -> Floats:
    """Sort posts into bins of equal mass by their confidence; ties stay together, and empty bins are left out.

    :param bins: How many; as many as the posts fill, without it.
    :return: Shape (posts, bins), 1 where a post is in a bin.
    """
    bins = bins or min(max(len(confidence) // POSTS_OF_A_BIN, FEWEST_BINS), MOST_BINS)
    edges = np.quantile(confidence, np.linspace(0, 1, bins + 1)[1:-1])
    inside = np.eye(bins)[np.searchsorted(edges, confidence, side="right")]
    return inside[:, inside.any(axis=0)]


def calibration_error(judged: Judged, weights: Floats, bins: int | None = None) -> Floats:
    """Measure how far stated confidence is from accuracy (ECE; Naeini et al., 2015), shape (resamples,)."""
    confidence, right = _confidence_and_right(judged)
    gaps = np.abs(weights @ (confidence_bins(confidence, bins) * (right - confidence)[:, None]))
    return gaps.sum(axis=1) / weights.sum(axis=1)


def chance_calibration_error(judged: Judged, weights: Floats) -> float:
    """Give the ECE that a perfectly calibrated model would show on as many posts, by chance alone.

    In each bin the number of right posts is about normal, of which the mean distance from its mean is known.

    :param weights: What each post counts, shape (posts,).
    """
    confidence, _ = _confidence_and_right(judged)
    variance = (weights**2 * confidence * (1 - confidence)) @ confidence_bins(confidence)
    return float(np.sqrt(2 / np.pi * variance).sum() / weights.sum())


def reliability(judged: Judged, weights: Floats, bins: int | None = None) -> tuple[Floats, Floats, Ints]:
    """Compute the points of a reliability diagram, in bins of equally many posts; empty bins are left out.

    :return: Mean confidence (bins,), accuracy (resamples, bins) with NaN where a resample has no post, posts (bins,).
    """
    confidence, right = _confidence_and_right(judged)
    inside = confidence_bins(confidence, bins)
    posts = inside.sum(axis=0)
    with np.errstate(invalid="ignore"):
        accuracy = weights @ (inside * right[:, None]) / (weights @ inside)
    return confidence @ inside / posts, accuracy, posts.astype(np.int64)


def coverage_accuracy(judged: Judged, steps: Sequence[float], weights: Floats) -> Floats:
    """Give the accuracy of the most confident share of posts, for each share in ``steps``; (resamples, steps).

    Of posts of equal confidence, of which only some are kept, the mean counts: their order in the file says nothing.
    """
    confidence, right = _confidence_and_right(judged)
    order = np.argsort(-confidence, kind="stable")
    first = np.flatnonzero(np.diff(confidence[order], prepend=np.inf))  # of those of equal confidence
    accuracies = np.empty((len(weights), len(steps)))
    for row, drawn in enumerate(weights):
        kept = np.cumsum(np.add.reduceat(drawn[order], first))
        hits = np.cumsum(np.add.reduceat((drawn * right)[order], first))
        wanted = np.array(steps) * kept[-1]
        accuracies[row] = np.interp(wanted, np.append(0.0, kept), np.append(0.0, hits)) / wanted
    return accuracies


def _confidence_and_right(judged: Judged) -> tuple[Floats, Floats]:
    assert judged.probs is not None
    return judged.probs[np.arange(len(judged)), judged.predicted], (judged.predicted == judged.gold).astype(float)
