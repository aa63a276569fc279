import bz2
import csv
import gzip
import io
import json
import lzma
import os
import sqlite3
import sys
import tracemalloc
import zipfile
from datetime import datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whyshare.data import reading, spreadsheets, streams
from whyshare.data.errors import InputError
from whyshare.data.reading import read_posts

CSV = 'id,正文\n1,今天真好\n2,"a, ""b""\nc"\n3,😂\n'
TEXTS = ["今天真好", 'a, "b"\nc', "😂"]


def read(path, **options):
    """Give texts, and rejects as (row, reason)."""
    rejects = []
    posts = list(read_posts(path, on_reject=lambda reject: rejects.append((reject.row, reject.reason)), **options))
    return [post.text for post in posts], rejects


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_encoding(tmp_path, encoding):
    assert read(write(tmp_path / "posts.csv", CSV.encode(encoding))) == (TEXTS, [])


def test_gbk_from_excel(tmp_path):
    path = write(tmp_path / "posts.csv", "编号;内容\r\n1;转发抽奖\r\n".encode("gbk"))
    [post] = read_posts(path)
    assert post.text == "转发抽奖"
    assert dict(post.fields) == {"编号": "1", "内容": "转发抽奖"}
    assert (post.file, post.row) == (str(path), 2)


def write_table(path, columns, rows):
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in [columns, *rows]:
            book.active.append(row)
        book.save(path)
    elif path.suffix == ".parquet":
        pq.write_table(pa.table(dict(zip(columns, zip(*rows, strict=True), strict=True))), path)
    elif path.suffix == ".db":
        with sqlite3.connect(path) as connection:
            connection.execute(f"create table posts ({', '.join(columns)})")
            connection.executemany(f"insert into posts values ({', '.join('?' * len(columns))})", rows)
        connection.close()
    elif path.suffix == ".json":
        write(path, json.dumps([dict(zip(columns, row, strict=True)) for row in rows]))
    else:
        lines = "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows).encode()
        if path.suffix == ".gz":
            lines = gzip.compress(lines)
        if path.suffix == ".zst":
            lines = zstd.compress(lines)
        write(path, lines)
    return path


KINDS = ["a.xlsx", "a.parquet", "a.db", "a.json", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst"]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_keeps_every_column(tmp_path, name):
    path = write_table(tmp_path / name, ["likes", "Text"], [(3, "今天真好"), (4, None), (5, "😂")])
    posts = list(read_posts(path))
    assert [post.text for post in posts] == ["今天真好", "", "😂"]
    assert [post.fields["likes"] for post in posts] == [3, 4, 5]
    assert [post.row for post in posts] == ([2, 3, 4] if name == "a.xlsx" else [1, 2, 3])


def test_plain_text_and_several_files_and_a_folder(tmp_path):
    write(tmp_path / "b.txt", "one\n\nthree\n")
    write(tmp_path / "a.csv", "text\nzero\n")
    write(tmp_path / "notes.md", "no posts")
    assert read(tmp_path) == (["zero", "one", "", "three"], [])
    assert [p.text for p in read_posts(tmp_path / "b.txt", tmp_path / "a.csv")] == ["one", "", "three", "zero"]


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ("text,likes\nhi,1\n", ["hi"]),
        ('{"text": "hi"}\n{"text": "ho"}\n', ["hi", "ho"]),
        ('[{"text": "hi"}]', ["hi"]),
        ("just a line\nand another, with a comma\n", ["just a line", "and another, with a comma"]),
    ],
)
def test_standard_input_is_told_by_its_look(monkeypatch, data, texts):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    assert [post.text for post in read_posts("-")] == texts


def test_a_bad_row_costs_itself_alone(tmp_path):
    lines = [
        b"id,text",
        b"1,good",
        b"2,too,many",
        b"3",
        b'4,"never closed',
        "5,\u597d".encode(),
        b"6,nul\x00",
        b"7,\xff\xfe",
    ]
    lines += ["8,\u4f60\u597d".encode(), b'9,"two', b'lines"', "10,\u597d".encode()]
    texts, rejects = read(write(tmp_path / "a.csv", b"\n".join(lines)))
    assert texts == ["good", "好", "你好", "two\nlines", "好"]
    assert rejects == [
        (3, "3 fields where the header has 2"),
        (4, "1 fields where the header has 2"),
        (5, "a quote is opened and never closed"),
        (7, "NUL byte"),
        (8, "not valid in the encoding of the rest of the file"),
    ]


