"""Excel workbooks, streamed: the first sheet that is not hidden, or the one named by ``FILE.xlsx::SHEET``."""

import datetime
import itertools
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.styles.numbers import is_datetime
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from .columns import TextColumn, names_in
from .errors import InputError
from .headers import AHEAD, count_filled, header_place, texts_of, without_repeats
from .kinds import EXCEL_ROWS, kind_by_content
from .posts import Reject
from .streams import FREE_EXPANSION, MAX_EXPANSION, open_bytes
from .tables import Row, Table, renamed, unique_names

MAX_UNNAMED = 100  # cells right of the last column with a name; more of them are no notes beside a table

_NO_RESULT = object()  # the value of a formula that was never calculated

Cells = tuple[int, list[Any]]  # the number of a row, and its values

# What openpyxl raises for workbooks that are damaged in one way or another.
_DAMAGE = (AttributeError, EOFError, LookupError, OSError, ParseError, TypeError, ValueError, zipfile.BadZipFile)


def read_spreadsheet(path: Path, sheet: str | None = None, text_column: TextColumn = None) -> Table:
    """Open a sheet; its first row that is not empty holds the column names, or one soon below titles and headings.

    Formulas give the value that Excel saved with them; one that was never calculated is said to be so. Of merged cells,
    the first has the value and the others have none. Rows without any value are no rows.
    """
    sheets = _sheets(path)
    if sheet is not None and sheet not in sheets:
        raise InputError(f"{path} has no sheet {sheet!r}; it has {', '.join(sheets)}")
    visible = _visible(sheets)
    worksheet = sheets[sheet or visible[0]]
    beside = visible[1:] if sheet is None else []
    others = [f"{path}::{name}" for name in beside if next(_cells(path, sheets[name]), None)]
    rows = _cells(path, worksheet)
    first = next(rows, None)
    if first is None:
        advice = f"read another sheet: {', '.join(others)}" if others else "a header row with column names is needed"
        raise InputError(f"{path} sheet {worksheet.title!r} is empty; {advice}")
    if isinstance(first, Reject):
        raise InputError(f"{path}: {first.reason}")
    header, rows = _below_title(first, rows, names_in(text_column))
    names = texts_of([None if value is _NO_RESULT else value for value in header[1]])
    columns = unique_names(names)
    posts = without_repeats(_rows(path, rows, columns), columns, names, path)
    return Table(columns, posts, others, renamed(names, columns))


def _sheets(path: Path) -> dict[str, Any]:
    _check_archive(path)
    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
        sheets = {name: workbook[name] for name in workbook.sheetnames if hasattr(workbook[name], "iter_rows")}
    except _DAMAGE as error:
        raise InputError(f"{path} has no sheet that can be read ({error}); open it in Excel and save it anew") from None
    if not sheets:
        raise InputError(f"{path} has no sheet with cells; save the posts in one")
    return sheets


def _visible(sheets: dict[str, Any]) -> list[str]:
    return [name for name, sheet in sheets.items() if sheet.sheet_state == "visible"] or list(sheets)


def _below_title(
    first: Cells, rows: Iterator[Cells | Reject], wanted: Sequence[str]
) -> tuple[Cells, Iterator[Cells | Reject]]:
    """Find the header, and the rows below it; where none names texts, it is the first row that is more than a lone title."""
    ahead = [first, *itertools.islice(rows, AHEAD - 1)]
    cells = [[] if isinstance(row, Reject) else row[1] for row in ahead]
    place = header_place(cells, wanted)
    if place is None:
        place = next((place for place, row in enumerate(cells) if count_filled(row) > 1), 0)
    header = ahead[place]
    assert not isinstance(header, Reject)
    return header, itertools.chain(ahead[place + 1 :], rows)


