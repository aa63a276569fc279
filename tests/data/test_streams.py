import bz2
import gzip
import lzma
from pathlib import Path

import openpyxl
import pytest
from backports import zstd

from whyshare.data.errors import InputError
from whyshare.data.reading import read_posts

PACKED = {
    "UP.CSV.GZ": gzip.compress,
    "Up.Csv.Zst": zstd.compress,
    "up.csv.XZ": lzma.compress,
    "Up.CSV.Bz2": bz2.compress,
}


@pytest.mark.parametrize(("name", "pack"), PACKED.items())
def test_packed_files_with_endings_in_capitals(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack("text\n今天真好\n".encode()))
    assert [post.text for post in read_posts(tmp_path / name)] == ["今天真好"]


def test_a_long_window_as_in_the_dumps_of_reddit(tmp_path):
    long = {zstd.CompressionParameter.window_log: 31, zstd.CompressionParameter.enable_long_distance_matching: 1}
    with zstd.open(tmp_path / "RC_2015-01.zst", "wt", encoding="utf-8", options=long) as stream:
        stream.write('{"body": "so good"}\n')
    assert [post.text for post in read_posts(tmp_path)] == ["so good"]  # the folder, which holds that file alone


@pytest.mark.parametrize("text", ["id,text\n1,今天真好\n", '[{"text": "今天真好"}]', "今天真好\n"])
def test_a_packed_file_whose_name_does_not_tell_its_kind(tmp_path, text):
    (tmp_path / "posts.gz").write_bytes(gzip.compress(text.encode()))
    assert [post.text for post in read_posts(tmp_path / "posts.gz")] == ["今天真好"]


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


TRADITIONAL = "今天和朋友一起去陽明山看花，天氣真的很好\n請問有沒有人知道哪裡可以修手機？螢幕摔壞了，急！\n轉發這則貼文，就有機會獲得電影票\n"


@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("I\u2019m so happy today\ncaf\u00e9 au lait, na\u00efve\nplain\n10 \u20ac off\n", "cp1252"),
        (TRADITIONAL, "cp950"),
        (TRADITIONAL, "gb18030"),
        ("plain\n好\n", "gb18030"),
        ("plain😂\n今天😂😂\n", "gb18030"),
        ("第一行不\n二\n三不\n" * 9, "utf-16"),
        ("不" * 3000 + "\n二\n三\n", "utf-16"),
    ],
)
def test_what_excel_writes_in_other_countries(tmp_path, name, text, encoding):
    lines = [f'"{line}"' for line in text.splitlines()] if name == "a.csv" else text.splitlines()
    (tmp_path / name).write_bytes("\r\n".join([*(["text"] if name == "a.csv" else []), *lines, ""]).encode(encoding))
    assert [post.text for post in read_posts(tmp_path / name)] == text.splitlines()


@pytest.mark.parametrize("name", ["a.csv", "a.txt.gz", "a.json", "a.xlsx"])
def test_a_file_that_may_not_be_read(tmp_path, monkeypatch, name):
    def refuse(path, *_args, **_kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    openpyxl.Workbook().save(tmp_path / name)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"a\.\S+ may not be read"):
        list(read_posts(tmp_path / name))
