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