def test_a_broken_quote_does_not_swallow_quoted_rows(tmp_path):
    rows = "".join(f'{number},"post {number}"\n' for number in range(20_000))
    texts, rejects = read(write(tmp_path / "a.csv", f'id,text\n1,"a"b\n{rows}1,"open\n{rows}'))
    assert len(texts) == 40_000
    assert rejects == [(2, "text after a closing quote"), (20_003, "a quote is opened and never closed")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("length", [15, 16, 17, 18, 40])
def test_a_line_that_is_too_long_costs_itself_alone(tmp_path, monkeypatch, encoding, length):
    monkeypatch.setattr(streams, "MAX_RECORD", 16)
    texts, rejects = read(write(tmp_path / "a.txt", f"before\n{'x' * length}\nafter\n".encode(encoding)))
    assert texts == (["before", "x" * length, "after"] if length < 16 else ["before", "after"])
    assert [row for row, _ in rejects] == ([] if length < 16 else [2])


def test_lines_of_another_encoding(tmp_path):
    first, second = "1,今天真好\n", "2,转发抽奖\n"
    mostly_gbk = b"id,text\n" + first.encode("gbk") * 2 + second.encode()
    assert read(write(tmp_path / "gbk.csv", mostly_gbk)) == (["今天真好", "今天真好", "转发抽奖"], [])
    mostly_utf8 = b"id,text\n" + first.encode() * 2 + second.encode("gbk")
    reason = "not valid in the encoding of the rest of the file"
    assert read(write(tmp_path / "utf8.csv", mostly_utf8)) == (["今天真好", "今天真好"], [(4, reason)])


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.db", "a.json"])
def test_a_text_that_is_too_long_in_any_kind(tmp_path, monkeypatch, name):
    monkeypatch.setattr(reading, "MAX_RECORD", 2**14)
    path = write_table(tmp_path / name, ["text"], [("a",), ("x" * 20_000,), ("b",)])
    texts, rejects = read(path)
    assert texts == ["a", "b"]
    assert len(rejects) == 1


def test_a_sheet_that_claims_a_billion_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(spreadsheets, "EXCEL_ROWS", 5000)
    write_table(tmp_path / "a.xlsx", ["text"], [("hi",)])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'<row r="2"', b'<row r="1000000000"'))
    assert read(tmp_path / "b.xlsx") == ([], [(5001, "the sheet claims more than 5000 rows")])


