"""The front door of reading: any file or folder of posts, one post after another, in constant memory.

CSV, TSV, JSONL, JSON array, Parquet, XLSX (``posts.xlsx::SHEET``), plain text (a line a post), SQLite
(``posts.db::TABLE``) and ``-`` for standard input; ``.gz``, ``.bz2``, ``.xz`` and ``.zst`` of the text kinds. JSON
arrays alone are held in memory.
"""

import atexit
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path

from .cells import unescape_formula
from .columns import TextColumn
from .copies import local_copies, named
from .delimited import read_delimited, read_lines
from .errors import InputError, shown
from .folders import each_once, files_of_posts, is_input
from .json_files import read_json_array, read_json_lines
from .kinds import KNOWN, file_kind, input_kind, split_part
from .notices import tell
from .posts import Post, Reject
from .remote import find_files, is_address
from .results import PROBABILITY_COLUMNS
from .standard_input import STANDARD_INPUT
from .streams import MAX_RECORD
from .tables import Row, Table
from .text_columns import Strays, choose_text_columns, tell_of_text_columns

# Columns that tell what whyshare wrote itself: labelled, drawn to be checked, labels without texts or joined with them.
_OWN_COLUMNS = (set(PROBABILITY_COLUMNS), {"post", "weight", "text"}, {"sha256"})


def read_posts(
    *paths: str | Path, text_column: TextColumn = None, on_reject: Callable[[Reject], None] | None = None
) -> Iterator[Post]:
    """Read posts from files and folders, in the order given (folders by name), here or at addresses.

    :param text_column: Name of the column of the texts, or several names, whose texts make up a post, a line each;
        found by its usual names where it is None, the first of these that holds no numbers or dates.
    :param on_reject: Receives each row that cannot be read; without it the first such row is an error.
    :raises InputError: For what is wrong with a whole file: at once where it is not there, later where it is empty or
        damaged, or has no text column.
    :raises TypeError: If something other than paths is given, such as a list of them.
    """
    for path in paths:
        if not isinstance(path, str | Path):
            raise TypeError(f"read_posts takes paths, not {shown(path)}; give a list of them as read_posts(*paths)")
    return chain.from_iterable(_copied_posts(path, text_column, on_reject or _raise) for path in list_files(paths))


def _copied_posts(path: str, text_column: TextColumn, on_reject: Callable[[Reject], None]) -> Iterator[Post]:
    with local_copies([path]) as [file]:
        yield from _posts(path, file, text_column, on_reject)


def list_files(paths: tuple[str | Path, ...]) -> list[str]:
    """Expand folders and patterns to files that can be read, each once, and check that everything is there."""
    files: list[str] = []
    for given in paths:
        path, part = split_part(str(given))
        if is_address(str(given)):
            files.extend(find_files(str(given), is_input))
        elif str(given) == "-" or path.is_file():
            files.append(str(given))
        elif path.is_dir():
            files.extend(files_of_posts(path))
        elif matching := _matching(path):
            files.extend(f"{file}::{part}" if part else file for file in matching)
        elif path.exists():
            raise InputError(
                f"{path} is a pipe or a device, which can be read but once; pipe it in, and give - in its place"
            )
        else:
            raise InputError(f"no such file: {path}")
    if not files:
        raise InputError("no file was given")
    return each_once(files)


def _matching(pattern: Path) -> list[str]:
    """Expand a pattern that the shell left alone, as Windows' does."""
    if not {"*", "?"} & set(pattern.name):
        return []
    return sorted(str(file) for file in pattern.parent.glob(pattern.name) if file.is_file() and is_input(file))


def unread_sheets(files: Sequence[str]) -> list[str]:
    """Name the sheets that hold something and are not read, since none of their workbook's was asked for by name."""
    books = [file for file in files if input_kind(split_part(file)[0]) == "xlsx"]
    asked = {named(f"{path}::{part}") for path, part in map(split_part, files) if part}  # each copy has its own folder
    others = [named(sheet) for book in books for sheet in open_table(book).other_sheets]
    return [sheet for sheet in others if sheet not in asked]


