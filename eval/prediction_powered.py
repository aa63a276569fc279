"""Shares of the motives from a random sample that a person checked, with the predictions of all posts as a help."""

import numpy as np

from .design_effect import Clusters, plain_draws
from .prevalence import LABELS, NORMAL_95, Floats, Ints, Shares


def prediction_powered(
    probs: Floats, checked: Ints, gold: Ints, weights: Floats, numbers: Ints | None = None
) -> Shares:
    """Join the predictions of all posts with a checked random sample (PPI++; Angelopoulos et al., 2023).

    The shares are of the posts that have a motive. How many these are is estimated too, so the interval is that of a
    ratio, by the delta method.

    :param probs: Of all posts, shape (posts, 8).
    :param checked: Positions of the checked posts among all, ``gold`` their labels, -1 for one without a motive, ``weights``
        the number of posts that each stands for; all of shape (checked,). At least one has a motive.
    :param numbers: The cluster of each post among all, shape (posts,).
    """
    n, m = len(probs), len(checked)
    has_motive = gold >= 0
    truth, said = np.eye(LABELS)[gold] * has_motive[:, None], probs[checked]
    w = weights / weights.sum()
    with_motive = float(w @ has_motive)
    moved = truth - np.outer(has_motive, w @ truth / with_motive)  # from the shares in the sample, by each post
    covariance = (w[:, None] * moved * (said - w @ said)).sum()
    variance = ((said - said.mean(axis=0)) ** 2).sum() / m
    trust = float(np.clip(covariance / max((1 + m / n) * variance, 1e-12), 0.0, 1.0))  # 0 ignores the predictions
    values = np.maximum(trust * probs.mean(axis=0) + w @ (truth - trust * said), 0.0) / with_motive
    residual = (truth - np.outer(has_motive, values) - trust * said) / with_motive
    error = w[:, None] * (residual - w @ residual)
    standing = np.where(has_motive, w, 0.0)
    least = float(with_motive**2 / (standing @ standing))
    shown = np.zeros(n)
    shown[checked] = standing
    clusters = None if numbers is None else Clusters.of(numbers, shown)
    if clusters is None:
        variances = (error**2).sum(axis=0) * m / max(m - 1, 1) + (trust / with_motive) ** 2 * probs.var(axis=0) / n
    else:
        variances = _clustered(trust / with_motive * probs, checked, error, clusters)
        least = min(least, clusters.least)
    low, high = wilson_interval(values.clip(0, 1), variances, least, most=n * with_motive)
    if not has_motive.all():  # what is no post may be predicted as one motive so often that the sample alone knew more
        worse = values * (1 - values) < least * variances
        margin = np.where(worse, NORMAL_95 * np.sqrt(variances), 0.0)
        low, high = np.minimum(low, values - margin).clip(0, 1), np.maximum(high, values + margin).clip(0, 1)
    return Shares(values / values.sum(), low, high)


def _clustered(helped: Floats, checked: Ints, error: Floats, clusters: Clusters) -> Floats:
    """Give the variance of each share where posts come in clusters; shape (8,).

    :param helped: The predictions of all posts as far as they are trusted, shape (posts, 8).
    :param error: The part of each checked post in the error of the shares, shape (checked, 8).
    """
    variances = np.empty(LABELS)
    for k in range(LABELS):
        parts = (helped[:, k] - helped[:, k].mean()) / len(helped)
        parts[checked] += error[:, k]
        variances[k] = clusters.variance(parts)
    return variances


def wilson_interval(values: Floats, variance: Floats, least: float, most: float) -> tuple[Floats, Floats]:
    """Give 95% intervals of shares that do not fail where a share is small (Wilson, 1927).

    :param least: The fewest plain draws that the shares can be worth, ``most`` the most.
    :return: Lower and upper bounds, each of shape (8,).
    """
    draws = plain_draws(values, variance, least, most)
    square = NORMAL_95**2
    centre = (values + square / (2 * draws)) / (1 + square / draws)
    margin = NORMAL_95 * np.sqrt(values * (1 - values) / draws + square / (4 * draws**2)) / (1 + square / draws)
    return np.maximum(centre - margin, 0.0), np.minimum(centre + margin, 1.0)
