"""The labels of several annotators: from one file with a column for each, or from a file of each.

Labels are motives by the id of the post. None stands for "no post", which is null in JSON and a word elsewhere; a post
that an annotator has not read, whose cell is blank, is not among theirs.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.annotated import LABEL_COLUMNS, is_blank, parse_motive
from ..data.columns import find_column, usual_text_columns
from ..data.errors import InputError
from ..data.kinds import JSON_KINDS, file_kind
from ..data.motives import MOTIVES, NO_POST, Motive
from ..data.reading import open_table
from ..data.tables import Row, Table, row_id, unique_names
from .agreement import MISSING

Labels = dict[str, Motive | None]
ID_COLUMNS = ("id", "post")  # the second of what whyshare sample drew

_OF_SAMPLE = ("post", "weight")  # columns that whyshare sample writes
_OF_ONE = ("label", "secondary", "certainty")  # what a file of one annotator says for them alone

# Columns of a single file that are never an annotator's labels.
_NOT_LABELS = {
    "id",
    "lang",
    "language",
    "text",
    "source",
    "secondary",
    "certainty",
    "care",
    "sampling",
    "note",
    "post",
    "weight",
}


def read_columns(path: Path, columns: Sequence[str] | None = None) -> dict[str, Labels]:
    """Read the labels of every annotator from the columns of a file.

    :param columns: The annotators' columns; all that can be without.
    :raises InputError: If there is none, an id stands twice, or a label is no motive.
    """
    table = open_table(path)
    others = {*_NOT_LABELS, *map(str.casefold, usual_text_columns(table.columns))}
    guessed = not columns
    columns = columns or [name for name in table.columns if name.casefold() not in others]
    missing = [name for name in columns if name not in table.columns]
    if missing or not columns:
        wrong = f"no column {missing[0]!r}" if missing else "no column of labels"
        raise InputError(f"{path} has {wrong}; it has {', '.join(table.columns)}: name the annotators with --columns")
    rows = _rows(path, table)
    try:
        return {name: _labels(path, rows, name) for name in columns}
    except InputError as error:
        advice = "; or name the annotators' columns with --columns" if guessed else ""
        raise InputError(f"{error}{advice}") from None


def read_files(paths: Sequence[Path]) -> dict[str, Labels]:
    """Read the labels of every annotator from a file of their own, with the columns id (or post) and label.

    :raises InputError: If a column is missing, an id stands twice, or a label is no motive.
    """
    labels: dict[str, Labels] = {}
    for path in paths:
        table = open_table(path)
        column = find_column(table.columns, LABEL_COLUMNS)
        if column is None or find_column(table.columns, ID_COLUMNS) is None:
            with table.columns_sought():
                raise InputError(f"{path} needs the columns id and label; it has {', '.join(table.columns)}")
        add_annotator(labels, path.stem, _labels(path, _rows(path, table), column))
    return labels


def post_namer(paths: Sequence[Path], other: Path) -> Callable[[Mapping[str, Any], int], str]:
    """Tell by what annotators know a post of another file, from its values and row.

    :return: Gives its row where their files are without ids, such as ``whyshare sample`` drew from the other one; else the
        id that it has there, as it does in a sample.
    """
    is_theirs = other in paths or set(_OF_SAMPLE) <= set(open_table(other).columns)
    if is_theirs or any(find_column(open_table(path).columns, ["id"]) for path in paths):
        return lambda values, row: row_id(values, row, ID_COLUMNS)
    return lambda _, row: str(row)


def add_annotator(labels: dict[str, Labels], name: str, own: Labels) -> None:
    """Put one more annotator beside the others, under another name where theirs is taken."""
    while name in labels:
        name += "_2"
    labels[name] = own


def label_matrix(labels: Mapping[str, Labels]) -> tuple[list[str], NDArray[np.int64]]:
    """Lay labels side by side.

    :return: The ids, and label numbers of shape (posts, annotators): -1 where there is no label, 8 for "no post".
    """
    ids = list(dict.fromkeys(key for own in labels.values() for key in own))
    numbers = {label: number for number, label in enumerate([*MOTIVES, None])}
    rows = [[numbers[own[key]] if key in own else MISSING for own in labels.values()] for key in ids]
    return ids, np.array(rows, dtype=np.int64).reshape(len(ids), len(labels))


def to_settle(
    paths: Sequence[Path], labels: Mapping[str, Labels], people: Sequence[str]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Lay the labels beside the posts, for a person to settle those on which annotators differ.

    The columns are those of the first file, then ``label``, which is what all people say who labelled the post, and
    blank where they differ, then one for each annotator, under another name where that is taken.

    :param people: The annotators that are no model.
    :return: The columns, and the rows: posts on which annotators differ, those that nobody has labelled, the others.
    """
    tables = [open_table(path) for path in paths]
    posts: dict[str, Mapping[str, Any]] = {}
    for path, table in zip(paths, tables, strict=True):
        posts |= {key: row.values for key, row in _rows(path, table).items() if key not in posts}
    first = tables[0].columns
    theirs = people if len(paths) == 1 else [find_column(first, LABEL_COLUMNS)]
    kept = [name for name in first if name not in theirs and find_column([name], _OF_ONE) is None]
    key_column = find_column(kept, ID_COLUMNS) or "id"
    columns = unique_names([*dict.fromkeys([key_column, *kept]), "label", *labels])
    names = dict(zip(labels, columns[-len(labels) :], strict=True))
    rows = []
    for key, values in posts.items():
        said = {name: own[key] for name, own in labels.items() if key in own}
        agreed = {label for name, label in said.items() if name in people}
        row = {key_column: key, **{name: values[name] for name in kept if name in values}}
        row |= {"label": _written(agreed.pop()) if len(agreed) == 1 else ""}
        row |= {names[name]: _written(said[name]) if name in said else "" for name in labels}
        rows.append((len(set(said.values())) < 2, bool(row["label"]), row))
    return columns, [row for *_, row in sorted(rows, key=lambda row: row[:2])]


def _written(label: Motive | None) -> str:
    return NO_POST if label is None else str(label)


def _rows(path: Path, table: Table) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for row in table.whole_rows(path):
        key = row_id(row.values, row.number, ID_COLUMNS)
        if key in rows:
            raise InputError(f"{path} row {row.number}: id {key!r} stands twice; ids must differ")
        rows[key] = row
    return rows


def _labels(path: Path, rows: Mapping[str, Row], column: str) -> Labels:
    is_json = file_kind(path) in JSON_KINDS
    labels: Labels = {}
    for key, row in rows.items():
        value = row.values.get(column, "")
        if is_blank(value) and not (value is None and is_json):
            continue
        try:
            labels[key] = parse_motive(value)
        except ValueError as error:
            raise InputError(f"{path} row {row.number}: {error}") from None
    return labels
