"""Standard input as a file, named by what it looks like, since reading takes several passes."""

import json
import shutil
import sys
from itertools import islice
from pathlib import Path

from .columns import TEXT_COLUMNS, find_column
from .delimited import LOOKED_AT, delimiter_of
from .errors import InputError
from .streams import iter_lines

STANDARD_INPUT = "standard input"  # its name in messages

_MAGIC = {b"PAR1": ".parquet", b"PK\x03\x04": ".xlsx", b"SQLite format 3": ".db"}
_PACKED_MAGIC = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}


def copy_standard_input(folder: Path) -> Path:
    """Copy standard input into a folder.

    :raises InputError: If it is no text, and nothing else that can be read.
    """
    target = folder / "stdin"
    with target.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    with target.open("rb") as file:
        start = file.read(16)
    packed = _ending_by(start, _PACKED_MAGIC)
    target = target.rename(folder / f"stdin{packed}")
    try:
        ending = _ending_by(start, _MAGIC) or _ending_of(target)
    except InputError as error:
        raise InputError(str(error).replace(str(target), STANDARD_INPUT)) from None
    return target.rename(folder / f"stdin{ending}{packed}")


def _ending_by(start: bytes, known: dict[bytes, str]) -> str:
    return next((ending for magic, ending in known.items() if start.startswith(magic)), "")


def _ending_of(path: Path) -> str:
    """Choose the ending that fits the first lines of a text file."""
    found = [line for _, line in islice(iter_lines(path), LOOKED_AT)]
    lines = [line if isinstance(line, str) else line.decode("utf-8", "replace") for line in found]
    text = "\n".join(lines).lstrip()
    first = text.partition("\n")[0].rstrip()
    if text.startswith("["):
        return ".json" if text[1:].lstrip()[:1] in ("{", "]") else ".txt"
    if first == "{":
        return ".json"
    if first.startswith("{") and any(map(_is_json_object, lines)):
        return ".jsonl"
    if find_column([first.strip('"')], TEXT_COLUMNS):
        return ".tsv"  # of one column, in which commas are part of the text
    delimiter = delimiter_of(lines)
    return ".txt" if delimiter is None else ".tsv" if delimiter == "\t" else ".csv"


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
