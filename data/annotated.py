"""Annotated posts: loading them, and finding every row that is wrong."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from .cells import flat_cell
from .cleaning import clean, has_text
from .columns import TextColumn, find_column, names_in
from .errors import InputError, shown
from .language import detect_language
from .motives import MOTIVES, NO_POST, Motive
from .posts import Reject
from .reading import open_table
from .tables import Row, Table, row_id
from .text_columns import choose_text_columns

LABEL_COLUMNS = ("label", "primary", "motive", "标签", "动机", "类别", "gold", "annotation")
NAMED_ROWS = 10  # wrong ones that an error names
FEW_POSTS = 10  # a motive with fewer posts can hardly be learnt or measured

_NAMES = {
    name.casefold(): motive
    for motive in MOTIVES
    for name in (motive.value, motive.en, motive.zh, motive.both)  # the last as whyshare prints them
}
_BLANK = {"", "nan", "na", "n/a"}
_NO_MOTIVE = _BLANK | {"null", "none", "no post", "not a post", "无", "没有", "不是帖子", "非帖子", NO_POST}


@dataclass(frozen=True)
class Annotated:
    """One annotated post; ``certainty`` is 3 plain, 2 arguable, 1 a guess; ``row`` as in :class:`~.posts.Post`."""

    id: str
    text: str
    label: Motive
    secondary: Motive | None = None
    certainty: int = 3
    care: bool = False
    language: str = "other"
    source: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    row: int = 0

    @cached_property
    def cleaned(self) -> str:
        """Give the text as the model reads it."""
        return clean(self.text)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row; an error keeps the file from being used, a warning does not."""

    row: int  # 0 where it is about the whole file
    reason: str
    is_error: bool = True

    @property
    def kind(self) -> str:
        """Say whether it is an error or a warning."""
        return "error" if self.is_error else "warning"


@dataclass(frozen=True)
class AnnotatedSet:
    """What was found in a file: the posts that can be used, the problems, and the rows without a motive: blank, or no post."""

    posts: list[Annotated]
    problems: list[Problem]
    unlabelled: int


def load_annotated(
    path: str | Path,
    text_column: TextColumn = None,
    label_column: str | None = None,
    label_map: Mapping[str, str] | None = None,
) -> list[Annotated]:
    """Load the posts of an annotated file that have a motive; ``text,label`` are all the columns it needs.

    :raises InputError: If rows are wrong, of which it names the first; ``whyshare data check`` lists them all.
    """
    return load_annotated_set(path, text_column, label_column, label_map).posts


def load_annotated_set(
    path: str | Path,
    text_column: TextColumn = None,
    label_column: str | None = None,
    label_map: Mapping[str, str] | None = None,
) -> AnnotatedSet:
    """Load an annotated file as :func:`load_annotated` does, with the number of rows that have no motive."""
    found = check_annotated(path, text_column, label_column, label_map)
    errors = [problem for problem in found.problems if problem.is_error]
    if errors:
        raise InputError(f"{path} {_in_one_line(errors)}")
    if not found.posts:
        raise InputError(f"{path} has no labelled post; fill in the label column")
    return found


def _in_one_line(errors: Sequence[Problem]) -> str:
    """Say what is wrong with the first row, and in short with those after it."""
    first, *others = errors
    short = [f"row {error.row}: {re.split(' is not one of |;', error.reason)[0]}" for error in others[: NAMED_ROWS - 1]]
    also = f"; also {', '.join(short)}" if short else ""
    left = len(errors) - NAMED_ROWS
    more = f" ({left} more; whyshare data check lists them)" if left > 0 else ""
    return f"row {first.row}: {first.reason}{also}{more}"


def check_annotated(
    path: str | Path,
    text_column: TextColumn = None,
    label_column: str | None = None,
    label_map: Mapping[str, str] | None = None,
) -> AnnotatedSet:
    """Read an annotated file and collect every problem in it.

    :raises InputError: If the file as a whole cannot be used, such as for want of a label column.
    """
    table = open_table(path, text_column)
    with table.columns_sought():
        label_column = _label_column(table.columns, text_column, label_column, str(path))
        text_columns, table = _text_columns(table, text_column, label_column, str(path))
    posts: list[Annotated] = []
    problems: list[Problem] = []
    unlabelled = 0
    for row in table.rows:
        if isinstance(row, Reject):
            problems.append(Problem(row.row, row.reason))
            continue
        try:
            post = _post(row, text_columns, label_column, label_map)
        except ValueError as error:
            problems.append(Problem(row.number, str(error)))
            continue
        if post is None:
            unlabelled += 1
        else:
            posts.append(post)
    problems.extend(_repetitions(posts))
    problems.extend(_rare_motives(posts))
    return AnnotatedSet(posts, sorted(problems, key=lambda problem: problem.row), unlabelled)


