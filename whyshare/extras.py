"""Say which ``pip install`` line is missing, instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from .data.errors import InputError


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Turn a missing package into one clear line that names the extra which brings it.

    Wrap the imports: ``with needs("train"): import torch``.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("whyshare"):
            raise
        message = f'{error.name} is not installed; this command needs: pip install "whyshare[{extra}]"'
        raise InputError(message) from None
