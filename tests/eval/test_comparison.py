import numpy as np
import pytest
from scipy.stats import binomtest

from whyshare.eval.comparison import compare, flipped, holm, mcnemar, paired_interval
from whyshare.eval.metrics import Judged


def judged(gold, right, seed):
    rng = np.random.default_rng(seed)
    return Judged(gold, np.where(rng.random(len(gold)) < right, gold, (gold + 1) % 8))


def test_mcnemar_by_hand():
    assert mcnemar(np.array([0, 2]), np.array([0, 10])).tolist() == [1.0, mcnemar(2, 10)]
    exact = binomtest(2, 12, 0.5).pvalue
    point = 12 * 11 / 2 / 2**12
    assert mcnemar(2, 10) == mcnemar(10, 2) == pytest.approx(exact - point)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_a_paired_interval_by_hand():
    z2 = 1.959964**2
    low, high = paired_interval(0, 0, 12)
    assert high == pytest.approx(z2 / (12 + z2), abs=1e-5)
    assert low == pytest.approx(-high)
    assert paired_interval(0, 5, 5) == pytest.approx((-1.0, -1 + 2 * z2 / (5 + z2)), abs=1e-5)
    wide = np.sqrt((80 - 20**2 / 800) * z2) / 800  # of many posts it is nearly Wald's
    assert paired_interval(50, 30, 800) == pytest.approx((0.025 - wide, 0.025 + wide), abs=1e-3)


def test_a_few_posts_do_not_prove_models_equal():
    gold = np.arange(12) % 8
    [only] = compare([("one", judged(gold, 0.8, 1)), ("other", judged(gold, 0.8, 1))], resamples=50)
    assert only.accuracy.as_json() == [0.0, -0.24249, 0.24249]
    assert only.macro_f1.as_json() == [0.0, None, None]


def test_a_better_model_is_told_from_luck():
    gold = np.random.default_rng(0).integers(0, 8, 800)
    good, bad, other = judged(gold, 0.8, 1), judged(gold, 0.6, 2), judged(gold, 0.6, 3)
    better, _, equal = compare([("good", good), ("bad", bad), ("other", other)], resamples=300)
    assert better.macro_f1.low > 0.1
    assert better.adjusted < 0.001
    assert better.only_first > better.only_second
    assert equal.macro_f1.low < 0 < equal.macro_f1.high
    assert equal.adjusted > 0.05


def test_flipped_posts_lists_the_decided_first():
    gold = np.array([0, 1, 2, 3])
    first, second = Judged(gold, np.array([5, 1, 2, 3])), Judged(gold, np.array([6, 1, 2, 4]))
    assert flipped(first, second).tolist() == [3, 0]


def test_other_posts_are_refused():
    with pytest.raises(ValueError, match="not judged on the same posts"):
        compare([("a", judged(np.zeros(3, int), 1, 0)), ("b", judged(np.ones(3, int), 1, 0))])


def test_a_gain_in_one_class_shows_there():
    gold = np.arange(800) % 8
    first = np.where(gold == 6, 0, gold)  # never says the seventh motive
    [only] = compare([("first", Judged(gold, first)), ("second", Judged(gold, gold))], resamples=50)
    assert only.class_p_values["help"] < 1e-10
    assert only.class_p_values["warning"] == 1.0
    assert only.classes["help"].value == -1.0
    assert only.as_json()["classes"]["help"]["F1"] == [-1.0, None, None]  # in every resample


def test_models_are_compared_by_authors():
    gold = np.tile(np.arange(8), 25)
    models = [("one", Judged(gold, np.where(np.repeat(np.arange(20) % 3 > 0, 10), gold, (gold + 1) % 8)))]
    models.append(("other", Judged(gold, np.where(np.repeat(np.arange(20) % 4 > 1, 10), gold, (gold + 1) % 8))))
    [alone], [by_author] = (
        compare(models, resamples=200),
        compare(models, np.repeat(np.arange(20), 10).astype(str), 200),
    )
    assert by_author.accuracy.high - by_author.accuracy.low > 2 * (alone.accuracy.high - alone.accuracy.low)
