import json

import pytest

from whyshare.data.errors import InputError
from whyshare.models.settings import SETTINGS_FILE, ModelSettings


@pytest.fixture
def folder(tmp_path):
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"")
    ModelSettings(max_length=64, temperature={"all": 1.2, "zh": 1.1}, uncertain_below=0.4).save(tmp_path)
    return tmp_path


def test_save_and_load_are_equal(folder):
    settings = ModelSettings.load(folder)
    assert settings == ModelSettings(max_length=64, temperature={"all": 1.2, "zh": 1.1}, uncertain_below=0.4)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", SETTINGS_FILE])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"has no {name}"):
        ModelSettings.load(folder)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("labels", ["joy"], "has the labels"),
        ("cleaning_version", 0, "cleaning version 0"),
        ("colour", "red", "cannot be read"),
        ("max_length", "128", "cannot be read \\(max_length is '128'; a number of tokens above 2 is needed\\)"),
        ("uncertain_below", "0.6", "a confidence from 0 to 1 is needed"),
        ("temperature", {"zh": 0}, "numbers above 0 are needed"),
        ("temperature", 1.0, "cannot be read"),
    ],
)
def test_another_models_settings_are_refused(folder, key, value, message):
    values = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8")) | {key: value}
    (folder / SETTINGS_FILE).write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        ModelSettings.load(folder)


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ({"model_type": "bert", "max_position_embeddings": 63}, 63),
        ({"model_type": "xlm-roberta", "max_position_embeddings": 65, "pad_token_id": 1}, 63),
    ],
)
def test_more_tokens_than_the_encoder_has_positions_for_are_refused(folder, config, tokens):
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(InputError, match=f"max_length 64, its encoder has positions for {tokens} tokens; train or"):
        ModelSettings.load(folder)
    fitting = config | {"max_position_embeddings": config["max_position_embeddings"] + 1}
    (folder / "config.json").write_text(json.dumps(fitting), encoding="utf-8")
    assert ModelSettings.load(folder).max_length == 64
    for damaged in ("{", "[]"):
        (folder / "config.json").write_text(damaged, encoding="utf-8")
        with pytest.raises(InputError, match=r"config\.json cannot be read"):
            ModelSettings.load(folder)


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match="no model folder"):
        ModelSettings.load(tmp_path / "none")
