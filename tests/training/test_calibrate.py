import numpy as np
import pytest
from scipy.special import softmax

from whyshare.training.calibrate import fit_bias, fit_temperature, fit_temperatures, uncertainty_threshold


@pytest.fixture
def sharpened():
    """Logits three times too sure of labels drawn from their own distribution."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 8))
    probs = softmax(logits, axis=1)
    label_ids = (probs.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)
    return 3 * logits, label_ids


def test_the_temperature_that_was_put_in_is_found(sharpened):
    assert fit_temperature(*sharpened) == pytest.approx(3.0, rel=0.1)


def test_the_bias_that_was_put_in_is_taken_off(sharpened):
    logits, label_ids = sharpened
    put_in = np.array([1.5, -1.5, 0, 0, 0, 0, 0, 0])
    taken_off = fit_bias(logits + put_in, label_ids)
    np.testing.assert_allclose(taken_off - taken_off.mean(), -put_in, atol=0.3)


def test_few_posts_move_no_bias(sharpened):
    logits, label_ids = sharpened
    assert fit_bias(logits[:100] + np.eye(8)[0], label_ids[:100])[0] < -0.05
    assert not fit_bias(logits[:99] + np.eye(8)[0], label_ids[:99]).any()


def test_small_languages_share(sharpened):
    logits, label_ids = sharpened
    languages = ["zh"] * 2000 + ["en"] * 1990 + ["other"] * 10
    temperatures = fit_temperatures(logits, label_ids, languages)
    assert set(temperatures) == {"all", "zh", "en"}


def test_uncertainty_threshold_by_hand():
    probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    label_ids = np.array([0, 0, 1, 1])
    assert uncertainty_threshold(probs, label_ids, 1.0) == 0.8
    assert uncertainty_threshold(probs, label_ids, 0.6) == 0.7
    assert uncertainty_threshold(probs, np.array([0, 0, 0, 0]), 0.9) == 0.0
    assert uncertainty_threshold(probs, np.array([1, 1, 1, 1]), 0.9) == 1.0
