"""JSONL (streamed) and JSON arrays (read whole: for millions of posts, JSONL is the better choice)."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .delimited import shown_line
from .errors import InputError, shown
from .posts import Reject
from .streams import describe_bad_line, file_encoding, iter_lines, open_bytes
from .tables import Row, Table

LOOKED_AT = 100  # objects whose keys are the columns; the first may lack some
MAX_JSON = 2**30  # bytes of a JSON array, which is held in memory


def read_json_lines(path: Path) -> Table:
    """Open a file of one JSON object a line; the columns are those of the first ``LOOKED_AT``."""
    return _with_columns(path, _objects(path))


def read_json_array(path: Path) -> Table:
    """Read a JSON array of objects, or an object that holds just one such array."""
    with open_bytes(path) as stream:
        data = stream.read(MAX_JSON + 1)
    if len(data) > MAX_JSON:
        raise InputError(f"{path} is larger than 1 GiB; a JSON array is read whole, so save it as JSONL")
    try:
        content = json.loads(data.decode(file_encoding(path)).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON ({error}); one array of objects is needed") from None
    if isinstance(content, dict):
        arrays = [value for value in content.values() if isinstance(value, list)]
        content = arrays[0] if len(arrays) == 1 else content
    if not isinstance(content, list):
        raise InputError(f"{path} holds {shown(content)}; an array of objects is needed")

    def rows() -> Iterator[Row | Reject]:
        for number, item in enumerate(content, start=1):
            if isinstance(item, dict):
                yield Row(number, item)
            else:
                yield Reject(str(path), number, "not a JSON object", shown(item))

    return _with_columns(path, rows())


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
