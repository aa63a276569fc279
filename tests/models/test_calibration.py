import numpy as np
import pytest
from scipy.special import softmax

from whyshare import Labeller
from whyshare.models.calibration import calibrated

LOGITS = np.random.default_rng(0).normal(0, 4, (4, 8)).astype(np.float32)


@pytest.mark.parametrize(
    ("temperatures", "divisors"),
    [({"all": 2.0, "en": 4.0}, [4, 2, 2, 4]), ({"en": 4.0}, [4, 1, 1, 4]), ({}, [1, 1, 1, 1])],
)
def test_a_language_without_a_temperature_has_that_of_all_or_none(temperatures, divisors):
    probs = calibrated(LOGITS, ["en", "other", "zh", "en"], temperatures)
    np.testing.assert_array_equal(probs, softmax(LOGITS / np.array(divisors, dtype=float)[:, None], axis=1))
    assert calibrated(LOGITS[:0], [], temperatures).shape == (0, 8)


def test_training_and_labelling_give_the_same_confidence(tiny_model):
    predict = pytest.importorskip("whyshare.training.predict")
    texts = ["求助 转发", "the help", "今天 the win", "!"]  # zh, en, mixed, other
    np.testing.assert_allclose(
        predict.model_probabilities(tiny_model, texts), Labeller.load(tiny_model).probabilities(texts), atol=2e-6
    )
