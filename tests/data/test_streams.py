import gzip
from pathlib import Path

import openpyxl
import pytest
import zstandard

from whyshare.data.errors import InputError
from whyshare.data.reading import read_posts


@pytest.mark.parametrize(("name", "pack"), [("UP.CSV.GZ", gzip.compress), ("Up.Csv.Zst", zstandard.compress)])
def test_endings_in_capitals(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack("text\n今天真好\n".encode()))
    assert [post.text for post in read_posts(tmp_path / name)] == ["今天真好"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "正文\t编号\n今天真好\t1\n😂\t2\n"),
        ("a.jsonl", '{"正文": "今天真好"}\n{"正文": "😂"}\n'),
        ("a.json", '[{"正文": "今天真好"}, {"正文": "😂"}]'),
        ("a.txt", "今天真好\n😂\n"),
    ],
)
def test_every_text_kind_in_every_encoding(tmp_path, name, text, encoding):
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert [post.text for post in read_posts(tmp_path / name)] == ["今天真好", "😂"]


@pytest.mark.parametrize("name", ["a.csv", "a.txt.gz", "a.json", "a.xlsx"])
def test_a_file_that_may_not_be_read(tmp_path, monkeypatch, name):
    def refuse(path, *_args, **_kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    openpyxl.Workbook().save(tmp_path / name)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"a\.\S+ may not be read"):
        list(read_posts(tmp_path / name))
