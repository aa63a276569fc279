"""A labelled file of any length in little memory: numbers of every post; texts only of the few that are read again."""

import re
import sys
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..data.cleaning import clean
from ..data.columns import TextColumn, may_have
from ..data.errors import InputError
from ..data.kinds import JSON_KINDS, file_kind, split_part
from ..data.motives import MOTIVES
from ..data.nested import value_at
from ..data.predictions import Prediction, read_predictions, read_texts
from .clusters import cluster_of

# What copies of one text differ in; to clean every text would take three times as long as to read it.
_OWN_PARTS = re.compile(r"https?://[!-~]+|@[\w-]+|\s+")


@dataclass(frozen=True)
class Posts:
    """Labelled posts as arrays: ``predicted`` (posts,), ``probs`` (posts, 8), ``languages`` (posts,)."""

    predicted: NDArray[np.int64]
    probs: NDArray[np.float64]
    languages: NDArray[np.str_]

    def select(self, chosen: NDArray[np.bool_]) -> Self:
        """Keep some posts."""
        return type(self)(self.predicted[chosen], self.probs[chosen], self.languages[chosen])

    @property
    def overruled(self) -> int:
        """How many posts have a motive that is not their likeliest, as after a person changed it."""
        if not len(self.probs):
            return 0
        own = np.take_along_axis(self.probs, self.predicted[:, None], axis=1)[:, 0]
        return int((own < self.probs.max(axis=1)).sum())


@dataclass(frozen=True)
class LabelledFile:
    """The posts of a labelled file that have a motive, in its order.

    ``posts.probs`` has no rows where the file has no probabilities. ``rows`` (posts,) are their rows in the file,
    ``names`` all of its columns, ``columns`` the values of those that were asked for, ``hashes`` (posts,) those of others,
    0 where there is none; ``no_motive`` counts the others, ``repeats`` the posts whose text an earlier one has.
    A column may be ``outer.inner``, which stands within another, as in JSON: ``author.userName``.
    """

    path: Path
    text_column: TextColumn
    posts: Posts
    rows: NDArray[np.int64]
    names: Sequence[str]
    columns: Mapping[str, Sequence[Any]]
    hashes: Mapping[str, NDArray[np.int64]]
    no_motive: int
    has_text: bool
    repeats: int

    @classmethod
    def read(
        cls, path: Path, text_column: TextColumn = None, columns: Sequence[str] = (), hashed: Sequence[str] = ()
    ) -> Self:
        """Read a file once, post by post.

        :param hashed: Columns of which it is enough to know which posts have the same value.
        :raises InputError: As :func:`~..data.predictions.read_predictions` does, or if a column is missing.
        """
        if path.is_dir():
            raise InputError(
                f"{path} is a folder, and one labelled file is needed: whyshare label {path} -o labelled.csv makes one"
            )
        gathered = _Gathered(columns, hashed)
        grows = file_kind(split_part(str(path))[0]) in JSON_KINDS  # a later row may have other columns
        for post in read_predictions(path, text_column):
            if post.motive is None:
                gathered.no_motive += 1
                continue
            gathered.add(post)
            if not grows and len(gathered.rows) == 1:
                gathered.check_columns(path)
        if gathered.rows:
            gathered.check_columns(path)
            gathered.check_nested(path)
        return cls(
            path,
            text_column,
            gathered.posts(),
            np.array(gathered.rows, dtype=np.int64),
            list(gathered.names),
            gathered.values,
            {column: np.array(own, dtype=np.int64) for column, own in gathered.hashes.items()},
            gathered.no_motive,
            bool(gathered.copies),
            len(gathered.copies) - len(np.unique(np.array(gathered.copies, dtype=np.int64))),
        )

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

    def clusters(self, column: str) -> list[str]:
        """Give posts with the same value of a hashed column the same number; ``""`` if no other has it, or there is none."""
        values, numbers, counts = np.unique(self.hashes[column], return_inverse=True, return_counts=True)
        alone = ((counts == 1) | (values == 0)).tolist()
        names = ["" if one else str(number) for number, one in enumerate(alone)]
        return [names[number] for number in numbers.tolist()]

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

    def places_of(self, texts: Collection[str]) -> dict[str, list[int]]:
        """Find the posts that have one of some cleaned texts, by their positions."""
        places: dict[str, list[int]] = defaultdict(list)
        for row, text in read_texts(self.path, range(int(self.rows[-1]) + 1), self.text_column):
            if (cleaned := clean(text)) in texts and (place := self.positions([row])[0]) is not None:
                places[cleaned].append(place)
        return places


