"""Where the header of a table stands, below a title at times, and which rows repeat it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .columns import TEXT_COLUMNS, find_column
from .notices import tell
from .posts import Reject
from .tables import Row

MAX_TITLE = 10  # rows above the header
AHEAD = 20  # first rows that tell which is the header

Cells = Sequence[Any]  # of one row; what is not there is None or ""


def header_place(rows: Sequence[Cells], wanted: Sequence[str]) -> int | None:
    """Find the header among the first rows: the first, unless one below it names the columns of the texts and it is none.

    Above the header may stand a title, which is a lone cell, what the export is of (``Brand:, Acme``), and headings of
    several columns each.

    :param wanted: Columns that were asked for; without any, one with a usual name for texts is looked for.
    :return: None if no row names such columns.
    """
    place = 0
    for lower in range(1, len(rows[: MAX_TITLE + 1])):
        if _is_header(rows[lower], rows[place], rows[lower + 1 :], wanted):
            place = lower
    return place if text_places(rows[place], wanted) else None


def text_places(row: Cells, wanted: Sequence[str]) -> list[int]:
    """Give the places of the columns wanted, or of the likeliest with a usual name; none if one is missing."""
    columns = texts_of(row)
    found = [find_column(columns, [name, name.partition(".")[0]]) for name in wanted]
    found = found or [find_column(columns, TEXT_COLUMNS)]
    return [] if None in found else [columns.index(str(column)) for column in found]


def texts_of(row: Cells) -> list[str]:
    """Give the cells of a row as texts."""
    return ["" if value is None else str(value) for value in row]


def count_filled(row: Cells) -> int:
    """Count the cells that hold something."""
    return sum(value not in (None, "") for value in row)


def without_repeats(
    rows: Iterator[Row | Reject], columns: Sequence[str], names: Sequence[str], path: Path
) -> Iterator[Row | Reject]:
    """Leave out the rows that are the header once more, as crawlers write it whenever they go on with a file.

    In a lone column it is a post: a text may be ``text``.

    :param names: The header's cells, from which the columns are made.
    """
    header = {column: _bare(name) for column, name in zip(columns, names, strict=True)}
    repeats = 0
    for row in rows:
        if len(columns) > 1 and isinstance(row, Row) and _repeats(row, header):
            repeats += 1
        else:
            yield row
    if repeats:
        tell(f"{path}: rows that are the header once more are left out: {repeats}")


def _is_header(row: Cells, above: Cells, below: Sequence[Cells], wanted: Sequence[str]) -> bool:
    """Tell whether a row is the header rather than one above it, and no post whose text is ``text``."""
    places, places_above = text_places(row, wanted), text_places(above, wanted)
    can_be = _are_names(row) or (wanted and not places_above)
    if not places or not can_be or count_filled(row) == 1:
        return False
    if not places_above and not _are_names(above):
        return True
    if count_filled(row) <= count_filled(above):
        return False
    if _has_gaps(above):  # headings of several columns each
        return all(texts_of(above)[place : place + 1] != [texts_of(row)[place]] for place in places)
    longer = sum(_length(other) > _length(above) for other in below)
    if not below or 2 * longer < len(below):
        return False
    return not places_above or (count_filled(above) > 1 and places != places_above)


def _are_names(row: Cells) -> bool:
    """Tell whether cells can be names of columns: texts with letters, each another."""
    names = [value for value in row if value not in (None, "")]
    are_texts = all(isinstance(name, str) and any(map(str.isalpha, name)) for name in names)
    return are_texts and len(set(names)) == len(names)


def _has_gaps(row: Cells) -> bool:
    """Tell whether cells right of the first are empty before the last, as where headings span columns."""
    return any(value in (None, "") for value in row[1 : _length(row)])


def _length(row: Cells) -> int:
    """Count the cells up to the last that is not empty."""
    return max((place for place, value in enumerate(row, start=1) if value not in (None, "")), default=0)


def _repeats(row: Row, header: dict[str, str]) -> bool:
    values = row.values
    return len(values) == len(header) and all(_bare(values[column]) == name for column, name in header.items())


def _bare(value: Any) -> str:
    return "" if value is None else str(value).strip("\ufeff ")
