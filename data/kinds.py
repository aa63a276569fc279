"""What kind of file an input is: by its ending or, where a name tells nothing, by its first lines."""

import codecs
import json
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from .columns import TEXT_COLUMNS, find_column
from .compression import COMPRESSED
from .delimited import LOOKED_AT, delimiter_of
from .streams import iter_lines, open_bytes

_TEXT = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".jl": "jsonl"}
_TEXT |= {".json": "json", ".txt": "txt"}
_WHOLE = {".parquet": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx", ".db": "sqlite", ".sqlite": "sqlite"}
_WHOLE |= {".sqlite3": "sqlite", ".pq": "parquet"}

# Read where they are named, not where they lie in a folder: archives of Twitter, and what is to be saved anew.
NAMED_ALONE = {".js": "json", ".xls": "xlsx"}
JSON_KINDS = {"json", "jsonl"}  # in which every row has columns of its own
KNOWN = f"{', '.join([*_TEXT, *_WHOLE])} (and of text {', '.join(COMPRESSED)})"

_HEAD = 2**20  # bytes whose lines tell JSON from other text
EXCEL_ROWS = 1_048_576  # of a sheet, its header included


def split_endings(path: Path) -> tuple[str, str, str]:
    """Split off the ending of the kind and that of the packing: ``posts.v1.CSV.gz -> ("posts.v1", ".csv", ".gz")``."""
    packing = path.suffix.lower() if path.suffix.lower() in COMPRESSED else ""
    inner = Path(path.stem) if packing else path
    return inner.stem, inner.suffix.lower(), packing


def input_kind(path: Path) -> str | None:
    """Tell the kind of an input file by its ending, such as csv or parquet; None if it is not one that is read.

    A packed file whose name tells no more, like the dumps of Reddit (``RC_2015-01.zst``), is of the kind ``text``.
    """
    _, ending, packing = split_endings(path)
    if packing:
        return _TEXT.get(ending) if ending else "text"
    return (_TEXT | _WHOLE | NAMED_ALONE).get(ending)


def split_part(path: str) -> tuple[Path, str | None]:
    """Split off the sheet or table: ``"posts.db::weibo" -> (Path("posts.db"), "weibo")``."""
    file, mark, part = path.rpartition("::")
    return (Path(file), part) if mark and not Path(path).exists() else (Path(path), None)


def file_kind(path: Path) -> str | None:
    """Tell the kind of a file that is there, by its content where its name does not tell it, or tells another JSON.

    :raises InputError: If the content is no text.
    """
    kind = input_kind(path)
    if kind == "text":
        return kind_by_content(path)
    if kind not in {*JSON_KINDS, "txt"} or not path.is_file():
        return kind
    lines = _first_lines(path)
    if kind == "json" and len(lines) == 1:  # an object with an array of posts, perhaps
        return kind
    return _json_kind(lines) or kind


def kind_by_content(path: Path) -> str:
    """Choose the kind that fits the first lines of a text file.

    :raises InputError: If it is no text.
    """
    found = [line for _, line in islice(iter_lines(path), LOOKED_AT)]
    lines = [line if isinstance(line, str) else line.decode("utf-8", "replace") for line in found]
    if kind := _json_kind(lines):
        return kind
    first = "\n".join(lines).lstrip().partition("\n")[0].rstrip()
    if find_column([first.strip('"')], TEXT_COLUMNS):
        return "tsv"  # of one column, in which commas are part of the text
    delimiter = delimiter_of(lines)
    return "txt" if delimiter is None else "tsv" if delimiter == "\t" else "csv"


def _first_lines(path: Path) -> list[str]:
    """Give the first lines that are not blank; the encoding, which the whole file would tell, is right for what JSON is made of."""
    with open_bytes(path) as stream:
        head = stream.read(_HEAD)
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return re.split(r"[\r\n]+", head.decode(encoding, "replace").strip(), maxsplit=LOOKED_AT)[:LOOKED_AT]


def _json_kind(lines: Sequence[str]) -> str | None:
    """Tell JSON lines from another JSON value by the first lines; None if they are no JSON."""
    text = "\n".join(lines).lstrip()
    if text.startswith("["):
        return "json" if text[1:].lstrip()[:1] in ("{", "]") else None
    if not text.startswith("{"):
        return None
    objects = sum(map(_is_json_object, lines))
    if objects and 2 * objects >= sum(bool(line.strip()) for line in lines):
        return "jsonl"
    return "json" if text.partition("\n")[0].rstrip() == "{" else None


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