def _rows(path: Path, rows: Iterator[Cells | Reject], columns: list[str]) -> Iterator[Row | Reject]:
    for row in rows:
        if isinstance(row, Reject):
            yield row
            continue
        number, values = row
        if len(values) > len(columns) + MAX_UNNAMED:
            yield Reject(
                str(path), number, f"{len(values)} cells where the header has {len(columns)}", str(values[:5])[:200]
            )
            continue
        cells = dict(zip(columns, values + [None] * (len(columns) - len(values)), strict=False))
        for position, value in enumerate(values[len(columns) :], start=len(columns) + 1):
            if value is not None and str(value).strip():  # notes right of the table, under no name
                name = f"column_{position}"
                cells[f"{name}_2" if name in columns else name] = value
        uncalculated = frozenset(column for column, value in cells.items() if value is _NO_RESULT)
        yield Row(number, cells | dict.fromkeys(uncalculated), uncalculated)


def _cells(path: Path, worksheet: Any) -> Iterator[Cells | Reject]:
    """Give the values of each row that has any, without the empty cells at its end."""
    workbook, number = worksheet.parent, 0
    try:
        clocks = _clocks(worksheet)
        with worksheet._get_source() as source:
            parser = _Parser(
                source, worksheet._shared_strings, data_only=True, epoch=workbook.epoch,
                date_formats=workbook._date_formats, timedelta_formats=workbook._timedelta_formats,
            )  # fmt: skip
            for number, cells in parser.parse():
                if number > EXCEL_ROWS:
                    yield Reject(str(path), EXCEL_ROWS + 1, f"the sheet claims more than {EXCEL_ROWS} rows")
                    return
                values = {cell["column"]: _plain(cell, clocks) for cell in cells}
                width = max((column for column, value in values.items() if value not in (None, "")), default=0)
                if width:
                    yield number, [values.get(column) for column in range(1, width + 1)]
    except _DAMAGE as error:
        yield Reject(str(path), number + 1, f"the sheet is damaged from this row on ({error})")


class _Parser(WorkSheetParser):
    """The parser of openpyxl, which gives the same for a formula that was never calculated and for an empty cell."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(FORMULA_TAG) is not None:
            empty_text = cell["data_type"] == "str" and element.find(VALUE_TAG) is not None
            cell["value"] = None if empty_text else _NO_RESULT
        return cell


def _clocks(worksheet: Any) -> frozenset[int]:
    """Find the styles that show the time of day: in a workbook a date is a time at midnight, told by its format alone."""
    styles: Iterable[int] = worksheet.parent._date_formats
    formats = {style: ReadOnlyCell(worksheet, 1, 1, None, style_id=style).number_format.lower() for style in styles}
    return frozenset(style for style, code in formats.items() if "time" in (is_datetime(code) or ""))


def _plain(cell: dict[str, Any], clocks: frozenset[int]) -> Any:
    value = cell["value"]
    if isinstance(value, str):
        return unescape(value)  # ``_x000D_`` is a carriage return
    if isinstance(value, datetime.datetime) and value.time() == datetime.time.min and cell["style_id"] not in clocks:
        return value.date()
    return str(value) if isinstance(value, datetime.timedelta) else value


def _check_archive(path: Path) -> None:
    with open_bytes(path) as stream:
        start = stream.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError(f"{path} is an old .xls workbook or has a password; save it in Excel as .xlsx without one")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise InputError(f"{path} is not an Excel workbook{_truth(path, start)}") from None
    if path.suffix.lower() == ".xls":
        raise InputError(f"{path} is a new workbook under an old ending; give it the ending .xlsx")
    if size > FREE_EXPANSION * 8 + MAX_EXPANSION * path.stat().st_size:
        raise InputError(f"{path} expands to over {MAX_EXPANSION} times its size; save the posts as CSV")


def _truth(path: Path, start: bytes) -> str:
    """Say what a file is that has the name of a workbook, and what to do: websites call a page or a text .xls."""
    if start.strip(b"\xef\xbb\xbf\xff\xfe\0\r\n\t ").startswith(b"<"):
        return " but a web page or XML; open it in Excel and save it as .xlsx"
    try:
        return f" but text; give it the ending .{kind_by_content(path)}"
    except InputError:
        return "; give it the ending that fits, or save it anew"
