import json
import os
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whyshare.cli import main
from whyshare.data.errors import InputError
from whyshare.data.reading import read_posts
from whyshare.inference.outputs import output_files


def test_a_folder_gets_a_file_for_each_input(tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("id,text\n1,help\n2,win,x\n3,好\n4,the,x\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "今天", "city": "北京"}\n{"text": "you"}\n', encoding="utf-8")
    (tmp_path / "c.txt").write_text("小心\n求助\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("text\n", encoding="utf-8")
    files = ["a.csv", "b.jsonl", "empty.csv", "c.txt"]
    command = ["label", *files, "--model", str(tiny_model), "--json", "-o"]
    assert main([*command, "out/"]) == 1
    assert json.loads(capsys.readouterr().out)["posts"] == 6
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.csv", "b.jsonl", "c.csv", "empty.csv"]
    assert [post.text for post in read_posts(tmp_path / "out/a.csv")] == ["help", "好"]
    assert list(next(read_posts(tmp_path / "out/b.jsonl")).fields)[:3] == ["text", "city", "motive"]
    assert [json.loads(line)["row"] for line in (tmp_path / "out.rejects.jsonl").open(encoding="utf-8")] == [3, 5]
    main([*command, "one.jsonl"])
    together = [post.fields["p_help"] for post in read_posts(tmp_path / "one.jsonl")]
    apart = [post.fields["p_help"] for file in ("a", "b", "c") for post in read_posts(*tmp_path.glob(f"out/{file}.*"))]
    assert [float(value) for value in apart] == together
    assert main([*command, "out/", "--limit", "3"]) == 1
    assert [len(list(read_posts(f"out/{name}"))) for name in ("a.csv", "b.jsonl")] == [2, 1]


def test_a_folder_that_would_lose_something_is_refused(tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    for name in ("a.csv", "x/a.csv", "x/A.csv", "a.txt"):
        (tmp_path / name).write_text("text\nhelp\n", encoding="utf-8")
    for arguments, message in (
        (["a.csv", "x/a.csv", "-o", "out/"], "a.csv and x/a.csv would both become out/a.csv"),
        (["a.csv", "a.txt", "-o", "out/"], "a.csv and a.txt would both become out/a.csv"),
        (["a.csv", "x/A.csv", "-o", "out/"], "a.csv and x/A.csv would both become out/A.csv"),  # on macOS and Windows
        (["x/a.csv", "-o", "x"], "x/a.csv is an input too"),
        (["a.csv", "-o", "none/out/"], "no folder"),
        (["a.csv", "-o", "a.txt/"], "a.txt is a file; a folder is needed"),
    ):
        assert main(["label", "--model", str(tiny_model), *arguments]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert (tmp_path / "x/a.csv").read_text(encoding="utf-8") == "text\nhelp\n"
    assert not (tmp_path / "out").exists()


def test_the_rejects_take_the_place_of_nothing(tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("text\nhelp\n", encoding="utf-8")
    (tmp_path / "out.csv.rejects.jsonl").write_text('{"text": "win"}\n', encoding="utf-8")
    (tmp_path / "folder.rejects.jsonl").mkdir()
    for arguments, message in (
        (["a.csv", "out.csv.rejects.jsonl", "-o", "out.csv"], "out.csv.rejects.jsonl is an input, and rows that"),
        (["a.csv", "-o", "folder/"], "folder.rejects.jsonl is a folder, where rows that cannot be read would go"),
    ):
        assert main(["label", "--model", str(tiny_model), *arguments]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert (tmp_path / "out.csv.rejects.jsonl").read_text(encoding="utf-8") == '{"text": "win"}\n'


def test_posts_of_several_inputs_tell_which_they_are_from(tiny_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2026-01-01.csv").write_text("text\nhelp\nwin\n", encoding="utf-8")
    (tmp_path / "2026-01-02.jsonl").write_text('{"text": "help", "file": "mine"}\n', encoding="utf-8")
    inputs = ["2026-01-01.csv", "2026-01-02.jsonl"]
    command = ["label", "--model", str(tiny_model), "--quiet", "-o"]
    main([*command, "both.csv", *inputs])
    both = [post.fields for post in read_posts("both.csv")]
    assert list(both[0])[:4] == ["text", "file", "file_whyshare", "motive"]
    assert [(row["file"], row["file_whyshare"]) for row in both] == [
        ("", "2026-01-01.csv"), ("", "2026-01-01.csv"), ("mine", "2026-01-02.jsonl")
    ]  # fmt: skip
    main([*command, "one.csv", inputs[0]])
    assert "file" not in next(read_posts("one.csv")).fields


def test_what_was_labelled_is_shown_and_nothing_else(tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.csv").write_text("note\nmine\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text('review,title\nhelp me,one\n" ",two\n', encoding="utf-8")
    command = ["label", "a.csv", "-o", "out", "--text-column", "review", "--model", str(tiny_model), "--show"]
    assert main(command) == 0
    _, _, first, second, *_ = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r" *[a-z]+ \S{4} +[01]\.\d\d +help me *", first)
    assert not second.strip()


def test_a_rejected_row_of_a_file_whose_name_is_no_utf8(tiny_model, tmp_path):
    source = tmp_path / os.fsdecode("微博.csv".encode("gbk"))
    source.write_text("id,text\n1,help\n2,a,b\n", encoding="utf-8")
    output = tmp_path / "out.csv"
    assert main(["label", str(source), "-o", str(output), "--model", str(tiny_model), "--quiet"]) == 1
    assert json.loads((tmp_path / "out.csv.rejects.jsonl").read_text(encoding="utf-8"))["row"] == 3


def test_parquet_and_databases_of_any_name(tiny_model, tmp_path):
    folder = tmp_path / os.fsdecode("微博".encode("gbk"))
    folder.mkdir()
    pq.write_table(pa.table({"text": ["help", "win"]}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").rename(folder / "n\udcff.parquet")
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("create table posts (text)")
        database.execute("insert into posts values ('help')")
        database.commit()
    (tmp_path / "a.db").rename(folder / "n\udcff.db")
    inputs = [str(folder / f"n\udcff.{kind}") for kind in ("parquet", "db")]
    for given in (inputs[:1], inputs):
        output = folder / f"out{len(given)}\udcff.parquet"
        assert main(["label", *given, "-o", str(output), "--model", str(tiny_model), "--quiet"]) == 0
        assert len(list(read_posts(output))) == len(given) + 1


def test_the_folder_where_one_is_can_be_named(tiny_model, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "posts.csv").write_text("text\nhelp\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    assert main(["label", "../*.csv", "-o", "./", "--model", str(tiny_model), "--quiet"]) == 0
    assert (tmp_path / "here" / "posts.csv").is_file()


def test_only_the_ending_of_an_input_is_replaced(tmp_path):
    names = ["a.v1.txt", "a.v2.txt", "b.1.txt.gz", "c.jsonl.zst", "d.2.xlsm", "e.x.db::posts", "f.x.csv"]
    planned = [path.name for path in output_files(tmp_path / "out", True, names)]
    assert planned == ["a.v1.csv", "a.v2.csv", "b.1.csv", "c.jsonl.zst", "d.2.csv", "e.x-posts.csv", "f.x.csv"]


@pytest.mark.parametrize("closed", ["", "out"])
def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch, closed):
    (tmp_path / "out").mkdir()
    real_touch = Path.touch

    def touch(path, **options):
        if path.parent == tmp_path / closed:
            raise PermissionError(13, "Permission denied")
        real_touch(path, **options)

    monkeypatch.setattr(Path, "touch", touch)
    with pytest.raises(InputError, match=r"cannot write into folder .* \(Permission denied\); choose another output"):
        output_files(tmp_path / "out", True, ["a.csv"])


@pytest.mark.parametrize("length", [241, 242])
def test_a_long_name_is_written_or_refused_at_once(tiny_model, tmp_path, monkeypatch, capsys, length):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("text\nhelp\na,b\n", encoding="utf-8")
    command = ["label", "a.csv", "-o", f"{'x' * (length - 4)}.csv", "--model", str(tiny_model), "--quiet"]
    if length < 242:  # with .rejects.jsonl, 255 bytes may not be exceeded
        assert main(command) == 1
        assert len(list(tmp_path.iterdir())) == 3
    else:
        assert main(command) == 2
        assert "rejects.jsonl (File name too long); choose another output" in capsys.readouterr().err


def test_an_input_without_posts_leaves_no_new_folder(tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("text\n", encoding="utf-8")
    assert main(["label", "a.csv", "-o", "out/", "--model", str(tiny_model)]) == 2
    assert "no post could be read" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_parquet_to_parquet_keeps_the_types_of_columns(tiny_model, tmp_path):
    types = {
        "text": pa.dictionary(pa.int32(), pa.string()), "small": pa.int8(), "half": pa.float32(),
        "price": pa.decimal128(10, 2), "tags": pa.map_(pa.string(), pa.int32()), "at": pa.timestamp("ns", "UTC"),
        "none": pa.null(), "never": pa.int16(), "nested": pa.struct({"a": pa.list_(pa.int8())}),
    }  # fmt: skip
    values = {
        "text": ["help", "help", None], "small": [1, None, 3], "half": [0.1, 2.0, None],
        "price": [Decimal("1.50"), None, Decimal("2.00")], "tags": [[("a", 1)], [], None],
        "at": [datetime(2020, 1, 1, tzinfo=UTC)] * 3, "none": [None] * 3, "never": [None] * 3,
        "nested": [{"a": [1]}, {"a": None}, None],
    }  # fmt: skip
    table = pa.table([pa.array(values[name], type=types[name]) for name in types], names=list(types))
    pq.write_table(table, tmp_path / "a.parquet")
    other = table.select(["text"]).append_column("small", pa.array([1000, 2, 3], type=pa.int16()))
    pq.write_table(other, tmp_path / "b.parquet")
    command = ["label", "--model", str(tiny_model), "--quiet", str(tmp_path / "a.parquet")]
    assert main([*command, "-o", str(tmp_path / "out.parquet")]) == 0
    assert pq.read_table(tmp_path / "out.parquet").select(list(types)).equals(table)
    assert main([*command, str(tmp_path / "b.parquet"), "-o", str(tmp_path / "both.parquet")]) == 0
    both = pq.read_table(tmp_path / "both.parquet")
    assert both.schema.field("price").type == types["price"]
    assert both.column("small").to_pylist() == [1, None, 3, 1000, 2, 3]


def test_parquet_to_parquet_keeps_bytes_and_nan(tiny_model, tmp_path):
    table = pa.table(
        {
            "text": pa.array([b"help", "求助".encode(), None], type=pa.binary()),
            "digest": pa.array([b"////", b"\xff\xff\xff\x00", None], type=pa.binary(4)),
            "score": pa.array([float("nan"), None, 1.5], type=pa.float32()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert main(["label", str(tmp_path / "a.parquet"), "-o", str(tmp_path / "out.parquet"),
                 "--model", str(tiny_model), "--quiet"]) == 0  # fmt: skip
    kept = pq.read_table(tmp_path / "out.parquet").select(table.column_names)
    assert kept.schema.equals(table.schema)
    assert str(kept.to_pylist()) == str(table.to_pylist())  # nan is not equal to itself


def test_lists_and_structs_that_hold_nan_stay_what_they_are(tiny_model, tmp_path):
    nan = float("nan")
    table = pa.table(
        {
            "text": ["help", "win", "好"],
            "scores": pa.array([[1.5, nan], None, [None]], type=pa.list_(pa.float32())),
            "place": pa.array([{"lat": nan, "lon": None}, {"lat": 2.0, "lon": 3.0}, None]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    for kind in ("parquet", "jsonl", "csv", "xlsx"):
        command = ["label", "--model", str(tiny_model), "--quiet", str(tmp_path / "a.parquet")]
        assert main([*command, "-o", str(tmp_path / f"out.{kind}")]) == 0
    kept = pq.read_table(tmp_path / "out.parquet").select(table.column_names)
    assert [column.type for column in kept.columns] == [column.type for column in table.columns]
    assert str(kept.to_pylist()) == str(table.to_pylist())  # nan is not equal to itself
    for kind, read in (("jsonl", lambda value: value), ("csv", json.loads), ("xlsx", json.loads)):
        fields = [post.fields for post in read_posts(tmp_path / f"out.{kind}")]
        assert read(fields[0]["scores"]) == [1.5, None]
        assert read(fields[1]["place"]) == {"lat": 2.0, "lon": 3.0}
        assert [bool(row["place"]) for row in fields] == [True, True, False]