def test_bad_json_lines(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text": "a"}\n{broken\n[1]\n\n{"text": {"b": 1}}\n{"text": 5}\n{}\n')
    texts, rejects = read(path)
    assert texts == ["a", "5", ""]
    assert [row for row, _ in rejects] == [2, 3, 5]
    with pytest.raises(InputError, match=r"a\.jsonl row 2: not valid JSON"):
        list(read_posts(path))


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_an_odd_first_record_is_a_post_without_text(tmp_path, name):
    path = write_table(tmp_path / name, ["text"], [("a",), ("b",)])
    data = path.read_text()
    write(path, '{"meta": 1}\n' + data if name == "a.jsonl" else '[{"meta": 1}, ' + data[1:])
    assert read(path) == (["", "a", "b"], [])


def test_unicode_text_from_excel(tmp_path):
    path = write(tmp_path / "a.txt", '编号\t内容\r\n1\t"今天，\n真好"\r\n2\t转发\r\n'.encode("utf-16"))
    assert [dict(post.fields) for post in read_posts(path)] == [
        {"编号": "1", "内容": "今天，\n真好"},
        {"编号": "2", "内容": "转发"},
    ]
    prose = ["a\tb", "no tab", "", "one\ttwo\tthree"]
    assert read(write(tmp_path / "b.txt", "\n".join(prose) + "\n")) == (prose, [])


@pytest.mark.parametrize(
    ("nanoseconds", "shown"), [(1000, "1970-01-01 00:00:00.000001"), (1, "1970-01-01 00:00:00.000000001")]
)
def test_nanoseconds_of_parquet(tmp_path, nanoseconds, shown):
    times = pa.array([nanoseconds, None]).cast(pa.timestamp("ns"))
    pq.write_table(pa.table({"text": ["a", "b"], "at": times}), tmp_path / "a.parquet")
    assert [post.fields["at"] and str(post.fields["at"]) for post in read_posts(tmp_path / "a.parquet")] == [
        shown,
        None,
    ]


def test_nanoseconds_inside_lists_and_structs(tmp_path):
    ns = pa.timestamp("ns")
    kinds = {
        "list": pa.list_(ns),
        "large": pa.large_list(ns),
        "struct": pa.struct([("at", ns)]),
        "map": pa.map_("int8", ns),
    }
    values = [[1500], [1500], {"at": 1500}, [(1, 1500)]]
    columns = {name: pa.array([value], kind) for (name, kind), value in zip(kinds.items(), values, strict=True)}
    pq.write_table(
        pa.table({"text": ["a"], "exact": pa.array([[1000]], pa.list_(ns)), **columns}), tmp_path / "a.parquet"
    )
    [post] = read_posts(tmp_path / "a.parquet")
    shown = "1970-01-01 00:00:00.000001500"
    assert list(post.fields.values()) == [
        "a", [datetime(1970, 1, 1, microsecond=1)], [shown], [shown], {"at": shown}, [(1, shown)],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a.parquet", "a.db"])
def test_bytes_are_texts(tmp_path, name):
    rows = [("今天真好".encode(), b"\xff"), (None, b"\x00\x01"), (b"hi", b"")]
    path = write_table(tmp_path / name, ["text", "data"], rows)
    assert read(path) == (["今天真好", "", "hi"], [])
    assert [post.fields["data"] for post in read_posts(path)] == ["/w==", "AAE=", ""]


def test_a_year_that_python_does_not_know(tmp_path):
    times = pa.array([10**18]).cast(pa.timestamp("us"))
    pq.write_table(pa.table({"text": ["a"], "at": times}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == (["a"], [])


def test_a_huge_cell_is_rejected_in_bounded_memory(tmp_path):
    path = write(tmp_path / "a.csv", b"text\nbefore\n" + b"x" * 100_000_000 + b"\nafter\n")
    tracemalloc.start()
    try:
        texts, rejects = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert texts == ["before", "after"]
    assert rejects == [(3, "longer than 16 MiB")]
    assert peak < 100_000_000


def test_a_stray_cell_at_the_end_of_the_sheet(tmp_path):
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.active.append(["hi"])
    book.active["XFD5000"] = "stray"
    book.save(path)
    assert read(path) == (["hi"], [(5000, "16384 cells where the header has 1")])


def test_column_names_that_clash_lose_nothing(tmp_path):
    [post] = read_posts(write(tmp_path / "a.csv", "text,,a,a\nhi,1,2,3\n"))
    assert dict(post.fields) == {"text": "hi", "column_2": "1", "a": "2", "a_2": "3"}


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_column_names_that_clash_are_told_once(tmp_path, caplog, name):
    caplog.set_level("INFO", "whyshare")
    if name == "a.csv":
        path = write(tmp_path / name, "text,,a, a,a_2\nhi,1,2,3,4\n")
    else:
        path = write_table(tmp_path / name, ["text", "", "a", " a", "a_2"], [("hi", 1, 2, 3, 4)])
    for _ in range(2):
        list(read_posts(path))
    said = f"{path}: several columns have the same name; those after the first are called a_3"
    assert caplog.messages.count(said) == 1


def test_a_sheet_and_a_table_by_name(tmp_path):
    book = openpyxl.Workbook()
    book.create_sheet("二").append(["text"])
    book["二"].append(["hi"])
    book.save(tmp_path / "a.xlsx")
    assert read(f"{tmp_path / 'a.xlsx'}::二") == (["hi"], [])
    write_table(tmp_path / "a.db", ["text"], [("hi",)])
    assert read(f"{tmp_path / 'a.db'}::posts") == (["hi"], [])


def bomb():
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as file:
        file.write(b"text\n")
        for _ in range(300):
            file.write(b"a" * 999_999 + b"\n")
    return out.getvalue()


def workbook_without_sheets():
    out = io.BytesIO()
    book = openpyxl.Workbook()
    book.create_chartsheet("chart")
    del book["Sheet"]
    book.save(out)
    return out.getvalue()


WHOLE_FILES = {
    "none.csv": (None, "no such file"),
    "a.csv": (b"", "is empty"),
    "b.csv": (b"\n\n", "is empty; a header row"),
    "c.csv": (b"id,likes\n1,2\n", "has no text column among id, likes; name it with --text-column"),
    "line.csv": (b'id,"li\nkes"\n1,2\n', "has no text column among id, li kes; name it with --text-column"),
    "d.csv": (b"PK\x03\x04" + bytes(100), "is an Excel workbook or zip archive, not text"),
    "e.csv": (b"\x7fELF" + bytes(5000), "is not a text file"),
    "a.csv.gz": (gzip.compress(CSV.encode() * 1000)[:-20], "ends before its compressed data do"),
    "b.csv.gz": (b"not gzip", "cannot be decompressed"),
    "a.csv.zst": (
        zstd.compress("".join(f"{k},post {k * k}\n" for k in range(20_000)).encode())[:-20],
        "ends before its compressed data do",
    ),
    "b.csv.zst": (b"not zstd", "cannot be decompressed"),
    "a.csv.xz": (lzma.compress(CSV.encode() * 1000)[:-20], "ends before its compressed data do"),
    "b.csv.xz": (b"not xz", "cannot be decompressed"),
    "a.csv.bz2": (bz2.compress(CSV.encode() * 1000)[:-20], "ends before its compressed data do"),
    "b.csv.bz2": (b"not bz2", "cannot be decompressed"),
    "c.txt": (bz2.compress(b"hi"), "is packed as .bz2, not text"),
    "c.csv.gz": (bomb(), "expands to over 300 times its size"),
    "a.xlsx": (b"not a workbook", "is not an Excel workbook"),
    "b.xlsx": (b"\xd0\xcf\x11\xe0" + bytes(100), "is an old .xls workbook or has a password"),
    "c.xlsx": (workbook_without_sheets(), "has no sheet"),
    "a.json": (b"{", "is not valid JSON"),
    "b.json": (b'"text"', "an array of objects is needed"),
    "a.jsonl": (b"{broken\n", "no row of the file could be read"),
    "a.parquet": (b"PAR1" + bytes(50), "is not a readable Parquet file"),
    "a.db": (b"SQLite format 3\x00" + bytes(50), "cannot be read as an SQLite database"),
    "a.pdf": (b"%PDF", "has an ending that whyshare cannot read"),
}


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_a_file_that_cannot_be_used_is_one_clear_line(tmp_path, name):
    data, message = WHOLE_FILES[name]
    if data is not None:
        write(tmp_path / name, data)
    with pytest.raises(InputError) as error:
        read(tmp_path / name)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert name in str(error.value)


def test_quotes_in_tabs_are_characters_where_the_tabs_fit(tmp_path):
    rows = [
        '1\t"plain"\tx',
        '2\t"open text\tx',
        "3\tok\tx",
        '4\tfine"\tx',
        '5\t"@friend: hi" lol\tx',
        '6\t"one',
        'cell"\tx',
    ]
    path = write(tmp_path / "a.tsv", "\n".join(["id\ttext\tlast", *rows, '7\t"never closed\tx', "8\tend\tx", ""]))
    texts, rejects = read(path)
    expected = ["plain", '"open text', "ok", 'fine"', '"@friend: hi" lol', "one\ncell", '"never closed', "end"]
    assert (texts, rejects) == (expected, [])


def test_an_unknown_column_lists_the_columns(tmp_path):
    path = write(tmp_path / "a.csv", "id,text\n1,a\n")
    with pytest.raises(InputError, match="has no column 'body'; it has id, text"):
        read(path, text_column="body")
    assert read(path, text_column="ID") == (["1"], [])


def test_a_damaged_row_group_is_rejected_and_the_others_are_read(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table({"text": [f"post number {number} {'x' * 50}" for number in range(300)]})
    pq.write_table(table, path, row_group_size=100, compression="gzip", use_dictionary=False)
    column = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    start, end = column.data_page_offset + 60, column.data_page_offset + column.total_compressed_size
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    texts, rejects = read(path)
    assert len(texts) == 200
    assert texts[100].startswith("post number 200")
    assert [row for row, _ in rejects] == [101]
    assert "rows 101 to 200 are damaged" in rejects[0][1]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        ["a.csv", "a.tsv", "a.jsonl", "a.json", "a.txt", "a.xlsx", "a.parquet", "a.db", "a.csv.gz", "a.txt.zst"]
    ),
    st.binary(max_size=300) | st.text(alphabet='text,"\n\r\t;1好\x00{}[]:', max_size=100).map(str.encode),
)
def test_any_bytes_give_posts_rejects_or_one_line(tmp_path, name, data):
    try:
        read(write(tmp_path / name, data))
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "今天真好\r晚安\r"),
        ("a.csv", 'id,text\r1,今天真好\r2,"晚安"\r'),
        ("a.jsonl", '{"text": "今天真好"}\r{"text": "晚安"}\r'),
    ],
)
def test_lines_that_end_as_on_the_macs_of_old(tmp_path, encoding, name, text):
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert read(tmp_path / name) == (["今天真好", "晚安"], [])