def numbered(groups: Sequence[str]) -> tuple[list[str], NDArray[np.int32]]:
    """Give the names of the groups in order, and the number of each post's, -1 where it is ``""``; shape (posts,)."""
    names = sorted(set(groups) - {""})
    numbers = {name: number for number, name in enumerate(names)} | {"": -1}
    return names, np.fromiter(map(numbers.__getitem__, groups), np.int32, len(groups))


def copy_of(text: str) -> int:
    """Give 8 bytes that all copies of a text share, whatever links and mentions they have."""
    return hash(_OWN_PARTS.sub("", text))


class _Gathered:
    """What is kept of the posts while their file is read."""

    def __init__(self, columns: Sequence[str], hashed: Sequence[str]) -> None:
        self.predicted, self.rows, self._spoken, self._probs = array("b"), array("q"), array("i"), array("d")
        self._languages: dict[str, int] = {}
        self.names: dict[str, None] = {}
        self.values: dict[str, list[Any]] = {column: [] for column in columns}
        self.hashes = {column: array("q") for column in hashed}
        self._found: set[str] = set()
        self._missed: dict[str, str] = {}
        self.copies = array("q")
        self.no_motive = 0

    def add(self, post: Prediction) -> None:
        """Keep the numbers of a post that has a motive, and its values in the columns that were asked for."""
        assert post.motive is not None
        if not post.fields.keys() <= self.names.keys():
            self.names |= dict.fromkeys(post.fields)
        self.rows.append(post.row)
        self.predicted.append(post.motive.position)
        self._spoken.append(self._languages.setdefault(post.language or "other", len(self._languages)))
        if post.probs is not None:
            self._probs.frombytes(post.probs.tobytes())
        if post.text:
            self.copies.append(copy_of(post.text))
        for column, hashes in self.hashes.items():
            hashes.append(_hash(self._value(post, column)))
        for column, values in self.values.items():
            value = self._value(post, column)
            values.append(sys.intern(value) if type(value) is str else value)

    def check_columns(self, path: Path) -> None:
        """Refuse a file without a column that was asked for."""
        for column in self.values:
            if not may_have(self.names, column):
                raise InputError(f"{path} has no column {column!r}; it has {', '.join(self.names)}")

    def check_nested(self, path: Path) -> None:
        """Refuse a file in which no post has the ``inner`` of an ``outer.inner`` that was asked for."""
        for column, where in self._missed.items():
            if column not in self._found:
                raise InputError(f"{path} has no column {column!r}: {where}")

    def _value(self, post: Prediction, column: str) -> Any:
        """Give a post's value in a column, which may be ``outer.inner``; None where there is none."""
        try:
            value = value_at(post.fields, column)
        except ValueError as error:
            self._missed.setdefault(column, f"row {post.row}: {error}")
            return None
        if value is not None:
            self._found.add(column)
        return value

    def posts(self) -> Posts:
        """Give the numbers as arrays."""
        return Posts(
            np.array(self.predicted, dtype=np.int64),
            np.array(self._probs).reshape(-1, len(MOTIVES)),
            np.array(list(self._languages) or [""])[np.array(self._spoken, dtype=np.int64)],
        )


def _hash(value: Any) -> int:
    """Give 8 bytes that values of one cluster share; 0 for none."""
    name = cluster_of(value)
    return hash(name) if name else 0


def _stripped(value: Any) -> str:
    return "" if value is None else str(value).strip()
