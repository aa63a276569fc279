"""CSV, TSV and plain text, row by row, so that one bad row costs that row and no other."""

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from .columns import TEXT_COLUMNS, find_column
from .errors import InputError
from .posts import Reject
from .streams import MAX_RECORD, describe_bad_line, iter_lines
from .tables import Row, Table, renamed, unique_names

MAX_LINES = 2000  # of one quoted cell; a quote still open after them was never meant to be one
LOOKED_AT = 50  # lines that tell whether a text without an ending is a table
_SENTENCE = re.compile(r"[!?。！？…，：#]|\.(\s|$)|.{41}|(\S+ ){4}")  # in hardly any name of a column

_DELIMITER_SAID = re.compile(r"sep=([,;\t|])", re.IGNORECASE)  # a first line that Excel understands

Line = tuple[int, str | bytes]


def read_delimited(path: Path, delimiter: str | None = None) -> Table:
    """Open a CSV (``delimiter`` None: comma, semicolon or tab, as the header has it) or TSV file."""
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD))
    lines = _Lines(iter_lines(path))
    header = next((line for line in lines if not (isinstance(line[1], str) and not line[1].strip())), None)
    if header is None:
        raise InputError(f"{path} is empty; a header row with column names is needed")
    if isinstance(header[1], bytes):
        raise InputError(f"{path} row {header[0]}: the header is {describe_bad_line(header[1])}; save it as UTF-8")
    if delimiter is None and (said := _DELIMITER_SAID.fullmatch(str(header[1]).strip())):
        delimiter, header = said[1], next(lines, (header[0], ""))
    names = str(header[1]).replace("\r", " ")
    delimiter = delimiter or max(",;\t", key=lambda sign: len(next(csv.reader([names], delimiter=sign))))
    lines.push_back([header])
    first = _next_record(lines, delimiter, width=None, path=path)
    assert first is not None
    if isinstance(first, Reject):
        raise InputError(f"{path} row {header[0]}: the header cannot be read ({first.reason}); mend it")
    columns = unique_names(first[1])
    return Table(columns, _rows(path, lines, columns, delimiter), renamed=renamed(first[1], columns))


def read_lines(path: Path) -> Table:
    """Open a plain text file: a line a post, in a column named ``text``.

    One whose lines have tabs, the same number in each, is a table: what Excel saves as Unicode Text.
    """
    lines = iter_lines(path)
    ahead = list(itertools.islice(lines, LOOKED_AT))
    if delimiter_of([line for _, line in ahead if isinstance(line, str)], "\t"):
        return read_delimited(path, "\t")

    def rows() -> Iterator[Row | Reject]:
        for number, line in itertools.chain(ahead, lines):
            if isinstance(line, bytes):
                yield Reject(str(path), number, describe_bad_line(line), shown_line(line))
            else:
                yield Row(number, {"text": line})

    return Table(["text"], rows())


def delimiter_of(lines: Sequence[str], signs: str = "\t,;") -> str | None:
    """Tell the sign that divides the first lines of a file into columns; None where they are prose, a line a post.

    Nearly all records must be as wide as the first. Commas are in prose too, so there the first must look like a
    header: ``["id,review", "1,so good"] -> ","``, but ``["Hello, you", "Bye, you"] -> None``.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD))
    for sign in signs:
        try:
            header, *records = [record for record in csv.reader(lines, delimiter=sign) if record]
        except (csv.Error, ValueError):
            continue
        if len(header) > 1 and find_column(header, TEXT_COLUMNS):
            return sign
        if len(lines) >= LOOKED_AT:
            records = records[:-1]  # which may go on below
        same = sum(len(record) == len(header) for record in records)
        if len(header) > 1 and same and 10 * same >= 9 * len(records) and (sign == "\t" or _names(header, same)):
            return sign
    return None


def _names(header: list[str], records: int) -> bool:
    """Tell whether cells look like names of columns; a space after each comma is prose unless many rows are alike."""
    names = [name.strip() for name in header]
    plain = all(names) and len(set(names)) == len(names) and not any(map(_SENTENCE.search, names))
    return plain and (names == header or records >= 3)


class _Lines:
    """Numbered lines that can be given back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._returned: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._returned.popleft() if self._returned else next(self._lines)

    def push_back(self, lines: list[Line]) -> None:
        self._returned.extendleft(reversed(lines))


