import errno
import gzip
import sys

import pytest

fsspec = pytest.importorskip("fsspec")

from whyshare.data.errors import InputError
from whyshare.data.reading import list_files, read_posts


@pytest.fixture
def bucket():
    """A store of files at memory://."""
    files = fsspec.filesystem("memory")
    files.pipe("/bucket/b.csv", b"id,text\n1,hi\n2,so,so\n")
    files.pipe("/bucket/a.txt.gz", gzip.compress("今天真好\n".encode()))
    files.pipe("/bucket/out.csv.rejects.jsonl", b"{}\n")
    files.pipe("/bucket/notes.md", b"none\n")
    files.pipe("/bucket/deeper/c.csv", b"text\nhi\n")
    yield files
    files.rm("/", recursive=True)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("memory://bucket/b.csv", ["b.csv"]),
        ("memory://bucket", ["a.txt.gz", "b.csv"]),
        ("memory://bucket/", ["a.txt.gz", "b.csv"]),
        ("memory://bucket/*.[ct]*[vz]", ["a.txt.gz", "b.csv"]),
        ("memory://bucket/**/*.csv", ["b.csv", "deeper/c.csv"]),
    ],
)
def test_a_file_a_folder_and_a_pattern(bucket, address, names):
    found = list_files((address,))
    assert [file.removeprefix("memory://").strip("/").removeprefix("bucket/") for file in found] == names


def test_posts_and_rejects_tell_the_address(bucket, temporary):
    rejects = []
    posts = read_posts("memory://bucket/b.csv", on_reject=rejects.append)
    assert [(post.text, post.file, post.row) for post in posts] == [("hi", "memory://bucket/b.csv", 2)]
    assert [(reject.file, reject.row) for reject in rejects] == [("memory://bucket/b.csv", 3)]
    assert not list(temporary.iterdir())


def test_any_protocol_and_a_name_that_looks_like_a_pattern(tmp_path):
    (tmp_path / "a[1].txt").write_text("one\n", encoding="utf-8")
    assert [post.text for post in read_posts(f"file://{tmp_path}/a[1].txt")] == ["one"]


def test_a_sheet_of_a_workbook(bucket, temporary, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.create_sheet("May").append(["text"])
    book["May"].append(["hi"])
    book.save(tmp_path / "a.xlsx")
    bucket.put_file(str(tmp_path / "a.xlsx"), "/bucket/a.xlsx")
    assert [post.text for post in read_posts("memory://bucket/a.xlsx::May")] == ["hi"]
    with pytest.raises(InputError, match=r"^memory://bucket/a\.xlsx has no sheet 'June'; it has Sheet, May$"):
        list(read_posts("memory://bucket/a.xlsx::June"))
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("memory://bucket/none.csv", "no such file or bucket: memory://bucket/none.csv; check the address"),
        ("memory://bucket/*.xlsx", "no file of posts at memory://bucket/*.xlsx; check the address"),
        ("memory://none", "no such file or bucket: memory://none; check the address"),
        ("memory://bucket/notes.md", "memory://bucket/notes.md has an ending that whyshare cannot read; it reads"),
        ("nope://a/b.csv", "nope://a/b.csv cannot be read (Protocol not known: nope); check the address"),
    ],
)
def test_a_wrong_address_is_one_line(bucket, temporary, address, message):
    with pytest.raises(InputError) as error:
        list(read_posts(address))
    assert str(error.value).startswith(message)
    assert not list(temporary.iterdir())


class NoCredentialsError(Exception):
    pass


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (PermissionError(13, "Access Denied"), r"cannot be read \(.*Access Denied\); ask its owner for access, or"),
        (
            NoCredentialsError("Unable to locate credentials"),
            r"\(Unable to locate credentials\); set AWS_ACCESS_KEY_ID",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), r"^no space left in .*temporary for a copy of .*TMPDIR"),
    ],
)
def test_what_cannot_be_copied_is_one_line(bucket, temporary, monkeypatch, raised, message):
    def refuse(*_args, **_kwargs):
        raise raised

    monkeypatch.setattr(type(bucket), "get_file", refuse)
    with pytest.raises(InputError, match=message):
        list(read_posts("memory://bucket/b.csv"))
    assert not list(temporary.iterdir())


def test_a_missing_package_names_the_pip_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError, match=r'^s3fs is not installed; s3://b/a\.csv needs: pip install "whyshare\[s3\]"$'):
        list(read_posts("s3://b/a.csv"))
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(InputError, match=r'^fsspec is not installed; .* needs: pip install "whyshare\[s3\]"$'):
        list(read_posts("memory://b/a.csv"))
