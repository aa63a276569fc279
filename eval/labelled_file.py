"""A labelled file of any length in little memory: numbers of every post; texts only of the few that are read again."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..data.columns import TextColumn
from ..data.errors import InputError
from ..data.kinds import JSON_KINDS, file_kind, split_part
from ..data.motives import MOTIVES
from ..data.predictions import read_predictions, read_texts

SHARED = 100_000  # different values of a column that are kept once, however many posts have them


@dataclass(frozen=True)
class Posts:
    """Labelled posts as arrays: ``predicted`` (posts,), ``probs`` (posts, 8), ``languages`` (posts,)."""

    predicted: NDArray[np.int64]
    probs: NDArray[np.float64]
    languages: NDArray[np.str_]


@dataclass(frozen=True)
class LabelledFile:
    """The posts of a labelled file that have a motive, in its order.

    ``posts.probs`` has no rows where the file has no probabilities. ``rows`` (posts,) are their rows in the file,
    ``names`` all of its columns, ``columns`` the values of those that were asked for; ``no_motive`` counts the others.
    """

    path: Path
    text_column: TextColumn
    posts: Posts
    rows: NDArray[np.int64]
    names: Sequence[str]
    columns: Mapping[str, Sequence[Any]]
    no_motive: int
    has_text: bool

    @classmethod
    def read(cls, path: Path, text_column: TextColumn = None, columns: Sequence[str] = ()) -> Self:
        """Read a file once, post by post.

        :raises InputError: As :func:`~..data.predictions.read_predictions` does, or if a column is missing.
        """
        predicted, rows, spoken, probs = array("b"), array("q"), array("i"), array("d")
        languages: dict[str, int] = {}
        names: dict[str, None] = {}
        grows = file_kind(split_part(str(path))[0]) in JSON_KINDS
        values: dict[str, list[Any]] = {column: [] for column in columns}
        shared: dict[str, dict[str, str]] = {column: {} for column in columns}
        no_motive, has_text = 0, False
        for post in read_predictions(path, text_column):
            if post.motive is None:
                no_motive += 1
                continue
            if not post.fields.keys() <= names.keys():
                names |= dict.fromkeys(post.fields)
            if not grows:
                _check_columns(columns, names)
            rows.append(post.row)
            predicted.append(post.motive.position)
            spoken.append(languages.setdefault(post.language or "other", len(languages)))
            if post.probs is not None:
                probs.frombytes(post.probs.tobytes())
            has_text = has_text or bool(post.text)
            for column, known in shared.items():
                value = post.fields.get(column)
                if isinstance(value, str) and (value in known or len(known) < SHARED):
                    value = known.setdefault(value, value)
                values[column].append(value)
        if rows:
            _check_columns(columns, names)
        posts = Posts(
            np.array(predicted, dtype=np.int64),
            np.array(probs).reshape(-1, len(MOTIVES)),
            np.array(list(languages) or [""])[np.array(spoken, dtype=np.int64)],
        )
        return cls(path, text_column, posts, np.array(rows, dtype=np.int64), list(names), values, no_motive, has_text)

    def __len__(self) -> int:
        return len(self.rows)

    def groups(self, columns: Sequence[str]) -> list[str]:
        """Name the group of each post by the values of columns; ``""`` where a value is missing.

        :raises InputError: If nearly every post would be its own group.
        """
        found: dict[tuple[Any, ...], str] = {}
        names = []
        for own in zip(*(self.columns[column] for column in columns), strict=True):
            key = tuple(map(_stripped, own))
            names.append(found.setdefault(key, " / ".join(key) if all(key) else ""))
        count = len(set(names))
        if count > 50 and count > len(self) / 10:
            raise InputError(
                f"{' and '.join(columns)} makes {count} groups of {len(self)} posts; choose a coarser column"
            )
        return names

    def positions(self, rows: Iterable[int]) -> list[int | None]:
        """Find the posts that stand in rows of the file."""
        places = ((bisect_left(self.rows, row), row) for row in rows)
        return [place if place < len(self) and self.rows[place] == row else None for place, row in places]

    def texts(self, positions: Iterable[int]) -> dict[int, str]:
        """Read the texts of some posts, by their positions, from the file.

        :raises InputError: If the file has become shorter meanwhile.
        """
        wanted = {int(self.rows[position]): position for position in positions}
        texts = islice(read_texts(self.path, wanted, self.text_column), len(wanted))  # no further than the last
        found = {wanted[row]: text for row, text in texts}
        if len(found) < len(wanted):
            raise InputError(f"{self.path} changed while it was read; run the command again")
        return found


def numbered(groups: Sequence[str]) -> tuple[list[str], NDArray[np.int32]]:
    """Give the names of the groups in order, and the number of each post's, -1 where it is ``""``; shape (posts,)."""
    names = sorted(set(groups) - {""})
    numbers = {name: number for number, name in enumerate(names)} | {"": -1}
    return names, np.fromiter(map(numbers.__getitem__, groups), np.int32, len(groups))


def _check_columns(wanted: Sequence[str], names: Iterable[str]) -> None:
    for column in wanted:
        if column not in names:
            raise InputError(f"the labelled file has no column {column!r}; it has {', '.join(names)}")


def _stripped(value: Any) -> str:
    return "" if value is None else str(value).strip()
