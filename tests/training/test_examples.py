import json

import numpy as np
import pytest

pytest.importorskip("torch")

from whyshare.data import cleaning
from whyshare.data.annotated import Annotated
from whyshare.data.motives import MOTIVES
from whyshare.data.results import PROBABILITY_COLUMNS
from whyshare.models.encoding import Encoder
from whyshare.training.examples import split_posts, training_examples, validation_examples
from whyshare.training.finetune_config import FinetuneConfig
from whyshare.training.targets import soft_targets

POSTS = [Annotated(str(number), f"今天 天气 {number}", motive) for number, motive in enumerate(MOTIVES)]
HELD = [Annotated("9", "win  you", MOTIVES[0])]
SURE_OF_VALUE = np.eye(8, dtype=np.float32)[4]


@pytest.fixture
def encoder(tiny_encoder):
    return Encoder.load(tiny_encoder, 32)


def taught(path, *texts):
    rows = [{"text": text, **dict(zip(PROBABILITY_COLUMNS, SURE_OF_VALUE.tolist(), strict=True))} for text in texts]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


def test_a_teacher_has_its_share_of_annotated_posts_and_all_of_others(tmp_path, encoder):
    file = taught(tmp_path / "taught.jsonl", "今天 天气 1", "the you", "win you")
    config = FinetuneConfig(train=("x.csv",), pseudo=(file,), teacher_share=0.25, class_weight_power=0.0)
    examples = training_examples(POSTS, HELD, encoder, config)
    own = soft_targets(POSTS, config.secondary_share)
    own[1] = 0.75 * own[1] + 0.25 * SURE_OF_VALUE
    np.testing.assert_allclose(examples["labels"], [*own, SURE_OF_VALUE], atol=1e-6)  # no "win you" of validation
    assert examples["input_ids"][8] == encoder.encode(["the you"])[0].ids


def test_validation_files_take_the_place_of_a_split(tmp_path, caplog):
    rows = "".join(f"post {number},help,zh\n" for number in range(9))
    (tmp_path / "mine.csv").write_text(f"words,kind,lang\n{rows}", encoding="utf-8")
    (tmp_path / "dev.csv").write_text("words,kind\npost  8,ask\nanother,benefit\n", encoding="utf-8")
    config = FinetuneConfig(
        train=(str(tmp_path / "mine.csv"),), validation=(str(tmp_path / "dev.csv"),), repeats=(2,),
        text_column=("words",), label_column="kind", label_map=("ask=help",),
    )  # fmt: skip
    kept, held = split_posts(config)
    assert [post.text for post in kept] == [f"post {number // 2}" for number in range(16)]
    assert [(post.text, post.label) for post in held] == [("post  8", MOTIVES[6]), ("another", MOTIVES[0])]
    assert caplog.messages == ["1 training posts are among the validation posts too, and left out"]


def test_a_text_is_cleaned_once(tmp_path, encoder, monkeypatch):
    settle, settled = cleaning._normalise, []
    monkeypatch.setattr(cleaning, "_normalise", lambda text: settled.append(text) or settle(text))
    rows = "".join(f"post {number},help\n" for number in range(40))
    (tmp_path / "mine.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    config = FinetuneConfig(train=(str(tmp_path / "mine.csv"),), languages=("en",))
    kept, held = split_posts(config)
    training_examples(kept, held, encoder, config)
    validation_examples(held, encoder, config)
    assert sorted(settled) == sorted(f"post {number}" for number in range(40))


def test_rare_motives_weigh_more_in_training_alone(encoder):
    posts = [*POSTS[:1] * 3, POSTS[1]]
    config = FinetuneConfig(train=("x.csv",), class_weight_power=1.0)
    weighed = np.array(training_examples(posts, HELD, encoder, config)["labels"])
    np.testing.assert_allclose(
        weighed.max(axis=1) / soft_targets(posts, 0.15).max(axis=1), [2 / 3] * 3 + [2], rtol=1e-6
    )
    np.testing.assert_allclose(validation_examples(posts, encoder, config)["labels"], soft_targets(posts, 0.15))


def test_rare_motives_weigh_more_in_what_teachers_say_too(tmp_path, encoder):
    posts = [*[Annotated("1", "今天", MOTIVES[0])] * 3, Annotated("2", "天气", MOTIVES[4])]
    file = taught(tmp_path / "taught.jsonl", "the you")  # of which they are sure that it is value
    config = FinetuneConfig(train=("x.csv",), pseudo=(file,), class_weight_power=1.0)
    assert max(training_examples(posts, HELD, encoder, config)["labels"][-1]) == pytest.approx(2)


def test_additions_change_training_texts_alone_and_no_answer(encoder):
    pytest.importorskip("jieba")
    plain, added = (FinetuneConfig(train=("x.csv",), additions_share=share) for share in (0.0, 1.0))
    examples, around = (training_examples(POSTS, HELD, encoder, config) for config in (plain, added))
    assert examples["labels"] == around["labels"]
    assert all(a != b for a, b in zip(examples["input_ids"], around["input_ids"], strict=True))
    assert validation_examples(POSTS, encoder, added)["input_ids"] == examples["input_ids"]
