"""Files that are there whole or not at all, whatever happens while they are written."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import InputError


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary file to fill; it is brought to the disk and gets its name in one step, or is removed."""
    temporary = path.with_name(f".{path.name}.writing")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)  # a private file stays private
        try:
            temporary.replace(path)
        except PermissionError as error:  # Windows lets no file be replaced that a program holds open
            raise InputError(
                f"cannot write {path} ({error.strerror}); close it where it is open, and run the same command again"
            ) from None
    finally:
        temporary.unlink(missing_ok=True)
