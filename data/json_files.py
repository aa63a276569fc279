"""JSONL (streamed) and JSON arrays (read whole: for millions of posts, JSONL is the better choice)."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .columns import TEXT_COLUMNS, listed, text_rank, usual_text_columns
from .delimited import shown_line
from .errors import InputError, shown
from .notices import tell
from .posts import Reject
from .streams import describe_bad_line, file_encoding, iter_lines, open_bytes
from .tables import Row, Table

LOOKED_AT = 100  # objects whose keys are the columns; the first may lack some
MAX_JSON = 2**30  # bytes of a JSON array, which is held in memory

_ASSIGNED = re.compile(r"\s*[\w.$]+\s*=\s*(?=[\[{])")  # window.YTD.tweets.part0 = [, in an archive of Twitter


def read_json_lines(path: Path) -> Table:
    """Open a file of one JSON object a line; the columns are those of the first ``LOOKED_AT``."""
    return _with_columns(path, _objects(path))


def read_json_array(path: Path) -> Table:
    """Read a JSON array of objects, or an object that holds one, however deep; a script may assign it."""
    with open_bytes(path) as stream:
        data = stream.read(MAX_JSON + 1)
    if len(data) > MAX_JSON:
        raise InputError(f"{path} is larger than 1 GiB; a JSON array is read whole, so save it as JSONL")
    try:
        text = data.decode(file_encoding(path)).removeprefix("\ufeff")
        if assigned := _ASSIGNED.match(text):
            text = text[assigned.end() :].rstrip("; \r\n")
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON ({error}); one array of objects is needed") from None
    if isinstance(content, dict):
        content = _array_of_posts(content, path) or content
    if not isinstance(content, list):
        raise InputError(f"{path} holds {shown(content)}; an array of objects is needed")

    def rows() -> Iterator[Row | Reject]:
        for number, item in enumerate(content, start=1):
            if isinstance(item, dict):
                yield Row(number, item)
            else:
                yield Reject(str(path), number, "not a JSON object", shown(item))

    return _with_columns(path, rows())


def _array_of_posts(content: Mapping[str, Any], path: Path) -> list[Any] | None:
    """Choose from the arrays within an object the one with a usual text column, of several the least deep; say which.

    :raises InputError: If that does not tell one from another.
    """
    arrays = dict(_arrays(content))
    ranks = {name: _rank(name, array) for name, array in arrays.items()}
    likeliest = [name for name, rank in ranks.items() if rank == min(ranks.values())]
    if len(likeliest) > 1:
        raise InputError(
            f"{path} has several arrays of objects, {listed(list(arrays))}; "
            f"save that of the posts as a file of its own, such as with jq .{likeliest[0]}"
        )
    if not likeliest:
        return None
    others = [name for name in arrays if name not in likeliest]
    if others or "." in likeliest[0]:
        left_out = f", not from {listed(others)}" if others else ""
        tell(f"{path}: posts are read from the array {likeliest[0]}{left_out}")
    return arrays[likeliest[0]]


def _rank(name: str, array: list[Any]) -> tuple[bool, int, int]:
    """Give what sorts the likeliest array of posts first."""
    place = text_rank(next(item for item in array if isinstance(item, dict)))
    return place == len(TEXT_COLUMNS), name.count("."), place


def _arrays(content: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Give the arrays of objects that lie in objects, by their paths; not those deep in a post, such as its hashtags."""
    is_post = "id" in content and bool(usual_text_columns([*content]))
    for name, value in content.items():
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            yield within + name, value
        elif isinstance(value, dict) and not is_post:
            yield from _arrays(value, f"{within}{name}.")


def _objects(path: Path) -> Iterator[Row | Reject]:
    for number, line in iter_lines(path):
        if isinstance(line, bytes):
            yield Reject(str(path), number, describe_bad_line(line), shown_line(line))
            continue
        if not line.strip():
            continue
        try:
            item: Any = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Reject(str(path), number, f"not valid JSON ({error})", shown_line(line))
            continue
        if isinstance(item, dict):
            yield Row(number, item)
        else:
            yield Reject(str(path), number, "not a JSON object", shown_line(line))


def _with_columns(path: Path, rows: Iterator[Row | Reject]) -> Table:
    ahead: list[Row | Reject] = []
    found: list[Row] = []
    for row in rows:
        ahead.append(row)
        found += [row] if isinstance(row, Row) else []
        if len(found) == LOOKED_AT or (len(ahead) >= 1000 and not found):
            break
    if found:
        columns = list(dict.fromkeys(key for row in found for key in row.values))
        return Table(columns, itertools.chain(ahead, rows), own_columns=True)
    if ahead and isinstance(ahead[0], Reject):
        raise InputError(f"{path} row {ahead[0].row}: {ahead[0].reason}; no row of the file could be read")
    raise InputError(f"{path} is empty; posts as JSON objects are needed")
