"""Make confidence mean accuracy: the bias of the head, a temperature per language, the threshold for a person to look."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.int64]

BIAS_PRIOR = 0.1  # natural logarithms; a motive's odds are moved by little more without good evidence
MIN_POSTS = 100  # with fewer validation posts a language shares the temperature of all, and the bias stays as it is
DEFAULT_THRESHOLD = 0.5  # of the confidence, where all validation posts are fewer


def fit_bias(logits: FloatArray, label_ids: IntArray) -> FloatArray:
    """Find what to add to the logits so that motives are as probable as they are frequent, shape (labels,).

    Training weighs rare motives up, so that they are learnt, and a model then sees too many of them. Fitted together with a
    temperature by likelihood (vector scaling; Guo et al., 2017), with a normal prior of the deviation :data:`BIAS_PRIOR`.

    :param logits: Shape (posts, labels).
    :param label_ids: Shape (posts,), column numbers of the gold labels.
    :return: Zeros where there are fewer than :data:`MIN_POSTS` posts.
    """
    posts, labels = logits.shape
    if posts < MIN_POSTS:
        return np.zeros(labels)

    def loss(values: FloatArray) -> float:
        log_temperature, bias = values[0], values[1:]
        log_probs = log_softmax(logits / np.exp(log_temperature) + bias, axis=1)
        return float(-log_probs[np.arange(posts), label_ids].sum() + (bias**2).sum() / (2 * BIAS_PRIOR**2))

    found = minimize(loss, np.zeros(labels + 1), method="L-BFGS-B", bounds=[(-3, 3)] * (labels + 1)).x
    return np.asarray(np.exp(found[0]) * found[1:])


def fit_temperature(logits: FloatArray, label_ids: IntArray) -> float:
    """Find the divisor of the logits that gives the labels the highest likelihood (Guo et al., 2017).

    :param logits: Shape (posts, labels).
    :param label_ids: Shape (posts,), column numbers of the gold labels.
    :return: Between 0.05 and 20.
    """

    def loss(log_temperature: float) -> float:
        log_probs = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-log_probs[np.arange(len(label_ids)), label_ids].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded").x))


def fit_temperatures(logits: FloatArray, label_ids: IntArray, languages: Sequence[str]) -> dict[str, float]:
    """Fit one temperature for all posts, and one for each language that has enough of them; 1 where all are too few."""
    tags = np.array(languages)
    temperatures = {"all": fit_temperature(logits, label_ids) if len(tags) >= MIN_POSTS else 1.0}
    for language in sorted(set(languages)):
        own = tags == language
        if own.sum() >= MIN_POSTS:
            temperatures[language] = fit_temperature(logits[own], label_ids[own])
    return temperatures


def uncertainty_threshold(probs: FloatArray, label_ids: IntArray, accuracy: float) -> float:
    """Find the lowest confidence from which the posts kept reach an accuracy.

    :return: 0 where all posts reach it together, 1 where no part of them does.
    """
    confidence = probs.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (probs.argmax(axis=1) == label_ids)[order]
    reached = np.cumsum(right) / np.arange(1, len(right) + 1) >= accuracy
    if reached.all():
        return 0.0
    return float(confidence[order][np.flatnonzero(reached)[-1]]) if reached.any() else 1.0