def test_a_first_line_that_tells_excel_the_delimiter(tmp_path):
    path = write(tmp_path / "a.csv", "sep=;\nid;text\n1;so good, so far\n")
    assert read(path) == (["so good, so far"], [])


def test_cells_right_of_the_last_named_column_are_kept(tmp_path):
    book = openpyxl.Workbook()
    for row in [("id", "text"), (1, "plain"), (2, "with a note", None, "look"), (3, "with a space", " ")]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    posts = list(read_posts(tmp_path / "a.xlsx"))
    assert [post.fields for post in posts] == [
        {"id": 1, "text": "plain"},
        {"id": 2, "text": "with a note", "column_4": "look"},
        {"id": 3, "text": "with a space"},
    ]


def test_gbk_in_a_database(tmp_path):
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("create table posts (text)")
        for data in ("今天真好".encode("gbk"), "晚安😂".encode(), "半个字".encode()[:-1]):
            connection.execute("insert into posts values (cast(? as text))", [data])
    connection.close()
    assert read(tmp_path / "a.db") == (["今天真好", "晚安😂", "半个\ufffd"], [])


def test_titles_are_read_with_their_texts(tmp_path):
    path = write(tmp_path / "a.csv", "title,selftext,id\nWhich phone?,,1\nHelp,I lost my dog,2\n")
    posts = read_posts(path, text_column=["title", "selftext"])
    assert [post.text for post in posts] == ["Which phone?", "Help\nI lost my dog"]
    with pytest.raises(InputError, match="has no column 'body'"):
        list(read_posts(path, text_column=["title", "body"]))


