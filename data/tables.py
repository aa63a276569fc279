"""What every reader gives: the columns of a file, then its rows one by one."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .columns import find_column
from .errors import InputError, shown
from .nested import nested_text_columns, value_at
from .posts import Reject

_NULLS = ("NULL", "\\N")
UNCALCULATED = "a formula without a calculated value; open the workbook in Excel and save it"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``number`` as a person sees it in the file, ``values`` by column.

    ``uncalculated`` names the columns that have no value here since nobody has calculated their formula yet.
    """

    number: int
    values: dict[str, Any]
    uncalculated: frozenset[str] = frozenset()

    def text(self, columns: Sequence[str]) -> str:
        r"""Give the raw text that stands in columns, of several a line each; ``""`` where there is none.

        A cell that is ``NULL`` or ``\N`` and nothing else is none: so do MySQL, Hive and SQL Server export it. A list of
        pieces is a text, as in Telegram's exports. A title that the body begins with is left out.

        :raises ValueError: If one holds no text, such as an object; the message says so, and where texts are within it.
        """
        found = []
        for column in columns:
            value = _joined(value_at(self.values, column))
            if column in self.uncalculated:
                raise ValueError(f"the text is {UNCALCULATED}")
            if value is None or value != value or value in _NULLS:  # NaN alone is not itself
                continue
            if not isinstance(value, str | int | float | datetime.date | datetime.time):
                nested = nested_text_columns({column: value})
                advice = f"; name what is within it, such as --text-column {nested[0]}" if nested else ""
                raise ValueError(f"the text is not a text but {shown(value)}{advice}")
            found.append(_mended(str(value)))
        if len(columns) == 1:
            return "".join(found)
        whole = dict.fromkeys(text for text in found if text.strip())
        return "\n".join(text for text in whole if not any(o != text and o.startswith(text) for o in whole))


@dataclass(frozen=True, slots=True)
class Table:
    """A file that is open for reading: its columns, and its rows as they are read.

    ``own_columns`` tells that rows may have others, as in JSON, where ``columns`` are those of the first rows.
    ``other_sheets`` names those of a workbook that hold something and are not read when none is asked for, ``renamed`` the
    columns whose name in the file is that of an earlier one.
    """

    columns: list[str]
    rows: Iterator[Row | Reject]
    other_sheets: Sequence[str] = ()
    renamed: Sequence[str] = ()
    own_columns: bool = False

    def whole_rows(self, path: Path) -> Iterator[Row]:
        """Give the rows of a file of which none may be missing.

        :raises InputError: At the first row that cannot be read.
        """
        for row in self.rows:
            if isinstance(row, Reject):
                raise InputError(f"{path} row {row.row}: {row.reason}")
            yield row

    @contextmanager
    def columns_sought(self) -> Iterator[None]:
        """Add to an error about missing columns where else they may be."""
        try:
            yield
        except InputError as error:
            if not self.other_sheets:
                raise
            raise InputError(f"{error}; or read another sheet: {', '.join(self.other_sheets)}") from None


def _joined(value: Any) -> Any:
    """Put the pieces of a text together: ``["so ", {"type": "bold", "text": "good"}] -> "so good"``; anything else stays."""
    if not isinstance(value, list):
        return value
    pieces = [piece.get("text") if isinstance(piece, Mapping) else piece for piece in value]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return "".join(texts) if len(texts) == len(pieces) else value


def _mended(text: str) -> str:
    """Read again what is UTF-8 read as Latin-1, as in downloads from Facebook and Instagram: ``"è½¬" -> "转"``.

    Letters of two bytes stay as they are: an author may have written them so, which of longer ones nobody does.
    """
    if not text.isascii():
        with suppress(UnicodeError):
            mended = text.encode("latin-1").decode("utf-8")
            return mended if max(mended) >= "\u0800" else text
    return text


def row_id(values: Mapping[str, Any], number: int, names: Sequence[str] = ("id",)) -> str:
    """Give the id of a row, however its column is written; the number of the row where it has none."""
    column = "id" if "id" in values else find_column(list(values), names)
    given = values[column] if column else None
    return str(number if given in (None, "") else given)


def unique_names(names: list[str]) -> list[str]:
    """Give every column a name of its own: ``["a", "", "a"] -> ["a", "column_2", "a_2"]``."""
    unique: list[str] = []
    for position, name in enumerate(names, start=1):
        wanted = name.strip() or f"column_{position}"
        candidate, repeat = wanted, 1
        while candidate in unique or (repeat > 1 and candidate in names):
            repeat += 1
            candidate = f"{wanted}_{repeat}"
        unique.append(candidate)
    return unique


def renamed(names: Sequence[str], unique: Sequence[str]) -> list[str]:
    """Give those of the unique names that stand for the name of an earlier column: ``a_2`` above."""
    return [new for old, new in zip(names, unique, strict=True) if old.strip() and new != old.strip()]
