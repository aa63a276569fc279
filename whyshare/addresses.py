"""Addresses such as ``s3://bucket/posts.csv``, and standard input, on the command line: copies take their places."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .data.errors import InputError

INPUTS = ("annotated", "predictions", "baseline", "labelled", "checked", "errors", "file", "texts", "against")
OUTPUTS = ("output", "report", "excel", "runs")


class Address(str):
    """An address as it was typed: a ``Path`` would lose a slash of ``s3://``."""


class Parser(argparse.ArgumentParser):
    """A parser that takes an :class:`Address` wherever an option is a ``Path``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register("type", Path, lambda word: Address(word) if "://" in word else Path(word))


@contextmanager
def addresses_here(options: argparse.Namespace) -> Iterator[None]:
    """Put copies in the places of addresses and of ``-`` among the options; they are removed in the end.

    What ``label`` is to read stays, as it is copied when all else is known to be right.

    :raises InputError: If an address cannot be read, or stands where none is read.
    """
    given = {name: value if isinstance(value, list) else [value] for name, value in vars(options).items()}
    addresses = {name: [str(each) for each in values if _is_address(name, each)] for name, values in given.items()}
    for name in given.keys() - INPUTS:
        advice = (
            "give a local path and copy it there afterwards" if name in OUTPUTS else "copy it to this machine first"
        )
        for address in addresses[name]:
            raise InputError(f"--{name} {address} is an address, from which posts are read and nothing else; {advice}")
    if any(addresses.values()):
        from .console import show_log

        show_log()  # of what is copied, which may take a while
    with ExitStack() as stack:
        for name in [name for name in INPUTS if addresses.get(name) or Path("-") in given.get(name, ())]:
            setattr(options, name, _copies(getattr(options, name), stack))
        yield


def _is_address(name: str, value: Any) -> bool:
    kind = str if name in OUTPUTS else Address  # that of label is no Path, since FOLDER/ differs from a file
    return isinstance(value, kind) and "://" in value


def _copies(value: Any, stack: ExitStack) -> Any:
    from .data.copies import local_copies
    from .data.reading import list_files

    given = value if isinstance(value, list) else [value]
    files = [file for each in given for file in (list_files((each,)) if isinstance(each, Address) else [str(each)])]
    if not isinstance(value, list) and len(files) > 1:
        raise InputError(f"{value} stands for {len(files)} files; name one of them")
    copies = [Path(copy) for copy in stack.enter_context(local_copies(files))]
    return copies if isinstance(value, list) else copies[0]