def _rows(path: Path, lines: _Lines, columns: list[str], delimiter: str) -> Iterator[Row | Reject]:
    while (record := _next_record(lines, delimiter, len(columns), path)) is not None:
        if isinstance(record, Reject):
            yield record
        elif record[1] or len(columns) == 1:  # a blank line is a row only where there is one column
            yield Row(record[0], dict(zip(columns, record[1] or [""], strict=True)))


def _next_record(lines: _Lines, delimiter: str, width: int | None, path: Path) -> tuple[int, list[str]] | Reject | None:
    """Read one record, over several lines where a quoted cell has them.

    When that fails, only the first line is rejected and the others are read anew, so that a stray quote does not
    swallow the rows below it.
    """
    taken: list[Line] = []
    record = csv.reader(_one_record(lines, taken), delimiter=delimiter, strict=True)
    try:
        fields = next(record, None)
        if fields is None:
            return None
        if width is None or len(fields) in (0, width):
            plain = _plain_fields(taken, delimiter, width) if len(taken) > 1 else None
            lines.push_back(taken[1:] if plain else [])
            return taken[0][0], plain or fields
        reason = f"{len(fields)} fields where the header has {width}"
    except csv.Error as error:
        reason = _reason(taken, str(error))
    lines.push_back(taken[1:])
    if plain := _plain_fields(taken[:1], delimiter, width):
        return taken[0][0], plain
    return Reject(str(path), taken[0][0], reason, shown_line(taken[0][1]))


def _plain_fields(taken: list[Line], delimiter: str, width: int | None) -> list[str] | None:
    r"""Split a line at its tabs alone, where all lines taken have as many as the header: there a quote is a character.

    ``2\t"Wow, they said`` and ``3\tno"`` are two rows of a collection of tweets, not one with a line break in a cell.
    """
    for _, line in taken:
        if delimiter != "\t" or width in (None, 1) or isinstance(line, bytes) or "\x00" in line:
            return None
        if line.count("\t") + 1 != width:
            return None
    return str(taken[0][1]).split("\t")


def _one_record(lines: _Lines, taken: list[Line]) -> Iterator[str]:
    """Give lines for as long as the parser asks for more, which it does while a quote is open; note them as taken."""
    size = 0
    for line in lines:
        taken.append(line)
        size += len(line[1])
        if isinstance(line[1], bytes) or "\x00" in line[1] or len(taken) > MAX_LINES or size > MAX_RECORD:
            if len(taken) == 1:
                raise csv.Error  # the first line itself cannot be parsed
            return  # to the parser, the file ends here, inside a quote
        yield line[1] + "\n"


def _reason(taken: list[Line], error: str) -> str:
    """Say why the first of the lines taken cannot be read."""
    first = taken[0][1]
    if isinstance(first, bytes):
        return describe_bad_line(first)
    if "\x00" in first:
        return "NUL byte"
    advice = (
        "; write quotes within a cell doubled, not after a backslash (in Spark: escape='\"')" if '\\"' in first else ""
    )
    if len(taken) > MAX_LINES:
        return f"a quote is opened and not closed within {MAX_LINES} lines{advice}"
    if len(taken) > 1 or "end of data" in error:
        return f"a quote is opened and never closed{advice}"
    return f"text after a closing quote{advice}" if "expected after" in error else "a CR outside quotes"


def shown_line(line: str | bytes) -> str:
    """Give the start of a line that cannot be read, bytes that are no text as escapes."""
    text = line[:1000].decode("utf-8", "backslashreplace") if isinstance(line, bytes) else line
    return text[:200]
