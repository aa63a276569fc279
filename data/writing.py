"""Write rows to a file of any kind, whole or not at all.

CSV has a byte-order mark, without which Excel takes UTF-8 for GBK. Cells that a spreadsheet would run as a formula get
an apostrophe in front in CSV and TSV (:func:`.cells.unescape_formula` takes it off again) and are stored as text in XLSX;
names of columns are cells too. NaN is an empty cell, and null in JSON and Parquet.
"""

import csv
import datetime
import io
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from .cells import as_json, escape_formula, flat_cell
from .columns import TEXT_COLUMNS, find_column
from .compression import pack
from .errors import InputError
from .kinds import EXCEL_ROWS, split_endings, split_part
from .results import RESULT_COLUMNS
from .whole_files import check_place, written_whole

EXCEL_CELL = 32_767  # characters

Types = Mapping[str, Any]  # the Arrow types of some columns, which only Parquet keeps

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_LIKE_AN_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # of a character: ``_x000D_`` is a carriage return in a workbook


class Writer(Protocol):
    """Takes one row after another; ``shortened`` counts cells that were cut to fit the format."""

    shortened: int

    def write(self, row: Mapping[str, Any]) -> None:
        """Write one row; columns that it lacks stay empty."""

    def close(self) -> None:
        """Write what is held back, and close."""

    def abandon(self) -> None:
        """Let go of what is open after an error; what was written is not wanted."""


def output_kind(path: Path) -> str:
    """Tell the kind of an output file by its ending: csv, tsv, jsonl, json, parquet or xlsx.

    :raises InputError: If the ending is none of these.
    """
    _, ending, packing = split_endings(path)
    kind = {".ndjson": "jsonl", ".pq": "parquet"}.get(ending, ending.lstrip("."))
    if kind not in _WRITERS or (packing and kind in {"parquet", "xlsx"}):
        known = ", ".join(f".{name}" for name in _WRITERS)
        raise InputError(f"cannot write {path.name}; give the output one of the endings {known}")
    return kind


