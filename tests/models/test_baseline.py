import numpy as np
import pytest

from whyshare.data.motives import MOTIVES, Motive

pytest.importorskip("jieba")

from whyshare.models.baseline import Baseline, words_of

TEXTS = ["转发抽奖送手机", "求助怎么办", "retweet to win a phone", "how do I fix this"] * 3
LABELS = [Motive.BENEFIT, Motive.HELP, Motive.BENEFIT, Motive.HELP] * 3


def test_it_learns_what_it_was_shown():
    probs = Baseline.train(TEXTS, LABELS).probabilities(["转发送手机", "win a phone", "怎么办", ""])
    assert probs.shape == (4, 8)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0)
    assert [MOTIVES[column] for column in probs.argmax(axis=1)[:3]] == [Motive.BENEFIT, Motive.BENEFIT, Motive.HELP]


def test_one_equals_many():
    baseline = Baseline.train(TEXTS, LABELS)
    many = baseline.probabilities(TEXTS[:4])
    one = np.concatenate([baseline.probabilities([text]) for text in TEXTS[:4]])
    np.testing.assert_allclose(many, one)


def test_words():
    assert words_of("今天 So happy😂") == ["今天", "so", "happy", "😂"]
