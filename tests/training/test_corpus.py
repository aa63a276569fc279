import json

import pytest

from whyshare.data.errors import InputError
from whyshare.data.fingerprints import text_fingerprint
from whyshare.training.corpus import held_out_fingerprints, read_corpus


def test_texts_are_held_out_by_themselves_or_by_what_stands_in_their_place(tmp_path):
    rows = [{"text": "one"}, {"sha256": text_fingerprint("two")}, {"text": "three", "split": "train"}]
    (tmp_path / "held.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    held = held_out_fingerprints([tmp_path / "held.jsonl"])
    assert held == {text_fingerprint("one"), text_fingerprint("two")}


@pytest.mark.parametrize(("name", "content"), [("posts.csv", "text\nhi\n"), ("a.jsonl", '{"content": "hi"}\n')])
def test_a_file_of_another_kind_is_one_line(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=f"{name} row 1 is no JSON object with text; give such a JSONL file"):
        list(read_corpus(tmp_path / name))
