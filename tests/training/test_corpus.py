import json

import pytest

from whyshare.data.errors import InputError
from whyshare.data.fingerprints import text_fingerprint
from whyshare.training.corpus import CorpusText, held_out_fingerprints, read_corpus


def test_texts_are_held_out_by_themselves_or_by_what_stands_in_their_place(tmp_path):
    rows = [{"text": "one"}, {"sha256": text_fingerprint("two")}, {"text": "three", "split": "train"}]
    (tmp_path / "held.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    held = held_out_fingerprints([tmp_path / "held.jsonl"])
    assert held == {text_fingerprint("one"), text_fingerprint("two")}


def test_no_text_is_let_through_for_what_stands_beside_or_before_it(tmp_path):
    rows = [{"title": "a title", "sha256": text_fingerprint(str(number))} for number in range(200)]
    (tmp_path / "titles.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    rows = [{"sha256": text_fingerprint("one")}] * 200 + [{"text": "two"}]  # more than are looked at for columns
    (tmp_path / "both.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    held = held_out_fingerprints([tmp_path / "titles.jsonl", tmp_path / "both.jsonl"])
    assert held >= {text_fingerprint(text) for text in ("0", "199", "one", "two")}


def test_any_table_can_be_held_out_or_learnt_from(tmp_path):
    (tmp_path / "test.csv").write_text("内容,split\none,test\nthree,train\n", encoding="utf-8")
    (tmp_path / "labels.csv").write_text(f"id,sha256\n1,{text_fingerprint('two')}\n", encoding="utf-8")
    held = held_out_fingerprints([tmp_path / "test.csv", tmp_path / "labels.csv"])
    assert held == {text_fingerprint("one"), text_fingerprint("two")}
    rows = [f"post {number},comment,sky,{'rain' if number % 2 else ''}" for number in range(20)]
    (tmp_path / "corpus.csv").write_text("\n".join(["text,kind,source,weak_label", "one,,,", *rows]), encoding="utf-8")
    texts = list(read_corpus(tmp_path / "corpus.csv", held))
    assert texts[:2] == [CorpusText("post 0", "comment", "sky", None), CorpusText("post 1", "comment", "sky", "rain")]
    assert len(texts) == 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id\n1\n", r"posts\.csv has no column text; it has id: rename that of the texts"),
        ('{"text": [5]}\n', r"posts\.csv row 1: the text is not a text but \[5\]"),
    ],
)
def test_a_file_without_texts_is_one_line(tmp_path, content, message):
    name = "posts.jsonl" if content.startswith("{") else "posts.csv"
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message.replace("csv", name[6:])):
        list(read_corpus(tmp_path / name))
    with pytest.raises(
        InputError, match=message.replace("csv", name[6:]).replace("column text", "column text or sha256")
    ):
        held_out_fingerprints([tmp_path / name])
