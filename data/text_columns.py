"""Which columns of an open file hold the texts: by their names, and by what stands in them."""

import datetime
import itertools
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from .cleaning import clean, has_text
from .columns import (
    TextColumn,
    find_text_columns,
    listed,
    may_have,
    names_in,
    no_text_column,
    title_beside,
    usual_text_columns,
)
from .errors import InputError, shown
from .nested import nested_text_columns
from .notices import tell
from .posts import Reject
from .tables import Row, Table

LOOKED_AT = 100  # rows that tell a column of counts or dates from one of texts

# Digits with what stands between and after them in counts, dates and times: 1.2万, 2024年5月1日 07:30, 5分钟前.
_FIGURE = re.compile(
    r"[\s.,:/+%~TZkKwW年月日时分秒万亿前小钟昨今天-]*\d[\s\d.,:/+%~TZkKwW年月日时分秒万亿前小钟昨今天-]*"
)
_WEIBO_DATE = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d? [\d:]{8} [+-]\d{4} \d{4}")

_WORD = re.compile(r"[A-Za-z_]+")

MOST_TOLD = 20  # files of a folder
_told: dict[Path, set[tuple[str, ...]]] = {}  # of a folder, the columns that were read, and all beside them


def choose_text_columns(table: Table, wanted: TextColumn, file: str) -> tuple[tuple[str, ...], Table]:
    """Find the columns of the texts: those asked for, or the first with a usual name that holds texts.

    In JSON, where rows have columns of their own, one that is asked for may come after the first rows.

    :return: The columns, and the table with all its rows.
    :raises InputError: If there is none, or those with a usual name hold numbers or dates.
    """
    if wanted or (len(table.columns) == 1 and not table.own_columns):
        return find_text_columns(table.columns, wanted, file, may_come=table.own_columns), table
    usual = usual_text_columns(table.columns)
    if not usual:
        rows = [row for row in itertools.islice(table.rows, LOOKED_AT) if isinstance(row, Row)]
        nested = [path for row in rows for path in nested_text_columns(row.values)[:1]]
        raise no_text_column(table.columns, file, nested)
    ranked, table = rank_text_columns(table)
    column, holds = next(iter(ranked.items()))
    if len(table.columns) == 1 or holds < Holds.NOTHING or (holds is Holds.NOTHING and column == usual[0]):
        for passed in usual[: usual.index(column)]:
            if ranked[passed] is not Holds.FIGURES:
                tell(
                    f"{file}: column {passed} has hardly any text in the first rows, so that of {column} is read; "
                    f"for both: --text-column {column} --text-column {passed}"
                )
        return (column,), table
    first = list(itertools.islice(table.rows, LOOKED_AT))
    seen = ", ".join(shown(str(value)) for value in _filled(first, usual[0])[:2])
    others = listed([column for column in table.columns if column not in usual])
    raise InputError(
        f"{file}: column {usual[0]!r} holds numbers or dates such as {seen}, no texts; "
        f"name the column of the texts with --text-column, one of {others}"
    )


class Holds(IntEnum):
    """What most of the first rows have in a column, the likelier to be the texts the first."""

    TEXTS = 0
    WORDS = 1  # links, or one word each, such as Photo: posts perhaps, where no other column has a usual name
    NOTHING = 2
    FIGURES = 3


def rank_text_columns(table: Table) -> tuple[dict[str, Holds], Table]:
    """Tell what the columns with usual names hold, the likeliest to be the texts first; and give the table with all its rows."""
    first = list(itertools.islice(table.rows, LOOKED_AT))
    holds = {column: _held(_filled(first, column)) for column in usual_text_columns(table.columns)}
    ranked = dict(sorted(holds.items(), key=lambda found: found[1]))
    return ranked, replace(table, rows=itertools.chain(first, table.rows))


def _held(values: Sequence[Any]) -> Holds:
    if not values:
        return Holds.NOTHING
    if 2 * sum(map(_is_figure, values)) > len(values):
        return Holds.FIGURES
    return Holds.TEXTS if 2 * sum(map(_is_text, values)) >= len(values) else Holds.WORDS


def _filled(rows: Sequence[Row | Reject], column: str) -> list[Any]:
    values = [row.values.get(column) for row in rows if isinstance(row, Row)]
    return [value for value in values if value is not None and str(value).strip()]


def _is_figure(value: Any) -> bool:
    if isinstance(value, str):
        text = value.strip()
        return bool(_FIGURE.fullmatch(text) or _WEIBO_DATE.fullmatch(text))
    return isinstance(value, int | float | datetime.date | datetime.time)


def _is_text(value: Any) -> bool:
    if isinstance(value, str):
        return not _WORD.fullmatch(value.strip()) and has_text(clean(value))
    return isinstance(value, list)


class Strays:
    """Rows of JSON without the columns of the texts, of which others may hold a text under another usual name."""

    def __init__(self, columns: Sequence[str], wanted: TextColumn) -> None:
        self._absent = set(columns)  # from all rows so far
        self._columns = columns
        self._wanted = wanted
        self._elsewhere: Counter[str] = Counter()

    def note(self, values: Mapping[str, Any]) -> None:
        """Take a row into account."""
        has = [column for column in self._columns if may_have(values, column)]
        self._absent.difference_update(has)
        if has or self._wanted:
            return
        for column in _usual(tuple(values)):
            if str(values[column] or "").strip():
                self._elsewhere[column] += 1
                return

    def tell(self, file: str) -> None:
        """Say how many texts were left out under which other name."""
        for column, count in self._elsewhere.items():
            own = self._columns[0]
            tell(
                f"{file}: {count} posts have no {own} but a {column}, and count as posts without text; "
                f"to read both: --text-column {own} --text-column {column}",
                logging.WARNING,
            )

    def refuse_absent(self, columns: Sequence[str], file: str) -> None:
        """Refuse a column that no row has had.

        :param columns: Those of the first rows, which the error lists.
        """
        if self._absent and self._wanted:
            find_text_columns(columns, sorted(self._absent), file)


_usual = lru_cache(256)(usual_text_columns)


def tell_of_text_columns(table: Table, columns: tuple[str, ...], wanted: TextColumn, file: str, folder: Path) -> None:
    """Say which columns of several are read, and which titles are not, if nobody has chosen: many posts of Reddit are a title.

    Of a folder's files with the same columns, one stands for all.
    """
    told = _told.setdefault(folder, set())
    this = (*columns, *table.columns)
    if len(table.columns) == 1 or this in told or len(told) == MOST_TOLD:
        return
    told.add(this)
    title = None if names_in(wanted) else title_beside(table.columns, columns[0])
    both = f" without {title}; for both: --text-column {title} --text-column {columns[0]}" if title else ""
    tell(f"{file}: read from column {' and '.join(columns)}{both}")