def check_output(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output that could not be written in the end, before any work is done."""
    output_kind(path)
    target = resolved(path)
    if not target.parent.is_dir():
        raise InputError(f"no folder {target.parent}; make it first or choose another output")
    check_place(target)
    if target.is_dir():
        raise InputError(f"{path} is a folder; give the output a file name")
    files = [split_part(str(given))[0] for given in inputs]
    if any(path.exists() and file.exists() and path.samefile(file) for file in files):
        raise InputError(f"{path} is an input too; choose another output, so that nothing is lost")


def resolved(path: Path) -> Path:
    """Give the file that an output is, where it is a link: the link stays one, and what it points to is written."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # of which Python 3.13 made an OSError
        raise InputError(f"{path} is a link to itself; remove it or choose another output") from None


def check_rows(path: Path, rows: int) -> None:
    """Refuse an output that cannot hold so many rows."""
    if output_kind(path) == "xlsx" and rows >= EXCEL_ROWS:
        raise InputError(f"{path.name} cannot hold more than {EXCEL_ROWS} rows; write to .csv or .parquet")


@contextmanager
def open_writer(path: Path, columns: Sequence[str], types: Types | None = None) -> Iterator[Writer]:
    """Open a file for writing rows; it appears under its name when all is written, or not at all.

    :param types: The Arrow types that some columns have where they come from, to be kept where the output has types.
    """
    kind = output_kind(path)
    path = resolved(path)
    with written_whole(path) as temporary:
        writer = _WRITERS[kind](temporary, columns, path, types or {})
        try:
            yield writer
            writer.close()
        except BaseException:
            with suppress(Exception):  # the error that led here is the one to tell
                writer.abandon()
            raise


def _open_text(temporary: Path, target: Path, encoding: str) -> io.TextIOWrapper:
    stream = cast(BinaryIO, pack(temporary, target.suffix.lower()))
    return io.TextIOWrapper(stream, encoding=encoding, errors="backslashreplace", newline="", write_through=False)


class _Csv:
    encoding, dialect = "utf-8-sig", {"delimiter": ",", "lineterminator": "\r\n"}

    def __init__(self, temporary: Path, columns: Sequence[str], target: Path, _: Types) -> None:
        self.shortened = 0
        self._columns = columns
        self._stream = _open_text(temporary, target, self.encoding)
        self._csv = csv.writer(self._stream, **self.dialect)  # type: ignore[arg-type]
        self._quoted = csv.writer(self._stream, quoting=csv.QUOTE_ALL, **self.dialect)  # type: ignore[arg-type]
        self._write(columns)

    def write(self, row: Mapping[str, Any]) -> None:
        self._write(map(row.get, self._columns))

    def _write(self, values: Iterable[Any]) -> None:
        texts = ("" if value != value else flat_cell(value) for value in values)  # which NaN alone is
        cells = [escape_formula(text.replace("\x00", "")) for text in texts]
        # Python 3.11 quotes no carriage return where lines end otherwise.
        (self._quoted if any("\r" in cell for cell in cells) else self._csv).writerow(cells)

    def close(self) -> None:
        self._stream.close()

    abandon = close


class _Tsv(_Csv):
    encoding, dialect = "utf-8", {"delimiter": "\t", "lineterminator": "\n"}


class _JsonLines:
    def __init__(self, temporary: Path, columns: Sequence[str], target: Path, _: Types) -> None:
        self.shortened = 0
        self._columns = columns
        self._stream = _open_text(temporary, target, "utf-8")

    def write(self, row: Mapping[str, Any]) -> None:
        self._stream.write(self._dump(row) + "\n")

    def _dump(self, row: Mapping[str, Any]) -> str:
        return as_json({column: row[column] for column in self._columns if column in row})

    def close(self) -> None:
        self._stream.close()

    abandon = close


class _Json(_JsonLines):
    _mark = "["

    def write(self, row: Mapping[str, Any]) -> None:
        self._stream.write(f"{self._mark}\n{self._dump(row)}")
        self._mark = ","

    def close(self) -> None:
        self._stream.write("[]\n" if self._mark == "[" else "\n]\n")
        super().close()


def _parquet(temporary: Path, columns: Sequence[str], _: Path, types: Types) -> Writer:
    from .parquet_writing import ParquetWriter

    return ParquetWriter(temporary, columns, types)


class _Spreadsheet:
    def __init__(self, temporary: Path, columns: Sequence[str], target: Path, _: Types) -> None:
        from openpyxl import Workbook
        from openpyxl.worksheet._writer import ALL_TEMP_FILES, WorksheetWriter

        self.shortened = 0
        self._columns, self._temporary, self._target = columns, temporary, target
        self._count = 1
        self._workbook = Workbook(write_only=True)
        self._sheet = self._workbook.create_sheet("posts")
        self._lay_out()
        rows = str(temporary.with_suffix(".rows"))  # on the output's disk, where openpyxl would fill the system's /tmp
        ALL_TEMP_FILES.append(rows)
        self._sheet._writer = WorksheetWriter(self._sheet, rows)
        self._sheet._writer.write_top()
        self._sheet.append(list(map(self._heading, columns)))

    def _lay_out(self) -> None:
        from openpyxl.utils import get_column_letter

        text = find_column(self._columns, TEXT_COLUMNS)
        self._sheet.freeze_panes = "A2"
        self._sheet.sheet_format.defaultColWidth = 19  # what a date with its time needs, or it is shown as ####
        for number, column in enumerate(self._columns, start=1):
            if column == text or column in RESULT_COLUMNS:
                self._sheet.column_dimensions[get_column_letter(number)].width = 60 if column == text else 12

    def _heading(self, column: str) -> Any:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font

        kept, is_shortened = excel_value(column)
        self.shortened += is_shortened
        cell = WriteOnlyCell(self._sheet, kept)
        cell.data_type, cell.font = "s", Font(bold=True)  # a text, whatever it begins with
        return cell

    def write(self, row: Mapping[str, Any]) -> None:
        self._count += 1
        if self._count > EXCEL_ROWS:
            check_rows(self._target, self._count - 1)
        self._sheet.append([self._cell(row.get(column)) for column in self._columns])

    def _cell(self, value: Any) -> Any:
        kept, is_shortened = excel_value(value)
        self.shortened += is_shortened
        if not (isinstance(kept, str) and kept.startswith("=")):
            return kept
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self._sheet, kept)
        cell.data_type = "s"  # a text, whatever it begins with
        return cell

    def close(self) -> None:
        from openpyxl.utils import get_column_letter

        self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._columns))}{self._count}"
        try:
            self._workbook.save(self._temporary)
        except OSError:
            if self._temporary.exists():  # the archive writes its end even so: on a full disk, give it room
                os.truncate(self._temporary, 0)
            raise

    def abandon(self) -> None:
        try:
            if not self._sheet.closed:
                self._sheet.close()
        finally:
            with suppress(OSError):  # where they are removed already
                self._sheet._writer.cleanup()  # the sheet's rows, which openpyxl keeps apart until it ends


def excel_value(value: Any) -> tuple[Any, bool]:
    """Give what a cell of a workbook holds of a value, and whether its text was too long for one."""
    if value is None or value != value:  # which NaN alone is
        return None, False
    if isinstance(value, bool | int | float) and abs(value) < math.inf:
        rounded = isinstance(value, int) and abs(value) >= 10**15  # Excel keeps 15 digits
        return str(value) if rounded else value, False
    if isinstance(value, datetime.date | datetime.time) and _fits_excel(value):
        return value, False
    text = _NOT_IN_XML.sub("", flat_cell(value))
    is_shortened = len(text) > EXCEL_CELL
    if is_shortened:
        text = text[: EXCEL_CELL - 1] + "…"
    return _LIKE_AN_ESCAPE.sub("_x005F_", text).replace("\r", "_x000D_"), is_shortened


def _fits_excel(value: datetime.date | datetime.time) -> bool:
    """Tell what Excel keeps as it is: it knows neither the years before 1900, nor zones, nor parts of a second."""
    exact = getattr(value, "tzinfo", None) is None and getattr(value, "microsecond", 0) == 0
    return exact and getattr(value, "year", 1900) >= 1900


_WRITERS: dict[str, Callable[[Path, Sequence[str], Path, Types], Writer]] = {
    "csv": _Csv,
    "tsv": _Tsv,
    "jsonl": _JsonLines,
    "json": _Json,
    "parquet": _parquet,
    "xlsx": _Spreadsheet,
}
