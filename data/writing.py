"""Write rows to a file of any kind, whole or not at all.

CSV has a byte-order mark, without which Excel takes UTF-8 for GBK. Cells that a spreadsheet would run as a formula get
an apostrophe in front in CSV and TSV (:func:`unescape_formula` takes it off again) and are stored as text in XLSX.
"""

import csv
import gzip
import io
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import zstandard

from .errors import InputError

EXCEL_ROWS = 1_048_576
EXCEL_CELL = 32_767  # characters

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?%?")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class Writer(Protocol):
    """Takes one row after another; ``shortened`` counts cells that were cut to fit the format."""

    shortened: int

    def write(self, row: Mapping[str, Any]) -> None:
        """Write one row; columns that it lacks stay empty."""

    def close(self) -> None:
        """Write what is held back, and close."""


def output_kind(path: Path) -> str:
    """Tell the kind of an output file by its ending: csv, tsv, jsonl, json, parquet or xlsx.

    :raises InputError: If the ending is none of these.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compressed = bool(suffixes) and suffixes[-1] in {".gz", ".zst"}
    ending = (suffixes[-2:-1] if compressed else suffixes[-1:]) or [""]
    kind = {".ndjson": "jsonl", ".pq": "parquet"}.get(ending[0], ending[0].lstrip("."))
    if kind not in _WRITERS or (compressed and kind in {"parquet", "xlsx"}):
        known = ", ".join(f".{name}" for name in _WRITERS)
        raise InputError(f"cannot write {path.name}; give the output one of the endings {known}")
    return kind


def check_output(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output that could not be written in the end, before any work is done."""
    output_kind(path)
    folder = path.absolute().parent
    if not folder.is_dir():
        raise InputError(f"no folder {folder}; make it first or choose another output")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the output a file name")
    if not os.access(folder, os.W_OK):
        raise InputError(f"folder {folder} cannot be written to; choose another output")
    if any(path.exists() and given.exists() and path.samefile(given) for given in inputs):
        raise InputError(f"{path} is an input too; choose another output, so that nothing is lost")


def check_rows(path: Path, rows: int) -> None:
    """Refuse an output that cannot hold so many rows."""
    if output_kind(path) == "xlsx" and rows >= EXCEL_ROWS:
        raise InputError(f"{path.name} cannot hold more than {EXCEL_ROWS} rows; write to .csv or .parquet")


