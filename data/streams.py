"""Bytes of a file as lines of text: compression, size guards and encodings.

Encodings are tried in this order: byte-order mark, strict UTF-8, then what Excel writes: GB18030 (which holds GBK and
GB2312) in China, Big5 in Taiwan, Windows-1252 in the West. The choice is made for the whole file in a first pass over
its bytes; a line that is not valid in the file's encoding is given as bytes, for the reader to reject. A UTF-8 line in
a GB18030 file is read as what it is.
"""

import codecs
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, AnyStr, BinaryIO, cast

from .compression import COMPRESSED, MAGIC, unpack
from .errors import InputError

MAX_RECORD = 16 * 2**20  # bytes of one line or one cell; no post is longer
MAX_EXPANSION = 300  # times the compressed size, above which a file is taken for a bomb
FREE_EXPANSION = 64 * 2**20  # bytes that any compressed file may expand to

# Of bytes that are not ASCII those in pairs, and those that stand alone or before an ASCII letter. In GB18030 a fifth at
# most stand so (traditional characters; the 4 bytes of an emoji count as neither), in Big5 half, in Windows-1252 nearly all.
_BYTES = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|(?P<pair>[\x81-\xfe][\x80-\xfe])|(?P<alone>[\x80-\xff])")
_ALONE_BIG5, _ALONE_WESTERN = 1 / 3, 0.8
_ENOUGH = 20  # bytes or pairs, with fewer of which Big5 is not told from GB18030

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class _Guarded(io.RawIOBase):
    """Decompressed bytes that stop with a clear line on damage or on a bomb."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path
        self._left = FREE_EXPANSION + MAX_EXPANSION * path.stat().st_size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except EOFError:
            raise InputError(f"{self._path} ends before its compressed data do; copy or download it again") from None
        except Exception as error:  # each library has its own
            raise InputError(f"{self._path} cannot be decompressed ({error}); copy or download it again") from None
        self._left -= len(data)
        if self._left < 0:
            raise InputError(
                f"{self._path} expands to over {MAX_EXPANSION} times its size; unpack it to check it first"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacked by its ending.

    :raises InputError: If the file may not be read.
    """
    try:
        stream = cast(BinaryIO, path.open("rb"))
    except PermissionError:
        raise InputError(f"{path} may not be read; ask its owner, or change its permissions") from None
    if path.suffix.lower() in COMPRESSED:
        with stream as packed:
            guarded: Any = _Guarded(unpack(packed, path.suffix.lower()), path)
            with io.BufferedReader(guarded, 2**18) as unpacked:
                yield cast(BinaryIO, unpacked)
    else:
        with stream:
            yield stream


def iter_lines(path: Path) -> Iterator[tuple[int, str | bytes]]:
    """Give the lines of a text file, numbered from 1, without their ends.

    A line that is not valid in the file's encoding, or is longer than ``MAX_RECORD``, comes as its (cut) bytes.

    :raises InputError: If the file is binary, or its compressed data are damaged.
    """
    encoding = file_encoding(path)
    with open_bytes(path) as stream:
        for number, line in enumerate(_byte_lines(stream, encoding), start=1):
            text = None if len(line) > MAX_RECORD else _decoded(line, encoding)
            yield number, line if text is None else text.rstrip("\r\n")


def file_encoding(path: Path) -> str:
    """Choose the encoding of a whole file; see the head of this file.

    A file is UTF-8 with some damaged lines, rather than in another encoding, when most of its lines that are not plain
    ASCII are valid UTF-8.
    """
    with open_bytes(path) as stream:
        start = stream.peek(4)[:4] if isinstance(stream, io.BufferedReader) else b""
        for mark, encoding in _BOMS:
            if start.startswith(mark):
                return encoding
        _refuse_binary(path, stream)
        if _is_utf8(stream):
            return "utf-8"
    other = 0
    bad: Counter[str] = Counter()
    found: Counter[str | None] = Counter()
    with open_bytes(path) as stream:
        for line in _byte_lines(stream, "utf-8"):
            if not line.isascii():
                other += 1
                if _decoded(line, "utf-8") is None:
                    bad.update(
                        ["utf-8", *(name for name in ("gb18030", "cp950", "cp1252") if _decoded(line, name) is None)]
                    )
                    found.update(match.lastgroup for match in _BYTES.finditer(line))
    return "utf-8" if 2 * bad["utf-8"] < other else _excel_encoding(bad, found["pair"], found["alone"])


