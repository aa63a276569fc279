import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("jieba")

from whyshare import Labeller
from whyshare.cli import main
from whyshare.data.errors import InputError
from whyshare.data.reading import read_posts
from whyshare.training.predict import predict_logits
from whyshare.training.pseudo import PseudoConfig, pseudo_label, read_pseudo


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.jsonl"
    kinds = ["post", "post", "comment"]
    rows = [{"text": f"今天天气真好 win {number}", "kind": kinds[number % 3]} for number in range(60)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_a_single_teacher_says_what_the_labeller_says(corpus, tiny_model, tmp_path):
    out = tmp_path / "pseudo.jsonl"
    pseudo_label(PseudoConfig((str(corpus),), (20,), teachers=(str(tiny_model),)), out)
    texts, probs = read_pseudo(out)
    assert len(texts) == len(set(texts)) == 20
    np.testing.assert_allclose(probs, Labeller.load(tiny_model).probabilities(texts), atol=2e-4)


def test_what_teachers_say_can_be_any_table(corpus, tiny_model, tmp_path):
    read = []
    for name in ("pseudo.jsonl", "pseudo.csv"):
        pseudo_label(PseudoConfig((str(corpus),), (20,), teachers=(str(tiny_model),)), tmp_path / name)
        read.append(read_pseudo(tmp_path / name))
    assert read[0][0] == read[1][0]
    np.testing.assert_array_equal(read[0][1], read[1][1])
    lines = (tmp_path / "pseudo.csv").read_text(encoding="utf-8-sig").splitlines()
    for row, message in (
        (re.sub(r",[\d.]+$", ",", lines[1]), "row 2 lacks p_warning; give a file of whyshare pseudo"),
        (re.sub(r",[\d.]+$", ",high", lines[1]), "row 2 has a probability that is no number from 0 to 1; mend it"),
        (re.sub(r",[\d.]+$", ",nan", lines[1]), "row 2 has a probability that is no number from 0 to 1"),
        (re.sub(r",[\d.]+$", ",25", lines[1]), "row 2 has a probability that is no number from 0 to 1"),
    ):
        (tmp_path / "pseudo.csv").write_text(f"{lines[0]}\n{row}\n", encoding="utf-8")
        with pytest.raises(InputError, match=message):
            read_pseudo(tmp_path / "pseudo.csv")


def test_held_out_texts_are_refused_and_comments_left_out(corpus, tiny_model, tmp_path):
    held = [post.text for post in read_posts(corpus)][:1]
    (tmp_path / "test.jsonl").write_text(json.dumps({"text": held[0]}), encoding="utf-8")
    config = PseudoConfig((str(corpus),), (100,), held_out=(str(tmp_path / "test.jsonl"),), teachers=(str(tiny_model),))
    pseudo_label(config, tmp_path / "pseudo.jsonl")
    texts, _ = read_pseudo(tmp_path / "pseudo.jsonl")
    assert len(texts) == 39
    assert held[0] not in texts


def test_one_language_alone_can_be_labelled(tiny_model, tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        "\n".join(json.dumps({"text": text}) for text in ("今天天气真好啊", "win win win")), encoding="utf-8"
    )
    config = PseudoConfig((str(path),), (9,), teachers=(str(tiny_model),), languages=("en",), min_characters=1)
    pseudo_label(config, tmp_path / "pseudo.jsonl")
    texts, exact = read_pseudo(tmp_path / "pseudo.jsonl")
    assert texts == ["win win win"]
    pseudo_label(replace(config, bfloat16=True), tmp_path / "pseudo.jsonl")
    rounded = read_pseudo(tmp_path / "pseudo.jsonl")[1]
    assert (rounded != exact).any()
    np.testing.assert_allclose(rounded, exact, atol=0.05)


def test_the_probabilities_of_several_teachers_are_averaged(corpus, tiny_model, tmp_path):
    other = shutil.copytree(tiny_model, tmp_path / "other")
    settings = json.loads((other / "whyshare.json").read_text(encoding="utf-8"))
    settings["temperature"] = {"all": 4.0}
    (other / "whyshare.json").write_text(json.dumps(settings), encoding="utf-8")
    said = []
    for teachers in ((tiny_model,), (other,), (tiny_model, other)):
        config = PseudoConfig((str(corpus),), (10,), teachers=tuple(map(str, teachers)))
        pseudo_label(config, tmp_path / "pseudo.jsonl")
        said.append(read_pseudo(tmp_path / "pseudo.jsonl")[1])
    assert (said[0] != said[1]).any()
    np.testing.assert_allclose(said[2], (said[0] + said[1]) / 2, atol=2e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_characters": 1000}, r"corpus\.jsonl: no post of 1000 characters or more; lower min_characters"),
        ({"languages": ("en", "other")}, r"corpus\.jsonl: no post in en, other of 8 characters or more"),
    ],
)
def test_no_text_to_label_is_one_line(corpus, tiny_model, tmp_path, changes, message):
    config = PseudoConfig((str(corpus),), (10,), teachers=(str(tiny_model),), **changes)
    with pytest.raises(InputError, match=message):
        pseudo_label(config, tmp_path / "pseudo.jsonl")
    assert not (tmp_path / "pseudo.jsonl").exists()


def test_no_teacher_is_an_error(corpus):
    with pytest.raises(ValueError, match="teachers is empty; name at least one model folder"):
        PseudoConfig((str(corpus),), (10,), teachers=())
    with pytest.raises(ValueError, match="posts names 2 numbers for 1 corpora"):
        PseudoConfig((str(corpus),), (1, 2), teachers=("x",))
    with pytest.raises(ValueError, match="languages names 'english'; known are zh, en"):
        PseudoConfig((str(corpus),), (1,), teachers=("x",), languages=("english",))


def test_logits_come_in_order_whatever_the_lengths(tiny_model):
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(tiny_model, dtype=torch.float32)
    ids = [[2, 7, 3], [2, *range(8, 20), 3], [2, 9, 10, 3]]
    together = predict_logits(model, ids)
    alone = np.concatenate([predict_logits(model, [one]) for one in ids])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_a_held_out_corpus_is_a_mistake(corpus, tiny_model, tmp_path):
    config = PseudoConfig((str(corpus),), (10,), held_out=(str(corpus),), teachers=(str(tiny_model),))
    with pytest.raises(InputError, match="60 of 60 texts are in a test set"):
        pseudo_label(config, tmp_path / "pseudo.jsonl")


def test_a_corpus_is_never_written_over(corpus, tiny_model, tmp_path, capsys):
    before = corpus.read_bytes()
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'corpora = ["{corpus}"]\nposts = [1]\nteachers = ["{tiny_model}"]\n', encoding="utf-8")
    assert main(["pseudo", str(recipe), "-o", str(corpus)]) == 2
    assert "corpus.jsonl" in capsys.readouterr().err
    assert corpus.read_bytes() == before