@contextmanager
def open_writer(path: Path, columns: Sequence[str]) -> Iterator[Writer]:
    """Open a file for writing rows; it appears under its name when all is written, or not at all."""
    writer_type = _WRITERS[output_kind(path)]
    temporary = path.with_name(f".{path.name}.writing")
    try:
        writer = writer_type(temporary, columns, path)
        yield writer
        writer.close()
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def escape_formula(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would run: ``=1+1 -> '=1+1``; ``-5 -> -5``."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unescape_formula(cell: str) -> str:
    """Undo :func:`escape_formula`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _open_text(temporary: Path, target: Path, encoding: str) -> io.TextIOWrapper:
    if target.suffix.lower() == ".gz":
        stream: BinaryIO = cast(BinaryIO, gzip.GzipFile(temporary, "wb", mtime=0))
    elif target.suffix.lower() == ".zst":
        stream = cast(BinaryIO, zstandard.open(temporary, "wb"))
    else:
        stream = temporary.open("wb")
    return io.TextIOWrapper(stream, encoding=encoding, errors="backslashreplace", newline="", write_through=False)


def _flat(value: Any) -> str:
    """Show a value in one cell of text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float.__repr__(value).removesuffix(".0")  # exact; 2.0 from a workbook is the 2 that was typed
    return _json(value) if isinstance(value, dict | list) else str(value)


def _json(value: Any) -> str:
    """Write JSON, in which NaN and infinity do not exist: they become null."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _encodable(text: str) -> str:
    """Write half an emoji, as JSON files hold them now and then, as every other kind of output does."""
    return text.encode("utf-8", "backslashreplace").decode()


class _Csv:
    encoding, dialect = "utf-8-sig", {"delimiter": ",", "lineterminator": "\r\n"}

    def __init__(self, temporary: Path, columns: Sequence[str], target: Path) -> None:
        self.shortened = 0
        self._columns = columns
        self._stream = _open_text(temporary, target, self.encoding)
        self._csv = csv.writer(self._stream, **self.dialect)  # type: ignore[arg-type]
        self._csv.writerow(columns)

    def write(self, row: Mapping[str, Any]) -> None:
        self._csv.writerow([escape_formula(_flat(row.get(column)).replace("\x00", "")) for column in self._columns])

    def close(self) -> None:
        self._stream.close()


class _Tsv(_Csv):
    encoding, dialect = "utf-8", {"delimiter": "\t", "lineterminator": "\n"}


class _JsonLines:
    def __init__(self, temporary: Path, columns: Sequence[str], target: Path) -> None:
        self.shortened = 0
        self._columns = columns
        self._stream = _open_text(temporary, target, "utf-8")

    def write(self, row: Mapping[str, Any]) -> None:
        self._stream.write(self._dump(row) + "\n")

    def _dump(self, row: Mapping[str, Any]) -> str:
        return _json({column: row[column] for column in self._columns if column in row})

    def close(self) -> None:
        self._stream.close()


class _Json(_JsonLines):
    _mark = "["

    def write(self, row: Mapping[str, Any]) -> None:
        self._stream.write(f"{self._mark}\n{self._dump(row)}")
        self._mark = ","

    def close(self) -> None:
        self._stream.write("[]\n" if self._mark == "[" else "\n]\n")
        super().close()


class _Parquet:
    """Written in batches; a column that a later batch widens (int64 to double, anything to text) is written anew."""

    _BATCH = 10_000

    def __init__(self, temporary: Path, columns: Sequence[str], target: Path) -> None:
        self.shortened = 0
        self._columns, self._temporary = columns, temporary
        self._rows: list[list[Any]] = []
        self._schema: Any = None
        self._writer: Any = None
        self._empty = set(columns)  # that had no value so far: text, until they have one

    def write(self, row: Mapping[str, Any]) -> None:
        self._rows.append([row.get(column) for column in self._columns])
        if len(self._rows) == self._BATCH:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        values = list(zip(*self._rows, strict=True)) or [()] * len(self._columns)
        self._rows = []
        arrays = []
        for name, column in zip(self._columns, values, strict=True):
            arrays.append(_arrow_array(column, None if name in self._empty else self._schema.field(name).type))
            if any(value is not None for value in column):
                self._empty.discard(name)
        schema = pa.schema([(name, array.type) for name, array in zip(self._columns, arrays, strict=True)])
        if schema != self._schema:
            self._widen(schema)
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def _widen(self, schema: Any) -> None:
        """Begin the file, or begin it anew with the rows that it holds already."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        narrow, began = self._writer, self._temporary.with_suffix(".narrow")
        if narrow is not None:
            narrow.close()
            self._temporary.replace(began)
        self._schema, self._writer = schema, pq.ParquetWriter(self._temporary, schema, compression="zstd")
        if narrow is not None:
            with pq.ParquetFile(began) as file:
                for batch in file.iter_batches(self._BATCH):
                    arrays = [
                        own if own.type == wide else _arrow_array(own.to_pylist(), wide)
                        for own, wide in zip(batch.columns, schema.types, strict=True)
                    ]
                    self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            began.unlink()

    def close(self) -> None:
        if self._rows or self._writer is None:
            self._flush()
        self._writer.close()


def _arrow_array(column: Sequence[Any], known: Any) -> Any:
    """Make an array of the type that the column is known by, or of a wider one; text holds everything."""
    import pyarrow as pa

    kinds = [known, pa.float64()] if known is not None and pa.types.is_integer(known) else [known]
    for kind in kinds if kinds != [pa.string()] else ():
        try:
            array = pa.array(column, type=kind)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            continue
        # An integer would cut 0.5 to 0; a struct would drop keys that it does not know and fill in those that are not there.
        lossy = pa.types.is_integer(array.type) or pa.types.is_nested(array.type)
        if not pa.types.is_null(array.type) and not (lossy and array.to_pylist() != list(column)):
            return array
    return pa.array([None if value is None else _encodable(_flat(value)) for value in column], type=pa.string())


class _Spreadsheet:
    def __init__(self, temporary: Path, columns: Sequence[str], target: Path) -> None:
        from openpyxl import Workbook

        self.shortened = 0
        self._columns, self._temporary, self._target = columns, temporary, target
        self._count = 1
        self._workbook = Workbook(write_only=True)
        self._sheet = self._workbook.create_sheet("posts")
        self._sheet.freeze_panes = "A2"
        self._sheet.append([self._cell(column) for column in columns])

    def write(self, row: Mapping[str, Any]) -> None:
        self._count += 1
        if self._count > EXCEL_ROWS:
            check_rows(self._target, self._count - 1)
        self._sheet.append([self._cell(row.get(column)) for column in self._columns])

    def _cell(self, value: Any) -> Any:
        if isinstance(value, bool | int | float) or value is None:
            return value if not isinstance(value, int) or abs(value) < 10**15 else str(value)  # Excel keeps 15 digits
        text = _NOT_IN_XML.sub("", _flat(value))
        if len(text) > EXCEL_CELL:
            text = text[: EXCEL_CELL - 1] + "…"
            self.shortened += 1
        if not text.startswith("="):
            return text
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"  # a text, whatever it begins with
        return cell

    def close(self) -> None:
        try:
            self._workbook.save(self._temporary)
        except OSError:
            if self._temporary.exists():  # the archive writes its end even so: on a full disk, give it room
                os.truncate(self._temporary, 0)
            raise


_WRITERS: dict[str, Any] = {
    "csv": _Csv,
    "tsv": _Tsv,
    "jsonl": _JsonLines,
    "json": _Json,
    "parquet": _Parquet,
    "xlsx": _Spreadsheet,
}
