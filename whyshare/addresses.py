"""Addresses such as ``s3://bucket/posts.csv`` on the command line: copies on this machine take their places."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .data.errors import InputError

INPUTS = ("annotated", "predictions", "baseline", "labelled", "checked", "errors", "file", "texts", "against")
OUTPUTS = ("output", "report", "excel", "runs")


@contextmanager
def addresses_here(options: argparse.Namespace, words: Sequence[str]) -> Iterator[None]:
    """Put copies in the places of addresses among the options; they are removed in the end.

    What ``label`` is to read stays, as it is copied when all else is known to be right.

    :param words: The command line as it was typed: a path among the options has lost a slash of ``s3://``.
    :raises InputError: If an address cannot be read, or stands where none is read.
    """
    typed = {Path(part): part for word in words for part in (word, word.partition("=")[2]) if "://" in part}
    given = {name: _paths(name, value) for name, value in vars(options).items()}
    remote = {name: paths for name, paths in given.items() if not typed.keys().isdisjoint(paths)}
    for name in remote.keys() - INPUTS:
        address = next(typed[path] for path in remote[name] if path in typed)
        advice = (
            "give a local path and copy it there afterwards" if name in OUTPUTS else "copy it to this machine first"
        )
        raise InputError(f"--{name} {address} is an address, from which posts are read and nothing else; {advice}")
    if remote:
        from .console import show_log

        show_log()  # of what is copied, which may take a while
    with ExitStack() as stack:
        for name, paths in remote.items():
            setattr(options, name, _copies(getattr(options, name), paths, typed, stack))
        yield


def _paths(name: str, value: Any) -> list[Path]:
    kinds = str | Path if name in INPUTS + OUTPUTS else Path  # other words are none, such as those of --label-map
    return [Path(each) for each in (value if isinstance(value, list) else [value]) if isinstance(each, kinds)]


def _copies(value: Any, paths: list[Path], typed: dict[Path, str], stack: ExitStack) -> Any:
    from .data.copies import local_copies
    from .data.reading import list_files

    files = [file for path in paths for file in (list_files((typed[path],)) if path in typed else [str(path)])]
    if not isinstance(value, list) and len(files) > 1:
        raise InputError(f"{typed[paths[0]]} stands for {len(files)} files; name one of them")
    kind = type(value[0] if isinstance(value, list) else value)
    copies = [kind(copy) for copy in stack.enter_context(local_copies(files))]
    return copies if isinstance(value, list) else copies[0]
