import importlib
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import whyshare.training
from whyshare.data.errors import InputError
from whyshare.training.settings import check_ranges, read_recipe

RECIPES = sorted((Path(whyshare.training.__file__).parent / "recipes").glob("*.toml"))


@dataclass(frozen=True)
class Inner:
    size: int = 3


@dataclass(frozen=True)
class Recipe:
    files: tuple[str, ...]
    rate: float = 0.1
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self):
        check_ranges(self, {"rate": (0, 1)})


def write(folder, text):
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_recipe_becomes_a_configuration(tmp_path):
    path = write(tmp_path, 'files = ["a", "b"]\nrate = 1\n[inner]\nsize = 5\n')
    assert read_recipe(path, Recipe) == Recipe(("a", "b"), 1.0, Inner(5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rat = 1", "unknown key 'rat'; known are files, inner, rate"),
        ("files = []\nrate = -1", "rate is -1.0; 0 to 1 is needed"),
        ('files = "a"', "files is 'a'; a list is needed, in square brackets"),
        ("", "lacks the key 'files', which has no default; add it"),
        ('files = []\nrate = "fast"', "rate is 'fast'; a value of type float is needed"),
        ("files = []\n[inner]\nsize = true", "inner: size is True; a value of type int is needed"),
        ("rate = ", "is not valid TOML"),
    ],
)
def test_a_bad_recipe_is_one_clear_line(tmp_path, text, message):
    with pytest.raises(InputError, match=r"recipe\.toml") as error:
        read_recipe(write(tmp_path, text), Recipe)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_attention_has_the_dropout_of_the_rest_unless_it_has_its_own(tmp_path):
    pytest.importorskip("torch")
    from whyshare.training.finetune_config import FinetuneConfig

    for text, rate in (("", 0.3), ("attention_dropout = 0.1", 0.1)):
        path = write(tmp_path, f'train = ["a"]\ndropout = 0.3\n{text}')
        assert read_recipe(path, FinetuneConfig).attention_dropout == rate


def test_no_such_recipe(tmp_path):
    with pytest.raises(InputError, match="cannot read recipe"):
        read_recipe(tmp_path / "none.toml", Recipe)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("pretrain", "corpora = []\ntokens = []\nmax_length = 4", "max_length is 4; at least 6 is needed"),
        ("pretrain", "corpora = []\ntokens = []\nwarmup_share = 1.0", "warmup_share is 1.0; 0 to 0.99 is needed"),
        ("pseudo", 'corpora = ["a"]\nposts = [-1]\nteachers = ["b"]', "at least 1 of each corpus is needed"),
        ("finetune", 'train = ["a"]\nsecondary_share = 0.5', "less than 0.5 can go to the second motive"),
        ("finetune", 'train = ["a"]\nattention_dropout = 2', "attention_dropout is 2.0; 0 to 1 is needed"),
        ("finetune", 'train = ["a"]\nattention_dropout = "x"', "attention_dropout is 'x'; a value of type float"),
        ("finetune", 'train = ["a"]\nwarmup_share = 1.0', "warmup_share is 1.0; 0 to 0.99 is needed"),
    ],
)
def test_a_number_out_of_range_is_one_clear_line(tmp_path, kind, text, message):
    pytest.importorskip("torch")
    stage = importlib.import_module(f"whyshare.training.{kind}")
    with pytest.raises(InputError, match=r"recipe\.toml") as error:
        read_recipe(write(tmp_path, text), getattr(stage, f"{kind.capitalize()}Config"))
    assert message in str(error.value)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_every_recipe_that_comes_with_it_can_be_read(path):
    pytest.importorskip("torch")
    from whyshare.training.finetune_config import FinetuneConfig
    from whyshare.training.pretrain_config import PretrainConfig
    from whyshare.training.pseudo import PseudoConfig
    from whyshare.training.trim import TrimConfig

    kinds = {"encoder-cpu": PretrainConfig, "encoder-e5": TrimConfig, "pseudo": PseudoConfig}
    read_recipe(path, kinds.get(re.sub("-(2|3|en|zh)$", "", path.stem), FinetuneConfig))
