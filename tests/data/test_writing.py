import csv
import gc
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from whyshare.data.cells import escape_formula, unescape_formula
from whyshare.data.columns import merge_columns
from whyshare.data.errors import InputError
from whyshare.data.reading import read_posts
from whyshare.data.whole_files import write_json, written_whole
from whyshare.data.writing import check_output, open_writer

NOON = datetime(2024, 5, 1, 12)
SHANGHAI = NOON.replace(tzinfo=timezone(timedelta(hours=8)))
NAMES = [
    "a.csv",
    "a.tsv",
    "a.jsonl",
    "a.json",
    "a.parquet",
    "a.xlsx",
    "a.csv.gz",
    "a.jsonl.zst",
    "a.tsv.xz",
    "a.json.bz2",
]
CELLS = st.text(
    alphabet=st.characters(
        codec="utf-8", exclude_characters="\r\x00\ufffe\uffff\x85\u2028\u2029", exclude_categories=["Cc"]
    )
)


def write(path, rows, columns=("text", "n")):
    with open_writer(path, columns) as writer:
        for row in rows:
            writer.write(dict(zip(columns, row, strict=True)))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_can_be_read(tmp_path, name):
    write(tmp_path / name, [("今天，\n“好”", 1.5), ("=1+1", None), ("@user hi", 2.0)])
    posts = list(read_posts(tmp_path / name))
    assert [unescape_formula(post.text) for post in posts] == ["今天，\n“好”", "=1+1", "@user hi"]
    assert [float(post.fields["n"] or 0) for post in posts] == [1.5, 0, 2]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.xlsx"])
@pytest.mark.parametrize("text", ["one\rtwo", "one_x000D_two", "_x005F_x000D_"])
def test_a_carriage_return_in_a_cell_can_be_read(tmp_path, name, text):
    write(tmp_path / name, [(text, 1), ("three", 2)])
    assert [post.text for post in read_posts(tmp_path / name)] == [text, "three"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(NAMES), st.lists(CELLS, min_size=1, max_size=5))
def test_any_text_survives(tmp_path, name, texts):
    write(tmp_path / name, [(text, index) for index, text in enumerate(texts)])
    read = [post.text for post in read_posts(tmp_path / name)]
    escaped = ".csv" in name or ".tsv" in name
    assert [unescape_formula(text) if escaped else text for text in read] == texts


@pytest.mark.parametrize("name", NAMES)
def test_half_an_emoji_and_a_huge_number_can_be_written(tmp_path, name):
    write(tmp_path / name, [("half \ud83d", 10**30), ("whole", 1)])
    posts = list(read_posts(tmp_path / name))
    assert posts[0].text.startswith("half")
    assert int(posts[0].fields["n"]) == 10**30


@given(st.text())
def test_formula_escape_is_undone(cell):
    assert unescape_formula(escape_formula(cell)) == cell


@pytest.mark.parametrize(
    ("cell", "escaped"),
    [("=SUM(A1)", "'=SUM(A1)"), ("-5", "-5"), ("+1,234.5%", "+1,234.5%"), ("-x", "'-x"), ("@a", "'@a"), ("a=b", "a=b")],
)
def test_what_a_spreadsheet_would_run(cell, escaped):
    assert escape_formula(cell) == escaped


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_names_of_columns_are_cells_too(tmp_path, name):
    columns = ["text", "=cmd|' /C calc'!A0", "one\x00\rtwo"]
    write(tmp_path / name, [("hi", 1, 2)], columns)
    [post] = read_posts(tmp_path / name)
    assert list(post.fields) == ["text", "'=cmd|' /C calc'!A0", "one\rtwo"]


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_an_empty_cell(tmp_path, name):
    write(tmp_path / name, [("a", float("nan")), ("b", 2**53 + 1), ("c", float("nan"))])
    numbers = [post.fields["n"] for post in read_posts(tmp_path / name)]
    assert [number and int(number) for number in numbers] in ([None, 2**53 + 1, None], ["", 2**53 + 1, ""])


def test_infinity_does_not_damage_a_workbook(tmp_path):
    write(tmp_path / "a.xlsx", [("a", float("inf"))])
    [_, row] = openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows()
    assert (row[1].value, row[1].data_type) == ("inf", "s")


