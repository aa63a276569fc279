"""``training/recipes/README.md`` lists every key of every kind of recipe with its default."""

import re
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

pytest.importorskip("torch")

from whyshare.training.finetune_config import FinetuneConfig
from whyshare.training.pretrain_config import PretrainConfig
from whyshare.training.pseudo import PseudoConfig
from whyshare.training.trim import TrimConfig
from whyshare.training.vocabulary import VocabularyConfig

README = (Path(__file__).parents[2] / "training" / "recipes" / "README.md").read_text(encoding="utf-8")


def default_of(field):
    if field.default_factory is not MISSING:
        return "see below"
    return list(field.default) if isinstance(field.default, tuple) else field.default


def read_default(cell):
    if cell.startswith("none"):
        return MISSING if cell == "none: needed" else None
    return tomllib.loads(f"value = {cell.strip('`')}")["value"] if cell.startswith("`") else cell


@pytest.mark.parametrize(
    ("heading", "config"),
    [
        ("`whyshare train`", FinetuneConfig),
        ("`whyshare pretrain`", PretrainConfig),
        ("`[vocabulary]` of `whyshare pretrain`", VocabularyConfig),
        ("`whyshare pseudo`", PseudoConfig),
        ("`whyshare trim`", TrimConfig),
    ],
)
def test_every_key_is_listed_with_its_default(heading, config):
    [section] = re.findall(rf"^### {re.escape(heading)}\n(.*?)(?=^### |\Z)", README, re.MULTILINE | re.DOTALL)
    listed = {
        key: read_default(default) for key, default in re.findall(r"^\| `(\w+)` \| (.+?) \|", section, re.MULTILINE)
    }
    assert listed == {field.name: default_of(field) for field in fields(config)}
