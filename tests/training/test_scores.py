import numpy as np
import pytest

pytest.importorskip("torch")

from whyshare import Labeller
from whyshare.data.annotated import Annotated
from whyshare.data.motives import MOTIVES
from whyshare.training.scores import BEFORE, scores_by_language, scores_without_training, warn_if_worse


def test_a_language_with_enough_posts_is_scored_by_itself():
    label_ids = np.array([0, 1] * 25)
    scores = scores_by_language(label_ids, np.zeros(50, dtype=int), ["zh"] * 30 + ["en"] * 20)
    assert scores["all"] == {"posts": 50, "macro_f1": 0.3333, "accuracy": 0.5}
    assert (list(scores), scores["zh"]["posts"]) == (["all", "zh"], 30)


def test_a_training_is_measured_against_its_base_and_the_commonest_motive(tiny_model, tiny_encoder):
    labeller = Labeller.load(tiny_model)
    texts = [f"求助 {number}" for number in range(10)]
    held = [Annotated(text, text, MOTIVES[MOTIVES.index(labeller.label(text).motive)]) for text in texts]
    posts = [Annotated(str(number), "win", MOTIVES[6 if number else 0]) for number in range(3)]
    scores = scores_without_training(tiny_model, posts, held)
    assert list(scores) == [BEFORE, "validation, always help"]
    assert scores[BEFORE]["all"]["accuracy"] == 1
    right = sum(post.label == MOTIVES[6] for post in held) / len(held)
    assert scores["validation, always help"]["all"]["accuracy"] == right
    assert list(scores_without_training(tiny_encoder, posts, held)) == ["validation, always help"]


@pytest.mark.parametrize(
    ("macro_f1", "accuracy", "said"),
    [
        (0.5, 0.5, []),
        (0.3, 0.5, ["worse than before training: macro-F1 0.300 against 0.400"]),
        (0.5, 0.2, ["worse than always help: accuracy 0.200 against 0.300"]),
    ],
)
def test_a_training_that_made_it_worse_is_said(macro_f1, accuracy, said, caplog):
    def scores(macro_f1, accuracy):
        return {"all": {"posts": 9, "macro_f1": macro_f1, "accuracy": accuracy}}

    warn_if_worse(
        {
            "validation": scores(macro_f1, accuracy),
            BEFORE: scores(0.4, 0.6),
            "validation, always help": scores(0.1, 0.3),
        }
    )
    assert len(caplog.messages) == len(said)
    assert all(one in message for one, message in zip(said, caplog.messages, strict=True))