def _excel_encoding(bad: Counter[str], pairs: int, alone: int) -> str:
    """Tell what Excel has written, by how many lines are not valid in each encoding and how their bytes stand."""
    if alone > _ALONE_WESTERN * (alone + pairs) and not bad["cp1252"]:
        return "cp1252"
    if alone + pairs >= _ENOUGH and alone > _ALONE_BIG5 * (alone + pairs) and bad["cp950"] <= bad["gb18030"]:
        return "cp950"
    return "utf-8" if bad["gb18030"] == bad["utf-8"] else "gb18030"


def _is_utf8(stream: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := stream.read(2**20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def describe_bad_line(line: bytes) -> str:
    """Say why a line came as bytes."""
    if len(line) > MAX_RECORD:
        return f"longer than {MAX_RECORD // 2**20} MiB"
    return "not valid in the encoding of the rest of the file"


def _decoded(line: bytes, encoding: str) -> str | None:
    if encoding == "gb18030" and not line.isascii():
        text = _decoded(line, "utf-8")
        if text is not None and sum(char >= "\u0800" for char in text) > 1:
            return text  # a line pasted from elsewhere; no GB18030 text looks like that by chance
    try:
        return line.decode("utf-8" if encoding.startswith("utf-16") else encoding)
    except UnicodeDecodeError:
        return None


def _byte_lines(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Split at line ends, which no byte of a character of several bytes can be; cut what is far too long."""
    lines: Iterator[bytes]
    end = _line_end(stream, encoding)
    if encoding.startswith("utf-16"):
        text = io.TextIOWrapper(stream, encoding, errors="replace", newline=end)
        lines = (line.encode("utf-8", "surrogatepass") for line in _cut_lines(text.readline, end))
    elif end == "\r":
        text = io.TextIOWrapper(stream, "latin-1", newline=end)  # in which every byte is a character
        lines = (line.encode("latin-1") for line in _cut_lines(text.readline, end))
    else:
        lines = _cut_lines(stream.readline, b"\n")
    for number, line in enumerate(lines):
        yield line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line


def _line_end(stream: BinaryIO, encoding: str) -> str:
    """Tell what ends a line: a line feed, or a lone carriage return in files for the Macs of old, as Excel can write."""
    start = stream.peek(4096) if isinstance(stream, io.BufferedReader) else b""
    text = start.decode(encoding if encoding.startswith("utf-16") else "latin-1", errors="ignore")
    return "\r" if "\r" in text and "\n" not in text else "\n"


def _cut_lines(readline: Callable[[int], AnyStr], end: AnyStr) -> Iterator[AnyStr]:
    """Give lines of ``MAX_RECORD`` at most, and the first of what is longer with its end left out."""
    while line := readline(MAX_RECORD + 1):
        rest = line
        while len(rest) > MAX_RECORD and not rest.endswith(end):
            rest = readline(MAX_RECORD + 1)
        yield line


def _refuse_binary(path: Path, stream: BinaryIO) -> None:
    start = stream.peek(4096)[:4096] if isinstance(stream, io.BufferedReader) else b""
    known = {b"PK\x03\x04": "an Excel workbook or zip archive", b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)"}
    known |= {b"PAR1": "a Parquet file", b"%PDF": "a PDF"}
    known |= {magic: f"packed as {ending}" for magic, ending in MAGIC.items()}
    for magic, name in known.items():
        if start.startswith(magic):
            raise InputError(f"{path} is {name}, not text; give it the ending that fits, or save it as CSV")
    if start.count(0) > len(start) / 100 + 1:
        raise InputError(f"{path} is not a text file (it has NUL bytes); save it as CSV, JSONL or XLSX")
