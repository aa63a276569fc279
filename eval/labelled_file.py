"""A labelled file of any length in little memory: numbers of every post; texts only of the few that are read again."""

import re
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
from .clusters import cluster_of

# What copies of one text differ in; to clean every text would take three times as long as to read it.
_OWN_PARTS = re.compile(r"https?://[!-~]+|@[\w-]+|\s+")
SHARED = 100_000  # different values of a column that are kept once, however many posts have them


@dataclass(frozen=True)
class Posts:
    """Labelled posts as arrays: ``predicted`` (posts,), ``probs`` (posts, 8), ``languages`` (posts,)."""

    predicted: NDArray[np.int64]
    probs: NDArray[np.float64]
    languages: NDArray[np.str_]

    def select(self, chosen: NDArray[np.bool_]) -> Self:
        """Keep some posts."""
        return type(self)(self.predicted[chosen], self.probs[chosen], self.languages[chosen])


@dataclass(frozen=True)
class LabelledFile:
    """The posts of a labelled file that have a motive, in its order.

    ``posts.probs`` has no rows where the file has no probabilities. ``rows`` (posts,) are their rows in the file,
    ``names`` all of its columns, ``columns`` the values of those that were asked for, ``hashes`` (posts,) those of others,
    0 where there is none; ``no_motive`` counts the others, ``repeats`` the posts whose text an earlier one has.
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
        predicted, rows, spoken, probs = array("b"), array("q"), array("i"), array("d")
        languages: dict[str, int] = {}
        names: dict[str, None] = {}
        grows = file_kind(split_part(str(path))[0]) in JSON_KINDS
        values: dict[str, list[Any]] = {column: [] for column in columns}
        shared: dict[str, dict[str, str]] = {column: {} for column in columns}
        hashes = {column: array("q") for column in hashed}
        texts = array("q")
        no_motive = 0
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
            if post.text:
                texts.append(hash(_OWN_PARTS.sub("", post.text)))
            for column, own in hashes.items():
                own.append(_hash(post.fields.get(column)))
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
        return cls(
            path,
            text_column,
            posts,
            np.array(rows, dtype=np.int64),
            list(names),
            values,
            {column: np.array(own, dtype=np.int64) for column, own in hashes.items()},
            no_motive,
            bool(texts),
            len(texts) - len(np.unique(np.array(texts, dtype=np.int64))),
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


def numbered(groups: Sequence[str]) -> tuple[list[str], NDArray[np.int32]]:
    """Give the names of the groups in order, and the number of each post's, -1 where it is ``""``; shape (posts,)."""
    names = sorted(set(groups) - {""})
    numbers = {name: number for number, name in enumerate(names)} | {"": -1}
    return names, np.fromiter(map(numbers.__getitem__, groups), np.int32, len(groups))


def _check_columns(wanted: Sequence[str], names: Iterable[str]) -> None:
    for column in wanted:
        if column not in names:
            raise InputError(f"the labelled file has no column {column!r}; it has {', '.join(names)}")


def _hash(value: Any) -> int:
    """Give 8 bytes that values of one cluster share; 0 for none."""
    name = cluster_of(value)
    return hash(name) if name else 0


def _stripped(value: Any) -> str:
    return "" if value is None else str(value).strip()
