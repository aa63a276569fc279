"""The front door of reading: any file or folder of posts, one post after another, in constant memory.

CSV, TSV, JSONL, JSON array, Parquet, XLSX (``posts.xlsx::SHEET``), plain text (a line a post), SQLite
(``posts.db::TABLE``) and ``-`` for standard input; ``.gz`` and ``.zst`` of the text kinds. JSON arrays alone are held
in memory.
"""

import atexit
import datetime
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from .cells import unescape_formula
from .columns import TEXT_COLUMNS, find_column, find_text_column
from .delimited import LOOKED_AT, delimiter_of, read_delimited, read_lines
from .errors import InputError, shown
from .json_files import read_json_array, read_json_lines
from .posts import Post, Reject
from .results import PROBABILITY_COLUMNS
from .streams import COMPRESSED, MAX_RECORD, iter_lines
from .tables import Row, Table

_STREAMED = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".txt": "txt"}
_WHOLE = {".parquet": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx", ".db": "sqlite", ".sqlite": "sqlite"}
_WHOLE |= {".sqlite3": "sqlite", ".pq": "parquet"}
ENDINGS = ", ".join([*_STREAMED, *_WHOLE])

_MAGIC = {b"PAR1": ".parquet", b"PK\x03\x04": ".xlsx", b"SQLite format 3": ".db"}
_PACKED_MAGIC = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
_spooled: set[str] = set()  # temporary files that hold standard input


def read_posts(
    *paths: str | Path, text_column: str | None = None, on_reject: Callable[[Reject], None] | None = None
) -> Iterator[Post]:
    """Read posts from files and folders, in the order given (folders by name).

    :param text_column: Name of the column of the texts; found by its usual names where it is None.
    :param on_reject: Receives each row that cannot be read; without it the first such row is an error.
    :raises InputError: For what is wrong with a whole file: not there, empty, no text column, damaged.
    """
    for path in list_files(paths):
        yield from _posts(path, text_column, on_reject or _raise)


def list_files(paths: tuple[str | Path, ...]) -> list[str]:
    """Expand folders to the files in them that can be read, and check that everything is there."""
    files: list[str] = []
    for given in paths:
        path, _ = split_part(str(given))
        if str(given) == "-" or path.is_file():
            files.append(str(given))
        elif path.is_dir():
            inside = sorted(str(file) for file in path.iterdir() if file.is_file() and _kind(file) and _is_input(file))
            if not inside:
                raise InputError(f"folder {path} has no file of posts; whyshare reads {ENDINGS}")
            files.extend(inside)
        else:
            raise InputError(f"no such file: {path}")
    if not files:
        raise InputError("no file was given")
    return files


def unread_sheets(files: Sequence[str]) -> list[str]:
    """Name the sheets that hold something and are not read, since none of their workbook's was asked for by name."""
    books = [file for file in files if _kind(split_part(file)[0]) == "xlsx"]
    return [sheet for book in books for sheet in open_table(book).other_sheets if sheet not in files]


def open_table(path: str | Path) -> Table:
    """Open one file of any kind as columns and rows."""
    if str(path) == "-":
        path = spool_standard_input()
    with _standard_input_said(str(path)):
        return _open_table(str(path))


def _open_table(path: str) -> Table:
    file, part = split_part(path)
    if not file.is_file():
        raise InputError(f"no such file: {file}")
    kind = _kind(file)
    if kind is None:
        raise InputError(f"{file} has an ending that whyshare cannot read; it reads {ENDINGS} (and .gz, .zst of text)")
    if file.stat().st_size == 0:
        raise InputError(f"{path} is empty; posts are needed")
    if kind in {"parquet", "sqlite"}:
        from .databases import read_parquet, read_sqlite

        return read_parquet(file) if kind == "parquet" else read_sqlite(file, part)
    if kind == "xlsx":
        from .spreadsheets import read_spreadsheet

        table = read_spreadsheet(file, part)
        return replace(table, other_sheets=()) if path in _spooled else table  # which cannot be asked for
    if kind in {"csv", "tsv"}:
        table = read_delimited(file, "\t" if kind == "tsv" else None)
        return _unescaped(table) if set(PROBABILITY_COLUMNS) <= set(table.columns) else table
    return {"jsonl": read_json_lines, "json": read_json_array, "txt": read_lines}[kind](file)


def _unescaped(table: Table) -> Table:
    """Take off the apostrophes that whyshare put before formulas when it wrote this file."""

    def unescaped(row: Row | Reject) -> Row | Reject:
        if isinstance(row, Reject):
            return row
        return Row(row.number, {k: unescape_formula(v) if isinstance(v, str) else v for k, v in row.values.items()})

    return Table(table.columns, map(unescaped, table.rows))


def split_part(path: str) -> tuple[Path, str | None]:
    """Split off the sheet or table: ``"posts.db::weibo" -> (Path("posts.db"), "weibo")``."""
    file, mark, part = path.rpartition("::")
    return (Path(file), part) if mark and not Path(path).exists() else (Path(path), None)


def _posts(path: str, text_column: str | None, on_reject: Callable[[Reject], None]) -> Iterator[Post]:
    file = str(spool_standard_input()) if path == "-" else path
    name = "standard input" if file in _spooled else file
    with _standard_input_said(file):
        table = open_table(file)
        with table.columns_sought():
            column = find_text_column(table.columns, text_column, name)
        for row in table.rows:
            if isinstance(row, Reject):
                on_reject(replace(row, file=name))
                continue
            text = _as_text(row.values.get(column))
            if text is None:
                on_reject(Reject(name, row.number, f"the text is not a text but {shown(row.values[column])}"))
            elif len(text) > MAX_RECORD:
                on_reject(Reject(name, row.number, f"longer than {MAX_RECORD // 2**20} MiB", text[:200]))
            else:
                yield Post(text, row.values, path, row.number)


def _as_text(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float | datetime.date | datetime.time) else None


def _raise(reject: Reject) -> None:
    raise InputError(f"{reject.file} row {reject.row}: {reject.reason}")


def _kind(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        return _STREAMED.get(suffixes[-2]) if len(suffixes) > 1 else None
    return (_STREAMED | _WHOLE).get(suffixes[-1]) if suffixes else None


def _is_input(path: Path) -> bool:
    return not path.name.startswith((".", "~$")) and not path.name.endswith(".rejects.jsonl")


def spool_standard_input() -> Path:
    """Copy standard input to a temporary file, named by what it looks like, since reading takes several passes."""
    folder = Path(tempfile.mkdtemp(prefix="whyshare-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    target = folder / "stdin"
    with target.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    with target.open("rb") as file:
        start = file.read(16)
    packed = _ending_by(start, _PACKED_MAGIC)
    target = target.rename(folder / f"stdin{packed}")
    _spooled.add(str(target))
    with _standard_input_said(str(target)):
        ending = _ending_by(start, _MAGIC) or _ending_of(target)
    target = target.rename(folder / f"stdin{ending}{packed}")
    _spooled.add(str(target))
    return target


@contextmanager
def _standard_input_said(file: str) -> Iterator[None]:
    """Say ``standard input`` in errors rather than the name of the temporary file that holds it."""
    try:
        yield
    except InputError as error:
        if file not in _spooled:
            raise
        raise InputError(str(error).replace(file, "standard input")) from None


def _ending_by(start: bytes, known: dict[bytes, str]) -> str:
    return next((ending for magic, ending in known.items() if start.startswith(magic)), "")


def _ending_of(path: Path) -> str:
    """Choose the ending that fits the first lines of a text file."""
    found = [line for _, line in islice(iter_lines(path), LOOKED_AT)]
    lines = [line if isinstance(line, str) else line.decode("utf-8", "replace") for line in found]
    text = "\n".join(lines).lstrip()
    first = text.partition("\n")[0].rstrip()
    if text.startswith("["):
        return ".json" if text[1:].lstrip()[:1] in ("{", "]") else ".txt"
    if first == "{":
        return ".json"
    if first.startswith("{") and any(map(_is_json_object, lines)):
        return ".jsonl"
    if find_column([first.strip('"')], TEXT_COLUMNS):
        return ".tsv"  # of one column, in which commas are part of the text
    delimiter = delimiter_of(lines)
    return ".txt" if delimiter is None else ".tsv" if delimiter == "\t" else ".csv"


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