def test_csv_opens_in_excel(tmp_path):
    write(tmp_path / "a.csv", [("好", 0.25)])
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(data.decode("utf-8-sig").splitlines())) == [["text", "n"], ["好", "0.25"]]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.json", "a.parquet"])
@given(number=st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(number=39.90419991234)
@example(number=1e-8)
@example(number=970_000 / 1_000_000)
def test_numbers_stay_exactly_as_they_were(tmp_path, name, number):
    write(tmp_path / name, [("x", number)])
    [post] = read_posts(tmp_path / name)
    assert float(post.fields["n"]) == number
    assert len(str(post.fields["n"])) <= len(repr(number))


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_what_is_no_number_in_json_is_null(tmp_path, name):
    write(tmp_path / name, [("x", float("nan")), ("y", {"list": [float("inf"), 1.5]})])
    written = (tmp_path / name).read_text(encoding="utf-8")
    assert "NaN" not in written
    assert "Infinity" not in written
    assert [post.fields["n"] for post in read_posts(tmp_path / name)] == [None, {"list": [None, 1.5]}]


def test_workbooks_store_formulas_as_texts_and_cut_what_excel_cannot_hold(tmp_path):
    with open_writer(tmp_path / "a.xlsx", ["text"]) as writer:
        writer.write({"text": "=1+1"})
        writer.write({"text": "x" * 40_000})
        writer.write({"text": "bell\x07"})
        assert writer.shortened == 1
    cells = [row[0] for row in openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows()]
    assert (cells[1].value, cells[1].data_type) == ("=1+1", "s")
    assert len(cells[2].value) == 32_767
    assert cells[3].value == "bell"


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "a.csv").symlink_to(tmp_path / "disk" / "b.csv")
    write(tmp_path / "a.csv", [("hi", 1)])
    assert (tmp_path / "a.csv").is_symlink()
    assert [post.text for post in read_posts(tmp_path / "disk" / "b.csv")] == ["hi"]
    assert len(list((tmp_path / "disk").iterdir())) == 1


@pytest.mark.filterwarnings("error")  # a file that was left open says so when it is collected
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_when_writing_fails(tmp_path, monkeypatch, name):
    folder, temporary = tmp_path / "out", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    (folder / name).write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError), open_writer(folder / name, ["text"]) as writer:
        writer.write({"text": "a"})
        raise RuntimeError
    del writer
    gc.collect()
    assert [path.name for path in folder.iterdir()] == [name]
    assert not list(temporary.iterdir())
    assert (folder / name).read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ([1, 2, None], [1, 2, None]),
        ([1, 2, 0.5], [1.0, 2.0, 0.5]),
        ([1, 2, "many"], ["1", "2", "many"]),
        ([1, 2, 2**70], ["1", "2", str(2**70)]),
        ([None, None, None, None, 7], [None, None, None, None, 7]),
        ([None, None, "a", 3], [None, None, "a", "3"]),
        ([[1], [2, 3], []], [[1], [2, 3], []]),
        ([{"a": 1}, {"a": 2}, {"a": 3, "b": 4}], ['{"a": 1}', '{"a": 2}', '{"a": 3, "b": 4}']),
        ([{"a": 1}, {"b": 2}], ['{"a": 1}', '{"b": 2}']),
        ([True, False, 1], ["true", "false", "1"]),
        ([1.5, True], ["1.5", "true"]),
        ([2**53 + 1, 1, 7, 0.5], [str(2**53 + 1), "1", "7", "0.5"]),
        ([-(2**53), 1, 0.5], [-(2.0**53), 1.0, 0.5]),
        ([2**53 + 1, 1, float("nan")], [2**53 + 1, 1, None]),
        ([NOON, NOON], [NOON, NOON]),
        ([SHANGHAI, SHANGHAI], [SHANGHAI, SHANGHAI]),
        ([NOON, SHANGHAI], [str(NOON), str(SHANGHAI)]),
        ([NOON, NOON, SHANGHAI], [str(NOON), str(NOON), str(SHANGHAI)]),
        ([SHANGHAI, SHANGHAI.astimezone(UTC)], [str(SHANGHAI), "2024-05-01 04:00:00+00:00"]),
    ],
)
def test_parquet_keeps_types_and_widens_a_column_that_changes(tmp_path, monkeypatch, values, read):
    monkeypatch.setattr("whyshare.data.parquet_writing.ParquetWriter._BATCH", 2)
    write(tmp_path / "a.parquet", [("x", value) for value in values])
    found = [post.fields["n"] for post in read_posts(tmp_path / "a.parquet")]
    assert found == read
    assert list(map(type, found)) == list(map(type, read))
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_outputs_that_cannot_be_are_refused_at_once(tmp_path):
    (tmp_path / "in.csv").write_text("text\n", encoding="utf-8")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "gone" / "a.csv")
    for path, message in [
        (tmp_path / "none" / "a.csv", "no folder"),
        (tmp_path / "a.doc", "give the output one of the endings"),
        (tmp_path / "a.xlsx.gz", "give the output one of the endings"),
        (tmp_path / "in.csv", "is an input too"),
        (tmp_path / "dangling.csv", "no folder"),
        (tmp_path / f"{'x' * 300}.csv", r"cannot write .*x\.csv \(.*\); choose another output"),
    ]:
        with pytest.raises(InputError, match=message):
            check_output(path, [tmp_path / "in.csv::sheet", Path("none.csv")])