def parse_motive(name: Any, label_map: Mapping[str, str] | None = None) -> Motive | None:
    """Read a motive by its id, its English or Chinese name, or both; None where it is blank or says "no post".

    :param label_map: Other names; None where the user has no way to give any.
    :raises ValueError: If the name is none of a motive.
    """
    text = _words(name)
    text = (label_map or {}).get(text, text)
    if text.casefold() in _NO_MOTIVE:
        return None
    motive = _NAMES.get(text.casefold())
    if motive is None:
        advice = "mend it" if label_map is None else "mend it or map it with --label-map"
        raise ValueError(f"label {shown(text)} is not one of {', '.join(MOTIVES)}, or null for no post; {advice}")
    return motive


def is_blank(name: Any) -> bool:
    """Tell a label that nobody has given yet from one that says "no post"; pandas writes NaN for the first."""
    return _words(name).casefold() in _BLANK


def _words(name: Any) -> str:
    return "" if name is None else " ".join(str(name).split())


def parse_label_map(entries: Sequence[str]) -> dict[str, str]:
    """Read ``theirs=ours`` pairs: ``["ad=benefit"] -> {"ad": "benefit"}``.

    :raises InputError: If an entry is no pair, or its right side no motive.
    """
    mapping = {}
    for entry in entries:
        theirs, equals, ours = entry.partition("=")
        try:
            if not equals:
                raise ValueError
            parse_motive(ours)
        except ValueError:
            names = ", ".join(MOTIVES)
            raise InputError(
                f"--label-map {shown(entry)} is not of the form theirs=ours with ours one of {names}, or null for no motive"
            ) from None
        mapping[theirs.strip()] = ours.strip()
    return mapping


def _label_column(columns: list[str], text_column: TextColumn, label_column: str | None, file: str) -> str:
    if find_column(columns, ["sha256"]) and not find_column(columns, names_in(text_column) or ["text"]):
        raise InputError(
            f"{file} holds labels without texts; join it with them: whyshare data hydrate {file} --texts FILE"
        )
    label = find_column(columns, [label_column] if label_column else LABEL_COLUMNS)
    if label is None:
        wanted = repr(label_column) if label_column else "label"
        advice = "" if label_column else "; rename the labels' column to label, or give its name with --label-column"
        raise InputError(f"{file} has no column {wanted}; it has {', '.join(columns)}{advice}")
    return label


def _text_columns(table: Table, text_column: TextColumn, label_column: str, file: str) -> tuple[tuple[str, ...], Table]:
    others = [column for column in table.columns if column != label_column]
    return choose_text_columns(replace(table, columns=others, own_columns=False), text_column, file)


def _post(
    row: Row, text_columns: Sequence[str], label_column: str, label_map: Mapping[str, str] | None
) -> Annotated | None:
    values = row.values
    label = parse_motive(values.get(label_column), label_map)
    if label is None:
        return None
    text = row.text(text_columns)
    cleaned = clean(text)
    if not has_text(cleaned):
        raise ValueError(f"the text is empty or none: {shown(text)}")
    try:
        secondary = parse_motive(values.get("secondary"), label_map)
    except ValueError as error:
        reason = str(error).replace("label", "secondary (the optional second motive)", 1)
        raise ValueError(f"{reason}, or rename the column") from None
    if secondary == label:
        raise ValueError(f"secondary is {label}, the same as the label; leave it empty")
    certainty, care = (flat_cell(values.get(name)).removesuffix(".0").lower() for name in ("certainty", "care"))
    if certainty not in {"", "nan", "1", "2", "3"}:  # 3.0 and NaN are what pandas makes of a column with blanks
        raise ValueError(
            f"certainty is {shown(values['certainty'])}; how sure the annotator was is needed, 1, 2 or 3; "
            "rename the column if it means something else"
        )
    post = Annotated(
        id=row_id(values, row.number),
        text=text,
        label=label,
        secondary=secondary,
        certainty=int(certainty) if certainty.isdigit() else 3,
        care=care in {"true", "1"},
        language=str(values.get("lang") or values.get("language") or detect_language(cleaned)),
        source=str(values.get("source") or ""),
        fields=values,
        row=row.number,
    )
    object.__setattr__(post, "cleaned", cleaned)  # or it would be cleaned once more
    return post


def _repetitions(posts: list[Annotated]) -> Iterator[Problem]:
    by_id: dict[str, int] = {}
    by_text: dict[str, Annotated] = {}
    for post in posts:
        first_row = by_id.setdefault(post.id, post.row)
        if first_row != post.row:
            yield Problem(post.row, f"id {shown(post.id)} stands in row {first_row} already; ids must differ")
        first = by_text.setdefault(post.cleaned, post)
        if first is not post:
            same = "same label" if first.label == post.label else f"there {first.label}, here {post.label}"
            yield Problem(post.row, f"the text stands in row {first.row} already ({same})", is_error=False)


def _rare_motives(posts: list[Annotated]) -> Iterator[Problem]:
    counts = Counter(post.label for post in posts)
    for motive in MOTIVES:
        if posts and counts[motive] < FEW_POSTS:
            yield Problem(0, f"too few posts are {motive} ({counts[motive]}); annotate more of them", is_error=False)
