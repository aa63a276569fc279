"""Local copies of what cannot be read in several passes where it is: standard input, and files at addresses.

Everything else reads the copies as the files that they are; messages call them by the names of what was copied.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .errors import DISK_FULL, InputError
from .remote import copy_file, is_address, split_address
from .standard_input import STANDARD_INPUT, copy_standard_input

_names: dict[str, str] = {}  # copy: what it is a copy of


@contextmanager
def local_copies(paths: Sequence[str]) -> Iterator[list[str]]:
    """Give the paths, with copies in place of ``-`` and of addresses; they are removed in the end, come what may.

    :raises InputError: If one cannot be copied, or as it is raised inside, with the names of what was copied.
    """
    with ExitStack() as stack:
        try:
            yield [_copied(path, stack) if path == "-" or is_address(path) else path for path in paths]
        except InputError as error:
            raise InputError(named(str(error))) from None


def _copied(path: str, stack: ExitStack) -> str:
    try:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="whyshare-", ignore_cleanup_errors=True)))
    except FileNotFoundError:
        raise InputError("no temporary folder can be written to; set TMPDIR to one that can") from None
    name, part = (STANDARD_INPUT, "") if path == "-" else split_address(path)
    try:
        copy = str(copy_standard_input(folder) if path == "-" else copy_file(name, folder))
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise InputError(
            f"no space left in {folder.parent} for a copy of {name}; free some, or set TMPDIR to a folder on a larger disk"
        ) from None
    _names[copy] = name
    stack.callback(_names.pop, copy)
    return copy + part


def named(text: str) -> str:
    """Replace the paths of copies in a text by the names of what was copied."""
    for copy, name in _names.items():
        text = text.replace(copy, name)
    return text
