"""What kind of file an input is: by its ending or, where a name tells nothing, by its first lines."""

import json
from itertools import islice
from pathlib import Path

from .columns import TEXT_COLUMNS, find_column
from .compression import COMPRESSED
from .delimited import LOOKED_AT, delimiter_of
from .streams import iter_lines

_TEXT = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".txt": "txt"}
_WHOLE = {".parquet": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx", ".db": "sqlite", ".sqlite": "sqlite"}
_WHOLE |= {".sqlite3": "sqlite", ".pq": "parquet"}
JSON_KINDS = {"json", "jsonl"}  # in which every row has columns of its own
KNOWN = f"{', '.join([*_TEXT, *_WHOLE])} (and of text {', '.join(COMPRESSED)})"

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
    return (_TEXT | _WHOLE).get(ending)


def split_part(path: str) -> tuple[Path, str | None]:
    """Split off the sheet or table: ``"posts.db::weibo" -> (Path("posts.db"), "weibo")``."""
    file, mark, part = path.rpartition("::")
    return (Path(file), part) if mark and not Path(path).exists() else (Path(path), None)


def file_kind(path: Path) -> str | None:
    """Tell the kind of a file that is there, by its content where its name does not tell it.

    :raises InputError: If the content is no text.
    """
    kind = input_kind(path)
    return kind_by_content(path) if kind == "text" else kind


def kind_by_content(path: Path) -> str:
    """Choose the kind that fits the first lines of a text file.

    :raises InputError: If it is no text.
    """
    found = [line for _, line in islice(iter_lines(path), LOOKED_AT)]
    lines = [line if isinstance(line, str) else line.decode("utf-8", "replace") for line in found]
    text = "\n".join(lines).lstrip()
    first = text.partition("\n")[0].rstrip()
    if text.startswith("["):
        return "json" if text[1:].lstrip()[:1] in ("{", "]") else "txt"
    if first == "{":
        return "json"
    if first.startswith("{") and any(map(_is_json_object, lines)):
        return "jsonl"
    if find_column([first.strip('"')], TEXT_COLUMNS):
        return "tsv"  # of one column, in which commas are part of the text
    delimiter = delimiter_of(lines)
    return "txt" if delimiter is None else "tsv" if delimiter == "\t" else "csv"


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
