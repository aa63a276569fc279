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

from .columns import TEXT_COLUMNS, TextColumn, find_column, names_in
from .errors import InputError
from .kinds import EXCEL_ROWS
from .posts import Reject
from .streams import FREE_EXPANSION, MAX_EXPANSION, open_bytes
from .tables import Row, Table, renamed, unique_names

MAX_UNNAMED = 100  # cells right of the last column with a name; more of them are no notes beside a table
MAX_TITLE = 10  # rows below the first among which the header is looked for

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
    names = _texts(header)
    columns = unique_names(names)
    return Table(columns, _rows(path, rows, columns), others, renamed(names, columns))


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
    """Find the header: the fullest of the first rows that names the columns wanted, or else a usual one of texts.

    Above it may stand a title, which is a lone cell, and headings of several columns each, which are fewer than these.
    Without such names the first row is the header, or below a title one that is wider.
    """
    ahead = [first, *itertools.islice(rows, MAX_TITLE)]
    wide = [(place, row) for place, row in enumerate(ahead) if not isinstance(row, Reject) and _width(row) > 1]
    named = [(place, row) for place, row in wide if _names(row) and find_column(_texts(row), TEXT_COLUMNS)]
    chosen = [(place, row) for place, row in wide if wanted and _has_all(_texts(row), wanted)]
    if not chosen and (_width(first) > 1 or find_column(_texts(first), TEXT_COLUMNS)):
        chosen = [(0, first), *(named if _has_gaps(first) else [])]
    place, header = max(chosen or named or wide[:1] or [(0, first)], key=lambda found: _width(found[1]))
    return header, itertools.chain(ahead[place + 1 :], rows)


def _has_all(columns: list[str], wanted: Sequence[str]) -> bool:
    return all(find_column(columns, [name, name.partition(".")[0]]) for name in wanted)


def _names(row: Cells) -> bool:
    """Tell whether cells can be names of columns: texts, each another."""
    names = [value for value in row[1] if value not in (None, "")]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _has_gaps(row: Cells) -> bool:
    """Tell whether cells right of the first are empty before the last, as where headings span columns."""
    return None in row[1][1:]


def _width(row: Cells) -> int:
    return sum(value not in (None, "") for value in row[1])


def _texts(row: Cells) -> list[str]:
    return ["" if value in (None, _NO_RESULT) else str(value) for value in row[1]]


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
        raise InputError(f"{path} is not an Excel workbook; give it the ending that fits, or save it anew") from None
    if size > FREE_EXPANSION * 8 + MAX_EXPANSION * path.stat().st_size:
        raise InputError(f"{path} expands to over {MAX_EXPANSION} times its size; save the posts as CSV")
