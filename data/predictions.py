"""Read labelled files back: what ``whyshare label`` wrote, or any file with a motive for each post."""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .annotated import parse_motive
from .columns import TextColumn, find_column, find_text_columns, names_in, usual_text_columns
from .errors import InputError, shown
from .motives import Motive
from .reading import open_table
from .results import PROBABILITY_COLUMNS, RESULT_COLUMNS
from .tables import Row, Table, row_id
from .text_columns import rank_text_columns


@dataclass(frozen=True, slots=True)
class Prediction:
    """One labelled row; ``probs`` (8,) is None, and ``language`` is ``""``, where the file does not have them."""

    id: str
    text: str
    motive: Motive | None
    probs: NDArray[np.float64] | None
    language: str
    fields: Mapping[str, Any]
    row: int

    @property
    def confidence(self) -> float:
        """The probability of the motive, or 1 where none is given."""
        return 1.0 if self.probs is None or self.motive is None else float(self.probs[self.motive.position])


def read_predictions(path: Path, text_column: TextColumn = None, may_lack: bool = False) -> Iterator[Prediction]:
    """Read a labelled file, row by row; ``motive`` is the only column it needs.

    :param text_column: As in :func:`~.reading.read_posts`.
    :param may_lack: Whether the usual names will do where there is no such column.
    :raises InputError: For a file without motives, an unknown motive, or probabilities that do not sum to 1.
    """
    table = open_table(path)
    names = {column: _latest(table.columns, column) for column in RESULT_COLUMNS}
    motive_column = names["motive"]
    if motive_column is None:
        with table.columns_sought():
            raise InputError(
                f"{path} has no column 'motive', the predicted motive of each post; it has {', '.join(table.columns)}; "
                "rename the column that holds it to motive, or label the file with whyshare label"
            )
    given = [names[column] for column in PROBABILITY_COLUMNS]
    prob_columns = [column for column in given if column is not None]
    if 0 < len(prob_columns) < len(given):
        missing = ", ".join(name for name in PROBABILITY_COLUMNS if names[name] is None)
        raise InputError(f"{path} lacks the probability columns {missing}; all eight or none are needed")
    text_of, table = _text_reader(table, text_column, path, may_lack)
    for row in table.whole_rows(path):
        values = row.values
        try:
            motive = parse_motive(values.get(motive_column))
            probs = _probs([values.get(column) for column in prob_columns], motive)
        except ValueError as error:
            raise InputError(f"{path} row {row.number}: {error}") from None
        language = values.get(names["language"]) if names["language"] else ""
        yield Prediction(
            row_id(values, row.number), text_of(row), motive, probs, str(language or ""), values, row.number
        )


def read_texts(path: Path, rows: Container[int], text_column: TextColumn = None) -> Iterator[tuple[int, str]]:
    """Read the texts in some rows of a labelled file, in its order: pairs of row and text."""
    table = open_table(path)
    text_of, table = _text_reader(table, text_column, path)
    for row in table.rows:
        if isinstance(row, Row) and row.number in rows:
            yield row.number, text_of(row)


def _latest(columns: list[str], name: str) -> str | None:
    """Find a result column; where a file was labelled several times, or had such a column before, the last one."""
    found = [column for column in columns if re.fullmatch(f"{name}(_whyshare)*", column)]
    return max(found, key=len, default=None)


def _text_reader(
    table: Table, named: TextColumn, path: Path, may_lack: bool = False
) -> tuple[Callable[[Row], str], Table]:
    """Choose how the text of a row is found, ``""`` where there is none: labels alone can be evaluated too.

    Files that were labelled together may have had columns of different names: a row's is the first that holds something.

    :return: The way, and the table with all its rows.
    """
    chosen: tuple[str, ...] = ()
    if named and not (may_lack and any(find_column(table.columns, [name]) is None for name in names_in(named))):
        chosen = find_text_columns(table.columns, named, str(path))
    ranked, table = rank_text_columns(table)
    usual = cache(usual_text_columns)

    def columns_of(row: Row) -> Iterable[str]:
        return (*ranked, *usual(tuple(row.values))) if table.own_columns else ranked

    def text_of(row: Row) -> str:
        for way in [chosen] if chosen else ([column] for column in columns_of(row)):
            with suppress(ValueError):
                if (text := row.text(way)).strip():
                    return text
        return ""

    return text_of, table


def _probs(values: list[Any], motive: Motive | None) -> NDArray[np.float64] | None:
    if not values or motive is None:
        return None
    try:
        probs = np.array([float(value) for value in values])
    except (TypeError, ValueError):
        raise ValueError(f"the probabilities are {shown(values)}; eight numbers are needed") from None
    if (probs < 0).any():
        raise ValueError(f"a probability is {probs.min():g}; 0 to 1 is needed")
    if not abs(probs.sum() - 1) < 1e-3:
        raise ValueError(f"the probabilities sum to {probs.sum():.4f}; 1 is needed")
    return probs
