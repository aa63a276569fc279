"""Parquet files and SQLite tables, streamed."""

import base64
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .errors import InputError, first_line
from .posts import Reject
from .tables import Row, Table, unique_names

BATCH_ROWS = 1024


def read_parquet(path: Path) -> Table:
    """Open a Parquet file; a row group with damaged pages is rejected as one, the others are read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    damage = (pa.ArrowException, OSError)
    try:
        file = pq.ParquetFile(pa.OSFile(os.fsencode(path)))  # as bytes, which a name need not be UTF-8 for
    except damage as error:
        raise InputError(f"{path} is not a readable Parquet file ({first_line(error)}); export it again") from None
    columns = file.schema_arrow.names
    if len(set(columns)) < len(columns):
        raise InputError(f"{path} has two columns of one name among {', '.join(columns)}; rename one")

    def rows() -> Iterator[Row | Reject]:
        first = 1
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            number = first
            try:
                for batch in file.iter_batches(BATCH_ROWS, row_groups=[group]):
                    for values in zip(*map(_values, batch.columns), strict=True):
                        yield Row(number, dict(zip(columns, values, strict=True)))
                        number += 1
            except (*damage, ValueError) as error:
                reason = f"rows {number} to {first + count - 1} are damaged ({first_line(error)})"
                yield Reject(str(path), number, reason)
            first += count

    return Table(columns, rows())


def parquet_types(paths: Sequence[Path]) -> dict[str, Any]:
    """Give the Arrow type of each column that has one and the same in all of some Parquet files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [field for path in paths for field in pq.read_schema(pa.OSFile(os.fsencode(path)))]
    types = {field.name: field.type for field in fields}
    return {
        name: one for name, one in types.items() if all(field.type == one for field in fields if field.name == name)
    }


def _values(column: Any) -> list[Any]:
    """Give the values of a column; times that Python cannot hold, of nanoseconds or far-off years, as texts."""
    try:
        values = _cast(column, _in_microseconds).to_pylist()
    except (KeyError, OverflowError, ValueError):  # a zone that is not known; a year; ArrowInvalid
        values = _cast(column, _as_text).to_pylist()
    return [_without_bytes(value) for value in values]


def _cast(column: Any, leaf: Callable[[Any], Any]) -> Any:
    kind = _retyped(column.type, leaf)
    return column if kind == column.type else column.cast(kind)


def _retyped(kind: Any, leaf: Callable[[Any], Any]) -> Any:
    """Put other types in the place of those that an Arrow type is made of, however deep inside lists and structs."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_retyped(field.type, leaf)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_retyped(kind.key_type, leaf), _retyped(kind.item_type, leaf))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        items = kind.value_field.with_type(_retyped(kind.value_type, leaf))
        return pa.large_list(items) if pa.types.is_large_list(kind) else pa.list_(items, getattr(kind, "list_size", -1))
    return leaf(kind)


def _in_microseconds(kind: Any) -> Any:
    """Give the type of Python's own times for one of nanoseconds, which pyarrow would leave to pandas."""
    import pyarrow as pa

    if getattr(kind, "unit", None) != "ns":
        return kind
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.duration("us") if pa.types.is_duration(kind) else pa.time64("us")


def _as_text(kind: Any) -> Any:
    import pyarrow as pa

    return pa.string() if pa.types.is_temporal(kind) else kind


class BytesAsText(str):
    """The text that bytes are read as; Parquet is given the bytes back."""

    raw: bytes


def _without_bytes(value: Any) -> Any:
    """Read bytes as the UTF-8 text that they most often are, others as base64, however deep inside a value."""
    if isinstance(value, bytes):
        text = BytesAsText(_text_of(value))
        text.raw = value
        return text
    if isinstance(value, dict):
        return {key: _without_bytes(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_without_bytes, value))
    return value


def _text_of(value: bytes) -> str:
    with suppress(UnicodeDecodeError):
        if b"\x00" not in value:
            return value.decode()
    return base64.b64encode(value).decode()


def _utf8_or_gbk(data: bytes) -> str:
    """Read a text of a database, which should be UTF-8; scrapers on Windows now and then store GBK."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if damaged and 2 * damaged > sum(not char.isascii() for char in text):
        with suppress(UnicodeDecodeError):
            return data.decode("gb18030")
    return text


def _lacks_log(path: Path) -> bool:
    """Tell a database whose write-ahead log is not beside it: it is finished, or was copied alone."""
    with path.open("rb") as file:
        head = file.read(20)
    return head[18:20] == b"\x02\x02" and not path.with_name(f"{path.name}-wal").exists()


def _open_sqlite(path: Path, lacks_log: bool) -> tuple[sqlite3.Connection, list[str]]:
    """Open a database for reading, and name its tables.

    To read one that may have a write-ahead log, SQLite makes files beside it. Where it cannot and there is no log, nothing
    is lost by reading the database as a file that does not change.
    """
    address = f"file:{quote(os.fsencode(path))}?mode=ro"
    try:
        return _with_tables(address)
    except sqlite3.OperationalError:
        if not lacks_log:
            raise
        return _with_tables(f"{address}&immutable=1")


def _with_tables(address: str) -> tuple[sqlite3.Connection, list[str]]:
    with ExitStack() as stack:
        connection = stack.enter_context(closing(sqlite3.connect(address, uri=True)))
        connection.text_factory = _utf8_or_gbk
        found = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
        tables = [name for (name,) in found if not name.startswith("sqlite_")]
        stack.pop_all()  # it stays open
        return connection, tables


def _choose_table(path: Path, tables: list[str], asked: str | None, log: str) -> str:
    if not tables:
        raise InputError(f"{path} has no tables{log or '; a table of posts is needed'}")
    if asked is None and len(tables) != 1:
        raise InputError(f"{path} has the tables {', '.join(tables)}; name one as {path.name}::TABLE")
    if asked is not None and asked not in tables:
        raise InputError(f"{path} has no table {asked!r}; it has {', '.join(tables)}{log}")
    return asked or tables[0]


def read_sqlite(path: Path, table: str | None = None) -> Table:
    """Open a table of an SQLite database, or its only one."""
    lacks_log = _lacks_log(path)  # before it is opened, which makes an empty one
    log = f"; where it is a copy, copy {path.name}-wal too, which may hold them" if lacks_log else ""
    with ExitStack() as stack:
        try:
            connection, tables = _open_sqlite(path, lacks_log)
            stack.callback(connection.close)
            name = _choose_table(path, tables, table, log).replace('"', '""')
            cursor = connection.execute(f'SELECT * FROM "{name}"')
        except sqlite3.Error as error:
            raise InputError(f"{path} cannot be read as an SQLite database ({error})") from None
        stack.pop_all()  # until the last row has been read
    columns = unique_names([column[0] for column in cursor.description])

    def rows() -> Iterator[Row | Reject]:
        number = 0
        try:
            for number, values in enumerate(cursor, start=1):
                yield Row(number, dict(zip(columns, map(_without_bytes, values), strict=True)))
        except sqlite3.Error as error:
            yield Reject(str(path), number + 1, f"the table is damaged from this row on ({error})")
        finally:
            connection.close()

    return Table(columns, rows())
