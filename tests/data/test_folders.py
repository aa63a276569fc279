import os
import sqlite3
from contextlib import closing

import pytest

from whyshare.data import databases
from whyshare.data.errors import InputError
from whyshare.data.reading import list_files, read_posts
from whyshare.data.results import PROBABILITY_COLUMNS
from whyshare.data.writing import open_writer


def write(path, text="text\nhi\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def label(path):
    columns = ["text", "motive", *PROBABILITY_COLUMNS]
    path.parent.mkdir(exist_ok=True)
    with open_writer(path, columns) as writer:
        writer.write(dict.fromkeys(columns, 0.125) | {"text": "hi", "motive": "help"})
    return path


def test_a_file_given_twice_is_read_once(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "p.csv")
    (tmp_path / "link.csv").symlink_to("p.csv")
    assert list_files(("p.csv", "./p.csv", str(tmp_path / "p.csv"), "link.csv", "p.csv")) == ["p.csv"]
    assert caplog.messages == [
        "./p.csv is the same file as p.csv; it is read once",
        f"{tmp_path}/p.csv is the same file as p.csv; it is read once",
        "link.csv is the same file as p.csv; it is read once",
        "p.csv is given twice; it is read once",
    ]


@pytest.mark.parametrize(
    "name", ["old.csv", "old.csv.gz", "old.jsonl", "old.json", "old.parquet", "old.xlsx", "old.tsv.zst"]
)
def test_what_whyshare_has_labelled_is_left_out_of_a_folder(tmp_path, caplog, name):
    label(tmp_path / "in" / name)
    with pytest.raises(
        InputError, match=rf"has no file of posts; it has {name}, which whyshare has labelled \(to label"
    ):
        list_files((tmp_path / "in",))
    new = write(tmp_path / "in" / "new.csv")
    assert list_files((tmp_path / "in",)) == [str(new)]
    assert caplog.messages == [
        f"of folder {tmp_path / 'in'}, not read: {name}, which whyshare has labelled (to label again, give the file itself)"
    ]
    assert list_files((tmp_path / "in" / name,)) == [str(tmp_path / "in" / name)]


def test_folders_that_are_not_read_are_named(tmp_path, caplog):
    write(tmp_path / "may" / "week" / "a.csv")
    for other in ("notes/a.md", ".git/a.json", "out.csv.parts/manifest.json"):
        write(tmp_path / other)
    with pytest.raises(InputError, match=rf"has no file of posts; it has its folders may{os.sep} \(give these too\)$"):
        list_files((tmp_path,))
    root = write(tmp_path / "root.csv")
    assert list_files((tmp_path,)) == [str(root)]
    assert caplog.messages == [f"of folder {tmp_path}, not read: its folders may{os.sep} (give these too)"]


@pytest.fixture
def database(tmp_path):
    """A database with a write-ahead log, whose last row is in the log for as long as it is open."""
    with closing(sqlite3.connect(tmp_path / "w.db")) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table posts (text)")
        connection.execute("insert into posts values ('hi')")
        connection.commit()
        yield tmp_path / "w.db"


def test_a_database_copied_without_its_log_is_told_of_it(tmp_path, database):
    copy = tmp_path / "copy.db"
    copy.write_bytes(database.read_bytes())
    with pytest.raises(InputError, match=r"copy.db has no tables; where it is a copy, copy copy.db-wal too"):
        list(read_posts(copy))
    (tmp_path / "copy.db-wal").write_bytes((tmp_path / "w.db-wal").read_bytes())
    assert [post.text for post in read_posts(copy)] == ["hi"]


def test_a_finished_database_is_read_where_nothing_can_be_written(tmp_path, database, monkeypatch):
    def connect(address, **options):
        if "immutable=1" not in address:
            raise sqlite3.OperationalError("attempt to write a readonly database")
        return real(address, **options)

    real = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(databases.sqlite3, "connect", connect)
        with pytest.raises(InputError, match="attempt to write a readonly database"):  # its log is still there
            list(read_posts(database))
    with closing(real(database)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    copy = tmp_path / "copy.db"
    copy.write_bytes(database.read_bytes())
    monkeypatch.setattr(databases.sqlite3, "connect", connect)
    assert [post.text for post in read_posts(copy)] == ["hi"]
