"""Standard input as a file, named by what it looks like, since reading takes several passes."""

import shutil
import sys
from pathlib import Path

from . import compression
from .errors import InputError
from .kinds import kind_by_content

STANDARD_INPUT = "standard input"  # its name in messages

_MAGIC = {b"PAR1": ".parquet", b"PK\x03\x04": ".xlsx", b"SQLite format 3": ".db"}


def copy_standard_input(folder: Path) -> Path:
    """Copy standard input into a folder.

    :raises InputError: If it is no text, and nothing else that can be read.
    """
    if sys.stdin is None:
        raise InputError("standard input is closed; give a file, or pipe the posts in")
    target = folder / "stdin"
    with target.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    with target.open("rb") as file:
        start = file.read(16)
    packed = _ending_by(start, compression.MAGIC)
    target = target.rename(folder / f"stdin{packed}")
    try:
        ending = _ending_by(start, _MAGIC) or f".{kind_by_content(target)}"
    except InputError as error:
        raise InputError(str(error).replace(str(target), STANDARD_INPUT)) from None
    return target.rename(folder / f"stdin{ending}{packed}")


def _ending_by(start: bytes, known: dict[bytes, str]) -> str:
    return next((ending for magic, ending in known.items() if start.startswith(magic)), "")
