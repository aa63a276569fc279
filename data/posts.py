"""What a post is, and what a row that could not be read is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Post:
    """One post as it stood in its file.

    ``text`` is the raw text (``""`` where the cell was empty or null). ``fields`` holds every input column
    untouched and in order, the text column included. ``row`` is the number a person sees on opening the file:
    the spreadsheet row (the header is row 1) for XLSX, the line (of a row over several lines, the first) for CSV, TSV,
    JSONL and plain text, the record counted from 1 for JSON, Parquet and SQLite.
    """

    text: str
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)
    file: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be read: where it stands, why, and as much of it as is safe to show."""

    file: str
    row: int
    reason: str
    raw: str = ""

    def __str__(self) -> str:
        return f"{self.file} row {self.row}: {self.reason}"
