import pytest

pytest.importorskip("safetensors")

from whyshare.cli import main
from whyshare.data.errors import InputError
from whyshare.models.bases import base_location, loading
from whyshare.models.settings import BUNDLED

huggingface_hub = pytest.importorskip("huggingface_hub")


def test_the_bundled_model_and_folders_are_themselves(tmp_path):
    assert base_location("whyshare-mini") == str(BUNDLED)
    with pytest.raises(InputError, match=r"has no config\.json; give a folder"):
        base_location(str(tmp_path))
    (tmp_path / "config.json").touch()
    assert base_location(str(tmp_path)) == str(tmp_path)


@pytest.mark.parametrize("base", ["/nope", "./nope", "../no/pe", "nope/", "a/b/c", "~/nope"])
def test_a_path_that_is_not_there_is_never_asked_of_the_hub(base, no_network):
    with pytest.raises(
        InputError, match=f"no folder {base}; give a folder that save_pretrained wrote, or whyshare-mini, which"
    ):
        base_location(base)


def test_a_file_is_never_asked_of_the_hub(no_network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.csv").touch()
    with pytest.raises(InputError, match=r"base small\.csv is a file and no model folder; give a folder"):
        base_location("small.csv")


def test_a_name_that_the_hub_cannot_give_is_asked_for_once(monkeypatch):
    asked = []

    def model_info(name, timeout):
        asked.append(name)
        raise OSError("404 Client Error\nRepository Not Found")

    monkeypatch.setattr(huggingface_hub, "model_info", model_info)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda name, file: None)
    with pytest.raises(InputError, match=r"base no/name is no folder here.*hub \(404 Client Error\); give a folder"):
        base_location("no/name")
    assert asked == ["no/name"]
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda name, file: f"cache/{file}")
    assert base_location("no/name") == "no/name"


def test_a_base_that_is_no_model_is_one_line():
    with pytest.raises(InputError, match=r"base x cannot be loaded \(no tokenizer\); give a folder"), loading("x"):
        raise ValueError("no tokenizer\nand much more")


def test_a_recipe_longer_than_its_base_is_one_line(tiny_encoder, tmp_path, capsys):
    (tmp_path / "recipe.toml").write_text(f'train = ["none.csv"]\nbase = "{tiny_encoder}"\nmax_length = 513\n')
    assert main(["train", str(tmp_path / "recipe.toml"), "-o", str(tmp_path / "model")]) == 2
    error = capsys.readouterr().err
    assert error == (
        f"whyshare: max_length is 513, base {tiny_encoder} has positions for 512 tokens; lower it, or take another base\n"
    )
