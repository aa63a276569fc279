"""The one exception that the command line turns into a line and exit code 2, and how errors of others become one."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # what the system says where a file has no room


class InputError(ValueError):
    """What the user gave cannot be used; the message says what is wrong, what was got and what to do.

    Raise it at the door (files, columns, options, labels), with the file and the row where there are any. The
    message becomes one line, whatever a column is named, and texts in it are shown by :func:`shown`.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))


def shown(value: object, length: int = 40) -> str:
    """Give the ``repr`` of a value, cut so that an error stays one readable line.

    ``shown("x" * 100) -> "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"``
    """
    if isinstance(value, str) and len(value) > length:
        return repr(value[:length] + "...")
    text = repr(value) if isinstance(value, str) else " ".join(repr(value).split())  # that of a table has lines
    return text if len(text) <= length + 5 else text[:length] + "..."


def first_line(error: BaseException) -> str:
    """Give the first line of what an error of another library says, cut; its name where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


@contextmanager
def needs(extra: str, what: str = "this command") -> Iterator[None]:
    """Turn a missing package into one clear line that names the extra which brings it.

    Wrap the imports: ``with needs("train"): import torch``.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("whyshare"):
            raise
        message = f'{error.name} is not installed; {what} needs: pip install "whyshare[{extra}]"'
        raise InputError(message) from None