def open_table(path: str | Path, text_column: TextColumn = None) -> Table:
    """Open one file of any kind as columns and rows.

    :param text_column: What the user has named, if anything: in a workbook the header is looked for by it.
    """
    copies = ExitStack()
    [file] = copies.enter_context(local_copies([str(path)]))
    if file != str(path):
        atexit.register(copies.close)  # nobody says when the last row has been read
    try:
        return _open_table(file, text_column)
    except InputError as error:
        raise InputError(named(str(error))) from None


def _open_table(path: str, text_column: TextColumn = None) -> Table:
    file, part = split_part(path)
    if not file.is_file():
        raise InputError(f"no such file: {file}")
    if input_kind(file) is None:
        raise InputError(f"{file} has an ending that whyshare cannot read; it reads {KNOWN}")
    if file.stat().st_size == 0:
        raise InputError(f"{path} is empty; posts are needed")
    kind = file_kind(file)
    assert kind is not None
    if kind in {"parquet", "sqlite"}:
        from .databases import read_parquet, read_sqlite

        return read_parquet(file) if kind == "parquet" else read_sqlite(file, part)
    if kind == "xlsx":
        from .spreadsheets import read_spreadsheet

        table = read_spreadsheet(file, part, text_column)
        return replace(table, other_sheets=()) if named(path) == STANDARD_INPUT else table  # which cannot be asked for
    if kind in {"csv", "tsv"}:
        table = read_delimited(file, "\t" if kind == "tsv" else None, text_column)
        return _unescaped(table) if any(own <= set(table.columns) for own in _OWN_COLUMNS) else table
    return {"jsonl": read_json_lines, "json": read_json_array, "txt": read_lines}[kind](file)


def _unescaped(table: Table) -> Table:
    """Take off the apostrophes that whyshare put before formulas when it wrote this file."""

    def unescaped(row: Row | Reject) -> Row | Reject:
        if isinstance(row, Reject):
            return row
        return Row(
            row.number,
            {unescape_formula(k): unescape_formula(v) if isinstance(v, str) else v for k, v in row.values.items()},
        )

    return replace(table, columns=list(map(unescape_formula, table.columns)), rows=map(unescaped, table.rows))


def _posts(given: str, file: str, text_column: TextColumn, on_reject: Callable[[Reject], None]) -> Iterator[Post]:
    name = named(file)
    table = _open_table(file, text_column)
    with table.columns_sought():
        columns, table = choose_text_columns(table, text_column, name)
    if table.renamed:
        again = ", ".join(table.renamed)
        tell(f"{name}: several columns have the same name; those after the first are called {again}")
    tell_of_text_columns(table, columns, text_column, name, Path(file).absolute().parent)
    if not table.own_columns:
        yield from _texts(table, columns, given, name, on_reject)
        return
    strays = Strays(columns, text_column)
    try:
        for post in _texts(table, columns, given, name, on_reject):
            strays.note(post.fields)
            yield post
        strays.refuse_absent(table.columns, name)
    finally:  # where no more posts are asked for, too
        strays.tell(name)


def _texts(
    table: Table, columns: tuple[str, ...], given: str, name: str, on_reject: Callable[[Reject], None]
) -> Iterator[Post]:
    for row in table.rows:
        if isinstance(row, Reject):
            on_reject(replace(row, file=name))
            continue
        try:
            text = row.text(columns)
        except ValueError as error:
            on_reject(Reject(name, row.number, str(error)))
            continue
        if len(text) > MAX_RECORD:
            on_reject(Reject(name, row.number, f"longer than {MAX_RECORD // 2**20} MiB", text[:200]))
        else:
            yield Post(text, row.values, given, row.number)


def _raise(reject: Reject) -> None:
    raise InputError(str(reject))