@pytest.mark.skipif(os.name == "nt", reason="no owners here")
def test_a_file_that_a_sticky_folder_keeps_for_its_owner_is_refused_at_once(tmp_path, monkeypatch):
    (tmp_path / "a.csv").touch()
    tmp_path.chmod(0o1777)
    check_output(tmp_path / "a.csv")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(InputError, match="is another user's and may not be replaced; choose another output"):
        check_output(tmp_path / "a.csv")


def test_two_writers_of_one_file_leave_what_one_of_them_wrote(tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    with open_writer(tmp_path / "a.csv", ["text"]) as first, open_writer(tmp_path / "link.csv", ["text"]) as second:
        for number in range(1000):
            first.write({"text": f"a{number}"})
            second.write({"text": f"other{number}"})
    assert [post.text for post in read_posts(tmp_path / "a.csv")] == [f"a{number}" for number in range(1000)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "link.csv"]


@pytest.mark.skipif(os.name == "nt", reason="what another process holds open cannot be told here")
def test_what_a_killed_process_left_is_removed(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from whyshare.data.whole_files import write_json, written_whole\n"
        "with written_whole(Path(sys.argv[1])): print(flush=True); sys.stdin.read(1); os._exit(9)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.csv")]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    running.stdout.readline()
    killed = subprocess.run(command, input=b"x", stdout=subprocess.PIPE)
    assert killed.returncode == 9
    assert len(list(tmp_path.iterdir())) == 2
    write(tmp_path / "b.csv", [("hi", 1)])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == [
        path.name for path in tmp_path.glob(f".*-{running.pid}-*")
    ]
    running.communicate(b"x")


def test_json_holds_any_text(tmp_path):
    write_json(tmp_path / "a.json", {"内容": "half \ud83d"})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"内容": "half \ud83d"}


def test_a_workbook_is_laid_out_to_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))  # the output's disk alone is written to
    write(tmp_path / "a.xlsx", [("hi", 0.5)], columns=("text", "p_help"))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet["A1"].font.bold) == ("A2", "A1:B2", True)
    assert sheet.column_dimensions["A"].width > sheet.column_dimensions["B"].width
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


def test_a_clash_of_names_is_renamed():
    assert merge_columns(["Text", "motive"], ["motive", "language"]) == {
        "motive": "motive_whyshare",
        "language": "language",
    }


def test_an_output_that_is_open_elsewhere_is_one_line(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Access is denied")  # as Windows does

    monkeypatch.setattr(Path, "replace", refuse)
    with (
        pytest.raises(InputError, match=r"cannot write .*out\.csv \(Access is denied\); close it where it is open"),
        written_whole(tmp_path / "out.csv") as temporary,
    ):
        temporary.touch()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="no modes here")
def test_a_private_file_stays_private(tmp_path):
    path = tmp_path / "a.csv"
    for _ in range(2):
        with open_writer(path, ["text"]) as writer:
            writer.write({"text": "a"})
        path.chmod(0o600)
    with open_writer(path, ["text"]):
        pass
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done, replace = [], Path.replace
    monkeypatch.setattr(os, "fsync", lambda _: done.append("fsync"))
    monkeypatch.setattr(Path, "replace", lambda path, target: done.append("replace") or replace(path, target))
    write(tmp_path / "a.csv", [("hi", 1)])
    assert done == ["fsync", "replace"]


def test_a_third_labelling_overwrites_neither_of_the_others():
    names = merge_columns(["motive", "motive_whyshare"], ["motive"])
    assert names == {"motive": "motive_whyshare_whyshare"}


def test_a_packed_file_is_the_same_whenever_it_is_written(tmp_path, monkeypatch):
    packed = set()
    for now in (1e9, 2e9):
        monkeypatch.setattr("time.time", lambda now=now: now)
        write(tmp_path / "a.csv.gz", [("hi", 1)])
        packed.add((tmp_path / "a.csv.gz").read_bytes())
    assert len(packed) == 1
