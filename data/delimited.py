"""CSV, TSV and plain text, row by row, so that one bad row costs that row and no other."""

import csv
import itertools
import re
from collections import Counter, deque
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from .columns import TEXT_COLUMNS, TextColumn, find_column, names_in
from .errors import InputError
from .headers import AHEAD, header_place, text_places, without_repeats
from .notices import tell
from .posts import Reject
from .streams import MAX_RECORD, describe_bad_line, iter_lines
from .tables import Row, Table, renamed, unique_names

MAX_LINES = 2000  # of one quoted cell; a quote still open after them was never meant to be one
LOOKED_AT = 50  # lines that tell whether a text without an ending is a table
SAMPLE = 100  # rows that tell whether short ones are whole
ENOUGH = 3  # short ones that do
_SENTENCE = re.compile(r"[!?。！？…，：#]|\.(\s|$)|.{41}|(\S+ ){4}")  # in hardly any name of a column

_DELIMITER_SAID = re.compile(r"sep=([,;\t|])", re.IGNORECASE)  # a first line that Excel understands

Line = tuple[int, str | bytes]


def read_delimited(path: Path, delimiter: str | None = None, text_column: TextColumn = None) -> Table:
    """Open a CSV (``delimiter`` None: comma, semicolon or tab, as the header has it) or TSV file.

    :param text_column: What the user has named, if anything: where lines stand above the header, it is found by that.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD))
    lines = _Lines(iter_lines(path))
    top = next((line for line in lines if not (isinstance(line[1], str) and not line[1].strip())), None)
    if top is None:
        raise InputError(f"{path} is empty; a header row with column names is needed")
    if isinstance(top[1], bytes):
        raise InputError(f"{path} row {top[0]}: the header is {describe_bad_line(top[1])}; save it as UTF-8")
    if delimiter is None and (said := _DELIMITER_SAID.fullmatch(str(top[1]).strip())):
        delimiter, top = said[1], next(lines, (top[0], ""))
    lines.push_back([top])
    delimiter = _go_to_header(lines, path, delimiter or _likeliest(str(top[1])), names_in(text_column))
    header = _next_record(lines, delimiter, width=None, path=path)
    assert header is not None
    if isinstance(header, Reject):
        raise InputError(f"{path} row {header.row}: the header cannot be read ({header.reason}); mend it")
    columns = unique_names(header[1])
    widths = {len(columns), *_short_widths(lines, path, delimiter, columns, names_in(text_column))}
    rows = without_repeats(_rows(path, lines, columns, delimiter, widths), columns, header[1], path)
    return Table(columns, rows, renamed=renamed(header[1], columns))


def _likeliest(line: str) -> str:
    """Give the signs that may divide a table into columns, the one that gives the line the most of them first."""
    names = line.replace("\r", " ")
    return "".join(sorted(",;\t", key=lambda sign: len(next(csv.reader([names], delimiter=sign))), reverse=True))


def _go_to_header(lines: "_Lines", path: Path, signs: str, wanted: Sequence[str]) -> str:
    """Leave out the lines above the header, and give the first of the signs that divides it into columns."""
    for sign in signs:
        records = _records(lines.again(), sign, path)
        filled = (record for record in records if isinstance(record, Reject) or any(map(str.strip, record[1])))
        ahead = list(itertools.islice(filled, AHEAD))
        if not ahead or isinstance(ahead[0], Reject):
            continue
        if place := header_place([[] if isinstance(record, Reject) else record[1] for record in ahead], wanted):
            header = ahead[place]
            assert not isinstance(header, Reject)
            lines.skip_to(header[0])
        if place is not None:
            return sign
    return signs[0]


def _short_widths(
    lines: "_Lines", path: Path, delimiter: str, columns: Sequence[str], wanted: Sequence[str]
) -> set[int]:
    """Find how many fields rows have whose last cells were left out, as some crawlers do for posts that are no reposts.

    More than one of the first rows has each such number, and the text is among these fields. They are no halves of rows
    that a line break has cut in two, which have one field more than the header together; hardly any other row is broken.
    """
    width = len(columns)
    ahead = list(itertools.islice(_records(lines.again(), delimiter, path), SAMPLE))
    counts = Counter(len(record[1]) for record in ahead if not isinstance(record, Reject))
    least = max(2, 1 + min(text_places(columns, wanted), default=0))
    short = {
        fields
        for fields, count in counts.items()
        if least <= fields < width and count > 1 and not counts[width + 1 - fields]
    }
    whole = sum(counts[fields] for fields in short)
    if whole < ENOUGH or 10 * whole < 9 * (len(ahead) - counts[0] - counts[width]):
        return set()
    numbers = " or ".join(map(str, sorted(short)))
    tell(f"{path}: rows of {numbers} fields are read as if the last cells were empty, of {width} that the header has")
    return short


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

    def again(self) -> "_Lines":
        """Give the same lines, to look at; these stay as they are."""
        self._lines, copy = itertools.tee(itertools.chain(self._returned, self._lines))
        self._returned = deque()
        return _Lines(copy)

    def skip_to(self, number: int) -> None:
        """Leave out the lines before the one of a number."""
        for line in self:
            if line[0] == number:
                self.push_back([line])
                return

    def push_back(self, lines: list[Line]) -> None:
        self._returned.extendleft(reversed(lines))


def _rows(
    path: Path, lines: _Lines, columns: list[str], delimiter: str, widths: Container[int]
) -> Iterator[Row | Reject]:
    width = len(columns)
    while (record := _next_record(lines, delimiter, width, path, widths)) is not None:
        if isinstance(record, Reject):
            yield record
        elif record[1] or width == 1:  # a blank line is a row only where there is one column
            yield Row(record[0], dict(itertools.zip_longest(columns, record[1], fillvalue="")))


def _records(lines: _Lines, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]] | Reject]:
    """Read records of any width."""
    while (record := _next_record(lines, delimiter, None, path)) is not None:
        yield record


def _next_record(
    lines: _Lines, delimiter: str, width: int | None, path: Path, widths: Container[int] = ()
) -> tuple[int, list[str]] | Reject | None:
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
        if width is None or not fields or len(fields) in widths:
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
