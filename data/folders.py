"""Which files of a folder hold posts, and which of those given are the same."""

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from .errors import InputError
from .kinds import KNOWN, NAMED_ALONE, input_kind, split_part
from .notices import tell
from .results import PROBABILITY_COLUMNS
from .streams import open_bytes

_HEAD = 2**16  # bytes of a text file, of its header or its first record, in which result columns are named
_LISTED = 5  # names in a message


def is_input(path: Path) -> bool:
    """Tell by its name a file of posts from one that lies beside: hidden, of an open workbook, a script, of rejected rows."""
    if path.name.startswith((".", "~$")) or path.suffix.lower() in NAMED_ALONE:
        return False
    return bool(input_kind(path)) and not path.name.endswith(".rejects.jsonl")


def files_of_posts(folder: Path) -> list[str]:
    """Give the files of posts right in a folder, by name, without those that whyshare has labelled; say what is left out.

    :raises InputError: If there is none.
    """
    inside = sorted(file for file in folder.iterdir() if file.is_file() and is_input(file))
    labelled = [file.name for file in inside if _is_labelled(file)]
    deeper = sorted(f"{each.name}{os.sep}" for each in folder.iterdir() if each.is_dir() and _has_posts(each))
    reasons = []
    if labelled:
        reasons.append(f"{_listed(labelled)}, which whyshare has labelled (to label again, give the file itself)")
    if deeper:
        reasons.append(f"its folders {_listed(deeper)} (give these too)")
    left_out = " and ".join(reasons)
    if len(labelled) == len(inside):
        found = f"; it has {left_out}" if left_out else f"; whyshare reads {KNOWN}"
        raise InputError(f"folder {folder} has no file of posts{found}")
    if left_out:
        tell(f"of folder {folder}, not read: {left_out}", logging.WARNING)
    return [str(file) for file in inside if file.name not in labelled]


def each_once(files: Sequence[str]) -> list[str]:
    """Leave out files that were given before, under whatever name; say so."""
    first: dict[object, str] = {}
    for file in files:
        path, part = split_part(file)
        status = path.stat() if path.is_file() else None
        key = (status.st_dev, status.st_ino, part) if status else file
        if key not in first:
            first[key] = file
        elif file == first[key]:
            tell(f"{file} is given twice; it is read once", logging.WARNING)
        else:
            tell(f"{file} is the same file as {first[key]}; it is read once", logging.WARNING)
    return list(first.values())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")


def _has_posts(folder: Path) -> bool:
    """Tell whether a folder has files of posts, however deep; parts of unfinished work are none."""
    if folder.name.startswith(".") or folder.name.endswith(".parts"):
        return False
    files: Iterator[Path] = folder.rglob("*")
    return any(is_input(file) and file.is_file() for file in files)


def _is_labelled(path: Path) -> bool:
    """Tell a file that whyshare wrote by its probability columns; one that cannot be opened is for the reader to refuse."""
    kind = input_kind(path)
    try:
        if kind == "parquet":
            from .databases import read_parquet

            columns = read_parquet(path).columns
        elif kind == "xlsx":
            from .spreadsheets import read_spreadsheet

            columns = read_spreadsheet(path).columns
        else:
            with open_bytes(path) as stream:
                head = stream.read(_HEAD)
            return all(column.encode() in head for column in PROBABILITY_COLUMNS)
    except (InputError, OSError):
        return False
    return set(PROBABILITY_COLUMNS) <= set(columns)