def test_the_readers_leave_a_larger_limit_of_cells_alone(tmp_path):
    before = csv.field_size_limit(2**30)
    try:
        read(write(tmp_path / "a.csv", "text\nhi\n"))
        assert csv.field_size_limit() == 2**30
    finally:
        csv.field_size_limit(before)


def test_a_text_within_nested_json(tmp_path):
    records = [
        {"id": 1, "mblog": {"text": "好", "user": {"name": "a"}}},
        {"mblog": None},
        {"mblog": {"id": 3}},
        {"mblog": "x"},
    ]
    path = write(tmp_path / "a.jsonl", "".join(json.dumps(record) + "\n" for record in records).encode())
    rejects = []
    posts = list(read_posts(path, text_column="mblog.text", on_reject=rejects.append))
    assert [post.text for post in posts] == ["好", ""]
    assert [(reject.row, reject.reason) for reject in rejects] == [
        (3, "there is no text in mblog, which is {'id': 3}"), (4, "there is no text in mblog, which is 'x'"),
    ]  # fmt: skip
    assert next(read_posts(path, text_column=["id", "mblog.user.name"])).text == "1\na"


def test_a_text_within_json_in_a_cell(tmp_path):
    path = write(tmp_path / "a.tsv", 'id\tmblog\n1\t"{""text"": ""好""}"\n2\t\n3\t[1]\n4\t{\n')
    rejects = []
    posts = list(read_posts(path, text_column="mblog.text", on_reject=rejects.append))
    assert [post.text for post in posts] == ["好", ""]
    assert [reject.reason for reject in rejects] == [
        "there is no text in mblog, which is [1]", "there is no text in mblog, which is '{'"
    ]  # fmt: skip


def test_what_is_no_path_and_what_is_not_there_are_told_at_once(tmp_path):
    with pytest.raises(TypeError, match=r"read_posts takes paths, not \['a.csv'\]; give a list"):
        read_posts(["a.csv"])
    with pytest.raises(InputError, match="no such file"):
        read_posts(tmp_path / "none.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_named_as_one(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a pipe or a device, which can be read but once; pipe it in"):
        read_posts(tmp_path / "pipe")


def test_what_excel_and_others_leave_in_a_folder_is_not_read(tmp_path):
    write(tmp_path / "a.csv", "text\nhi\n")
    write(tmp_path / "~$a.xlsx", b"\x03Ann")  # beside a workbook that is open
    write(tmp_path / "._a.csv", b"\x00\x05\x16\x07")  # of macOS
    assert read(tmp_path) == (["hi"], [])


def test_colons_in_a_name_are_no_sheet(tmp_path):
    assert read(write(tmp_path / "a::b.csv", "text\nhi\n")) == (["hi"], [])


def test_a_quote_is_given_up_after_a_number_of_lines(tmp_path):
    rows = "2,plain\n" * 2001
    texts, rejects = read(write(tmp_path / "a.csv", f'id,text\n1,"open\n{rows}"\n3,end\n'))
    assert (len(texts), rejects[0]) == (2002, (2, "a quote is opened and not closed within 2000 lines"))
