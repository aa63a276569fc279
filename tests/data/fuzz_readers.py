"""Fuzz the readers: whatever the bytes, there are posts, rejected rows or one line, soon and in bounded memory.

``pip install atheris``, then ``python tests/data/fuzz_readers.py CORPUS -max_total_time=3600 -timeout=20 -rss_limit_mb=1500``
(CORPUS: a folder, may be empty). What it finds becomes a test in ``test_reading.py``.

The first byte of the input chooses the kind of the file, the second the kind of the output, the rest are the bytes. Of a
workbook they are the sheet, since hardly any mutation of a zip archive would get past its checksums; compressed texts
are compressed here for the same reason.
"""

import gzip
import io
import json
import sqlite3
import sys
import tempfile
import zipfile
from pathlib import Path

import atheris
from backports import zstd

with atheris.instrument_imports(include=["whyshare.data", "openpyxl.worksheet", "openpyxl.reader"]):
    from whyshare.data.cleaning import clean
    from whyshare.data.errors import InputError
    from whyshare.data.reading import read_posts
    from whyshare.data.writing import open_writer

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

INPUTS = ["a.csv", "a.tsv", "a.jsonl", "a.json", "a.txt", "a.csv.gz", "a.txt.zst", "a.xlsx", "a.parquet", "a.db"]
OUTPUTS = ["o.csv", "o.jsonl", "o.parquet", "o.xlsx"]
SHEET = "xl/worksheets/sheet1.xml"
ROWS = {"id": [1, 2, 3], "text": ["今天真好", 'a "quoted", text', "😂"]}


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in [list(ROWS), *zip(*ROWS.values(), strict=True)]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_sheet(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name == SHEET else old.read(name))
    return stream.getvalue()


def seeds() -> dict[str, bytes]:
    """A small valid file of each kind, as the bytes that are mutated."""
    csv = 'id,text\r\n1,今天真好\r\n2,"a ""quoted"",\ntext"\r\n3,😂\r\n'.encode()
    objects = [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]
    parquet = io.BytesIO()
    pq.write_table(pa.table(ROWS), parquet, compression="zstd", row_group_size=2)
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table posts (id integer, text)")
        connection.executemany("insert into posts values (?, ?)", zip(*ROWS.values(), strict=True))
        connection.commit()
        database = connection.serialize()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as archive:
        sheet = archive.read(SHEET)
    return {
        "a.csv": csv, "a.tsv": csv.replace(b",", b"\t"), "a.json": json.dumps(objects).encode(),
        "a.jsonl": "".join(json.dumps(one) + "\n" for one in objects).encode(), "a.txt": "今天\n😂\n".encode("gbk", "replace"),
        "a.csv.gz": csv.decode().encode("utf-16"), "a.txt.zst": csv, "a.xlsx": sheet, "a.parquet": parquet.getvalue(),
        "a.db": database,
    }  # fmt: skip


def one_input(data: bytes) -> None:
    if len(data) < 3:
        return
    name, output, data = INPUTS[data[0] % len(INPUTS)], OUTPUTS[data[1] % len(OUTPUTS)], data[2:]
    if name == "a.xlsx" and not data.startswith(b"PK"):
        data = with_sheet(data)
    if name.endswith(".gz"):
        data = gzip.compress(data)
    if name.endswith(".zst"):
        data = zstd.compress(data)
    path = FOLDER / name
    path.write_bytes(data)
    rejects = []
    try:
        posts = list(read_posts(path, on_reject=rejects.append))
        with open_writer(FOLDER / output, list(dict.fromkeys(key for post in posts for key in post.fields))) as writer:
            for post in posts:
                clean(post.text)
                writer.write(post.fields)
    except InputError as error:
        assert "\n" not in str(error), str(error)
    assert all(reject.reason and "\n" not in reject.reason and reject.row > 0 for reject in rejects), rejects


if __name__ == "__main__":
    WORKBOOK = workbook()
    corpus = Path(sys.argv[1])
    corpus.mkdir(exist_ok=True)
    for number, name in enumerate(INPUTS):
        (corpus / f"seed-{name}").write_bytes(bytes([number, number]) + seeds()[name])
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        FOLDER = Path(folder)
        atheris.Setup(sys.argv, one_input)
        atheris.Fuzz()
