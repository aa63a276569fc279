import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)

from whyshare.eval.evaluation import evaluate
from whyshare.eval.metrics import (
    Judged,
    calibration_error,
    chance_calibration_error,
    confusion,
    coverage_accuracy,
    precision_recall_f1,
    reliability,
    summary_metrics,
)


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.full(8, 0.4), size=600)
    gold = np.array([rng.choice(8, p=row) for row in probs])
    secondary = np.where(rng.random(600) < 0.3, rng.integers(0, 8, 600), -1)
    return Judged(gold, probs.argmax(axis=1), probs, secondary)


def test_metrics_equal_scikit_learn(judged):
    metrics = {name: values[0] for name, values in summary_metrics(judged, np.ones((1, 600))).items()}
    gold, predicted, probs = judged.gold, judged.predicted, judged.probs
    assert metrics["accuracy"] == pytest.approx(accuracy_score(gold, predicted))
    assert metrics["macro-F1"] == pytest.approx(f1_score(gold, predicted, average="macro"))
    assert metrics["log loss"] == pytest.approx(log_loss(gold, probs, labels=range(8)))
    assert metrics["top-2 accuracy"] == pytest.approx(top_k_accuracy_score(gold, probs, k=2, labels=range(8)))
    expected = brier_score_loss(gold, probs, labels=range(8), scale_by_half=False)
    assert metrics["Brier score"] == pytest.approx(expected)
    second = (predicted == gold) | (predicted == judged.secondary)
    assert metrics["primary or secondary"] == pytest.approx(second.mean())


def test_classes_equal_scikit_learn(judged):
    counts = confusion(judged, np.ones((1, 600)))
    np.testing.assert_array_equal(counts[0], confusion_matrix(judged.gold, judged.predicted))
    expected = precision_recall_fscore_support(judged.gold, judged.predicted)[:3]
    for got, wanted in zip(precision_recall_f1(counts), expected, strict=True):
        np.testing.assert_allclose(got[0], wanted)


@given(
    hnp.arrays(np.int64, 30, elements=st.integers(0, 7)),
    hnp.arrays(np.int64, 30, elements=st.integers(0, 7)),
    hnp.arrays(np.int64, 30, elements=st.integers(0, 3)),
)
def test_a_weight_is_a_repetition(gold, predicted, weights):
    if not weights.any():
        return
    weighted = summary_metrics(Judged(gold, predicted), weights[None].astype(float))
    repeated = Judged(gold.repeat(weights), predicted.repeat(weights))
    plain = summary_metrics(repeated, np.ones((1, len(repeated))))
    for name in plain:
        assert weighted[name][0] == pytest.approx(plain[name][0])
    assert plain["macro-F1"][0] == pytest.approx(f1_score(repeated.gold, repeated.predicted, average="macro"))


def test_calibration_by_hand():
    probs = np.zeros((4, 8))
    probs[:, 0] = [0.9, 0.9, 0.6, 0.6]
    probs[:, 1] = [0.1, 0.1, 0.4, 0.4]
    judged = Judged(np.array([0, 1, 0, 0]), np.zeros(4, dtype=np.int64), probs)
    # two bins: confidence 0.6 with accuracy 1, confidence 0.9 with accuracy 0.5, half the posts each
    assert calibration_error(judged, np.ones((1, 4)), bins=2)[0] == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)
    once = np.ones((1, 4))
    confidence, accuracy, posts = reliability(judged, once, bins=2)
    np.testing.assert_allclose(confidence, [0.6, 0.9])
    np.testing.assert_allclose(accuracy, [[1.0, 0.5]])
    assert posts.tolist() == [2, 2]
    np.testing.assert_allclose(coverage_accuracy(judged, [0.25, 0.5, 1.0], once), [[0.5, 0.5, 0.75]])
    drawn = np.array([[0.0, 3.0, 1.0, 0.0]])  # the second post thrice, the third once
    np.testing.assert_allclose(reliability(judged, drawn, bins=2)[1], [[1.0, 0.0]])
    np.testing.assert_allclose(coverage_accuracy(judged, [0.25, 0.75, 1.0], drawn), [[0.0, 0.0, 0.25]])


def test_the_order_of_equally_certain_posts_says_nothing():
    probs = np.tile(np.eye(8)[0], (10, 1))
    gold = np.array([0] * 6 + [1] * 4)
    judged = Judged(gold, np.zeros(10, dtype=np.int64), probs)
    weights = np.stack([np.ones(10), np.arange(10.0)])
    whole = coverage_accuracy(judged, [0.1, 0.35, 1.0], weights)
    np.testing.assert_allclose(whole, np.repeat(whole[:, 2:], 3, axis=1))
    assert whole[0, 0] == 0.6


@pytest.mark.parametrize("posts", [40, 200, 2000])
def test_chance_alone_makes_a_calibration_error(posts):
    rng = np.random.default_rng(0)
    found, expected = [], []
    for _ in range(60):
        confidence = rng.uniform(0.3, 1.0, posts)
        probs = np.column_stack([confidence, *[(1 - confidence) / 7] * 7])
        gold = np.where(rng.random(posts) < confidence, 0, 1)
        judged = Judged(gold, np.zeros(posts, dtype=np.int64), probs)
        found.append(calibration_error(judged, np.ones((1, posts)))[0])
        expected.append(chance_calibration_error(judged, np.ones(len(judged))))
    assert np.mean(expected) == pytest.approx(np.mean(found), rel=0.1)


def drawn_from_sources(sources, rng):
    """Draw posts of sources that each have their own size, mix of motives and difficulty."""
    source = np.repeat(np.arange(sources), rng.geometric(1 / 30, sources))
    mixes, skill = rng.dirichlet(np.full(8, 0.15), sources), rng.beta(4, 2, (sources, 8))
    gold = (rng.random((len(source), 1)) > mixes[source].cumsum(axis=1)[:, :-1]).sum(axis=1)
    right = rng.random(len(source)) < skill[source, gold]
    return Judged(gold, np.where(right, gold, rng.integers(0, 8, len(source)))), source.astype(str).tolist()


def test_macro_f1_of_drawn_sources_lies_in_its_interval():
    rng = np.random.default_rng(0)
    everything, _ = drawn_from_sources(20_000, rng)
    truth = f1_score(everything.gold, everything.predicted, average="macro")
    missed = []
    for _ in range(100):
        judged, source = drawn_from_sources(50, rng)
        score = evaluate("m", judged, ["en"] * len(judged), source, resamples=200).metrics["macro-F1"]
        missed.append(truth > score.high or truth < score.low)
    assert np.mean(missed) <= 0.15


@pytest.mark.parametrize(("posts", "dots"), [(8, 4), (50, 4), (149, 5), (250, 10), (600, 15)])
def test_few_posts_have_few_dots_in_the_reliability_diagram(judged, posts, dots):
    some = judged.select(np.arange(600) < posts)
    points = evaluate("model", some, ["zh"] * posts, resamples=5).reliability
    assert len(points) == dots
    assert sum(point.posts for point in points) == posts


def test_without_probabilities_only_labels_are_measured(judged):
    labels_only = Judged(judged.gold, judged.predicted)
    assert set(summary_metrics(labels_only, np.ones((1, 600)))) == {"macro-F1", "accuracy"}


from types import SimpleNamespace

from whyshare.eval.evaluation import spread
from whyshare.eval.intervals import Estimate


def test_the_spread_of_two_runs_by_hand():
    runs = [SimpleNamespace(metrics={"macro-F1": Estimate(score, 0, 1)}, languages={}) for score in (0.5, 0.6)]
    assert spread(runs, {}) == "0.550 ± 0.071"
