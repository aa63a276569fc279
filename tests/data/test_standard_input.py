import bz2
import errno
import gzip
import io
import lzma
import shutil
import sys

import pytest
from backports import zstd

from whyshare.data.errors import InputError
from whyshare.data.reading import read_posts


@pytest.fixture
def standard_input(monkeypatch):
    """Let standard input give these bytes."""

    def give(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress])
@pytest.mark.parametrize(
    "data",
    [
        '编号,正文\n1,今天真好\n2,"转发，\n抽奖"\n',
        '[{"编号": "1", "正文": "今天真好"}, {"编号": "2", "正文": "转发，\\n抽奖"}]',
    ],
)
def test_a_table_in_any_encoding_and_compression(standard_input, encoding, pack, data):
    standard_input(pack(data.encode(encoding)))
    posts = list(read_posts("-"))
    assert [post.text for post in posts] == ["今天真好", "转发，\n抽奖"]
    assert [post.fields["编号"] for post in posts] == ["1", "2"]


@pytest.mark.parametrize("data", ["id,review\n1,so good\n", "id\treview\n1,5\tgood, so\n", "id;review\n1;a, b\n2;c\n"])
def test_a_table_without_a_usual_column_is_no_prose(standard_input, data):
    standard_input(data.encode())
    with pytest.raises(InputError, match=r"^standard input has no text column among id, review; name it with --text-"):
        list(read_posts("-"))
    standard_input(data.encode())
    assert {tuple(post.fields) for post in read_posts("-", text_column="review")} == {("id", "review")}


PROSE = [
    "Hello, world\nGood night, moon\n",
    "I came, I saw.\nI went, I slept.\nYou came, you saw.\nYou went, you slept.\n",
    "one line, that is all\n",
    "[哈哈] 今天, 真好\n[哭] 明天, 不好\n",
    '{not json}\n{"nor,this\n',
    '"quoted, and never closed\nmore, of this\n',
    "",
    "\n",
]


@pytest.mark.parametrize("data", PROSE)
def test_prose_is_a_line_a_post(standard_input, data):
    standard_input(data.encode("gb18030"))
    if data:
        assert [post.text for post in read_posts("-")] == data.splitlines()
    else:
        with pytest.raises(InputError, match=r"^standard input is empty"):
            list(read_posts("-"))


def test_bad_rows_do_not_make_it_prose(standard_input):
    standard_input(b"id,review\n" + b"1,good\n" * 20 + b"2,so, so\n" + b"3,bad\n" * 60)
    rejects = []
    assert len(list(read_posts("-", text_column="review", on_reject=rejects.append))) == 80
    assert [(reject.file, reject.row) for reject in rejects] == [("standard input", 22)]


def test_json_whose_first_record_is_damaged(standard_input):
    standard_input(b'{"text": "a\n{"text": "b"}\n')
    assert [post.text for post in read_posts("-", on_reject=lambda reject: None)] == ["b"]


def test_json_over_several_lines(standard_input):
    standard_input(b'{\n  "posts": [\n    {"text": "a"}\n  ]\n}\n')
    assert [post.text for post in read_posts("-")] == ["a"]


def test_no_room_for_a_copy(standard_input, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    standard_input(b"text\nhi\n")
    monkeypatch.setattr(shutil, "copyfileobj", refuse)
    with pytest.raises(InputError, match=r"^no space left in .* for a copy of standard input; .*TMPDIR"):
        list(read_posts("-"))


@pytest.mark.parametrize("data", [b"%PDF-1.7\n" + bytes(100), gzip.compress(b"a\n" * 9999)[:-9], bytes(100)])
def test_errors_name_no_temporary_file(standard_input, data):
    standard_input(data)
    with pytest.raises(InputError, match=r"^standard input (is|ends|cannot)"):
        list(read_posts("-"))


def test_standard_input_that_is_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="standard input is closed; give a file"):
        list(read_posts("-"))
