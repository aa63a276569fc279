import numpy as np
import pytest

from whyshare import MOTIVES, Motive, evaluate_predictions, load_annotated
from whyshare.eval.evaluation import evaluate
from whyshare.eval.metrics import Judged


@pytest.fixture
def posts(tmp_path):
    rows = "".join(f"post {k},{MOTIVES[k % 3]}\n" for k in range(60))
    (tmp_path / "a.csv").write_text("text,label\n" + rows, encoding="utf-8")
    return load_annotated(tmp_path / "a.csv")


def test_labels_or_probabilities_of_any_model_are_measured(posts):
    names = [post.label.zh if k % 4 else "help" for k, post in enumerate(posts)]
    by_label = evaluate_predictions(posts, names, "mine", resamples=50)
    assert by_label.name == "mine"
    assert by_label.metrics["accuracy"].value == 0.75
    probs = np.array(
        [np.eye(8)[post.label.position if k % 4 else Motive.HELP.position] for k, post in enumerate(posts)]
    )
    by_probs = evaluate_predictions(posts, probs, resamples=50)
    assert by_probs.metrics["macro-F1"] == by_label.metrics["macro-F1"]
    assert by_probs.coverage and not by_label.coverage


def test_predictions_that_do_not_fit_are_told(posts):
    with pytest.raises(ValueError, match="59 predictions for 60 posts"):
        evaluate_predictions(posts, ["help"] * 59)
    with pytest.raises(ValueError, match="'joy' is not one of"):
        evaluate_predictions(posts, ["joy"] * 60)
    with pytest.raises(ValueError, match="prediction 0 is no motive"):
        evaluate_predictions(posts, [""] * 60)
    with pytest.raises(ValueError, match=r"shape \(60, 7\); \(60, 8\) is needed"):
        evaluate_predictions(posts, np.ones((60, 7)))


def test_a_class_of_few_posts_is_not_measured_by_resamples_without_it():
    gold = np.array([0] * 3 + [1] * 100)
    predicted = np.array([0] * 3 + [0] * 5 + [1] * 95)
    scores = evaluate("few", Judged(gold, predicted), ["en"] * 103).classes
    recall = scores[MOTIVES[0]].recall
    assert (recall.value, recall.high) == (1.0, 1.0)
    assert recall.low == pytest.approx(0.292, abs=0.001)  # the exact bound of three of three
    never = evaluate("none", Judged(gold, np.ones(103, dtype=int)), ["en"] * 103).classes[MOTIVES[0]].precision
    assert (never.value, never.low) == (0.0, 0.0)


def test_a_post_that_stands_for_three_counts_as_three():
    rng = np.random.default_rng(0)
    gold = rng.integers(8, size=400)
    probs = rng.dirichlet(np.full(8, 0.3), 400)
    judged = Judged(gold, probs.argmax(axis=1), probs)
    sampling = np.where(np.arange(400) < 200, 3, 1)
    repeated = np.repeat(np.arange(400), sampling)
    often = Judged(gold[repeated], judged.predicted[repeated], probs[repeated])
    weighed, counted = evaluate("m", judged, ["en"] * 400, sampling=sampling), evaluate("m", often, ["en"] * 800)
    for name in {"accuracy", "macro-F1", "top-2 accuracy", "log loss", "Brier score"}:
        assert weighed.metrics[name].value == pytest.approx(counted.metrics[name].value)
    assert weighed.classes[MOTIVES[0]].recall.value == pytest.approx(counted.classes[MOTIVES[0]].recall.value)
    assert weighed.coverage[0.6].value == pytest.approx(counted.coverage[0.6].value)
    # As many posts as 400 * 0.8 of equal weight tell as much; repetitions would pretend to be 800.
    width = weighed.metrics["accuracy"].high - weighed.metrics["accuracy"].low
    assert width == pytest.approx(
        (counted.metrics["accuracy"].high - counted.metrics["accuracy"].low) * 2.5**0.5, rel=0.1
    )
    assert weighed.confusion.sum() == 400
