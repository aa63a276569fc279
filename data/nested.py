"""Columns within columns, as in JSON: ``mblog.text``, which goes through lists and through cells that are written as JSON."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from .columns import text_rank, usual_text_columns
from .errors import shown

DEEPEST = 4  # names of a path to a text that is offered: snippet.topLevelComment.snippet.textOriginal


def value_at(values: Mapping[str, Any], column: str) -> Any:
    """Give the value of a column, or of ``outer.inner`` within that of another, which may be written as JSON.

    :raises ValueError: If there is no such place within it, or several different values.
    """
    if column in values:
        return values[column]
    found = _found(values, column)
    outer, _, inner = column.partition(".")
    if not found and outer in values:
        raise ValueError(f"there is no {inner} in {outer}, which is {shown(_parsed(values[outer]))}")
    filled = [value for value in found if value not in (None, "")] or [None]
    if any(value != filled[0] for value in filled):
        raise ValueError(f"there are {len(filled)} texts in {column}; make each a row of its own")
    return filled[0]


def _found(values: Mapping[str, Any], column: str) -> list[Any]:
    """Give all that a row has under a column or path, which goes through lists."""
    if column in values:
        return [values[column]]
    outer, dot, inner = column.partition(".")
    if not dot or outer not in values:
        return []
    within = _parsed(values[outer])
    if within in (None, "", []):
        return [None]
    return [value for item in _objects(within) for value in _found(item, inner)]


def nested_text_columns(values: Mapping[str, Any]) -> list[str]:
    """Find the texts with a usual name that lie deeper in a row, the likeliest first.

    ``{"id": 1, "tweet": {"lang": "en", "full_text": "Hi"}} -> ["tweet.full_text"]``
    """
    paths = dict.fromkeys(path for path in _text_paths(values, DEEPEST) if "." in path)
    return sorted(paths, key=lambda path: (text_rank([path.rpartition(".")[2]]), path.count(".")))


def _text_paths(values: Mapping[str, Any], depth: int) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, str) and value.strip() and usual_text_columns([name]):
            yield name
        for item in _objects(_parsed(value)) if depth > 1 else ():
            yield from (f"{name}.{path}" for path in _text_paths(item, depth - 1))


def _parsed(value: Any) -> Any:
    """Read what is written as JSON; anything else stays."""
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """Give the object that a value is, or those of a list."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]
