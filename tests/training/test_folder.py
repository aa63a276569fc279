import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from transformers import AutoConfig, AutoModelForSequenceClassification

from whyshare.data.annotated import Annotated
from whyshare.data.errors import InputError
from whyshare.data.fingerprints import file_fingerprint
from whyshare.data.motives import MOTIVES
from whyshare.models.encoding import Encoder
from whyshare.models.settings import ModelSettings
from whyshare.training.card import write_card
from whyshare.training.finetune import load_classifier
from whyshare.training.finetune_config import FinetuneConfig
from whyshare.training.folder import head_of, move_bias, pretraining_stages, settings_from_validation
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


SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 99}
SMALL_DISTILBERT = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "vocab_size": 99}


@pytest.mark.parametrize(
    "kind", ["bert", "roberta", "xlm-roberta", "modernbert", "distilbert", "electra", "albert", "deberta-v2", "mpnet"]
)
def test_the_head_is_what_gives_the_logits(kind):
    sizes = SMALL_DISTILBERT if kind == "distilbert" else SMALL
    config = AutoConfig.for_model(
        kind, **sizes, num_labels=8, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3
    )
    model = AutoModelForSequenceClassification.from_config(config).eval()
    ids = torch.tensor([[2, 7, 8, 3]])
    with torch.no_grad():
        before = model(input_ids=ids).logits
        head_of(model).bias += 1
        torch.testing.assert_close(model(input_ids=ids).logits, before + 1)


def test_a_model_without_a_head_of_eight_is_one_line():
    config = AutoConfig.for_model("bert", **SMALL, num_labels=3)
    with pytest.raises(InputError, match="a bert has no head whose bias can be fitted; take another base"):
        head_of(AutoModelForSequenceClassification.from_config(config))


@pytest.mark.parametrize("kind", ["bert", "modernbert", "distilbert", "deberta-v2"])
def test_no_dropout_is_none_in_attention_too(kind, tmp_path):
    sizes = SMALL_DISTILBERT if kind == "distilbert" else SMALL
    config = AutoConfig.for_model(
        kind, **sizes, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3
    )
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    ids = torch.arange(4, 60)[None]
    for rate, same in ((None, True), (0.5, False)):
        model = load_classifier(str(tmp_path), dropout=0.0, attention_dropout=rate).train()
        assert torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits) == same


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_eight_classes_of_another_task_are_not_taken_for_motives(kind, tmp_path):
    names = {number: f"emotion{number}" for number in range(8)}
    config = AutoConfig.for_model(kind, **SMALL, pad_token_id=0, id2label=names)
    model = AutoModelForSequenceClassification.from_config(config)
    head_of(model).bias.data += 1
    model.save_pretrained(tmp_path)
    found = load_classifier(str(tmp_path), dropout=0.0)
    assert not torch.isclose(head_of(found).weight, head_of(model).weight).any()
    assert not head_of(found).bias.any()
    found.save_pretrained(tmp_path)  # under the names of the motives
    assert torch.equal(head_of(load_classifier(str(tmp_path), dropout=0.0)).weight, head_of(found).weight)


def test_the_moved_bias_makes_a_motive_as_probable_as_it_is_frequent(tiny_model):
    model = load_classifier(str(tiny_model), dropout=0.0)
    posts = [Annotated(str(number), f"the help {number} win", MOTIVES[4]) for number in range(100)]
    ids = [item.ids for item in Encoder.load(tiny_model, 32).encode([post.text for post in posts])]
    before = predict_logits(model, ids)
    after = move_bias(model, before, posts)
    np.testing.assert_allclose(predict_logits(model, ids), after, atol=1e-4)
    shift = after - before
    assert (np.delete(shift, 4, axis=1) < shift[:, [4]] - 0.05).all()


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


def test_training_files_of_one_name_are_told_apart(tiny_model, tmp_path):
    paths = [tmp_path / part / "train.csv" for part in ("base", "a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(f"text,label\n{path.parent.name},help\n", encoding="utf-8")
    older, one, other = map(file_fingerprint, paths)
    base = shutil.copytree(tiny_model, tmp_path / "model")
    replace(ModelSettings.load(base), data={"train.csv": older}).save(base)
    config = FinetuneConfig(train=tuple(map(str, [*paths[1:], paths[1]])), base=str(base))
    held = [Annotated(str(number), f"win {number}", MOTIVES[number % 8]) for number in range(8)]
    settings, _ = settings_from_validation(config, held, np.eye(8, dtype=np.float32))
    assert settings.data == {"train.csv": older, "train.csv (2)": one, "train.csv (3)": other}
    write_card(tmp_path, "mine", settings)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"(SHA-256): `train.csv (2)` {one[:16]}, `train.csv (3)` {other[:16]}\n" in card
    assert f"had learnt from before: `train.csv` {older[:16]}\n" in card


def test_whoever_may_read_a_model_may_read_its_weights(tiny_model):
    config, weights = ((tiny_model / name).stat().st_mode for name in ("config.json", "model.safetensors"))
    assert weights == config
