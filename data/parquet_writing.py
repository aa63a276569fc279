"""Write rows to Parquet, whose columns have one type each, found as the rows come.

A value is written exactly as it is, or its column becomes text.
"""

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .cells import encodable, flat_cell

LARGEST = 2**53  # integers above it are not all doubles


class ParquetWriter:
    """Written in batches; a column that a later batch widens (int64 to double, anything to text) is written anew."""

    _BATCH = 10_000

    def __init__(self, temporary: Path, columns: Sequence[str], types: Mapping[str, pa.DataType]) -> None:
        self.shortened = 0
        self._columns, self._temporary = columns, temporary
        self._types = dict(types)  # of the columns that have one; of the others, once they have a value
        self._large: set[str] = set()  # columns that cannot become double, for an integer that they hold
        self._rows: list[list[Any]] = []
        self._floats = {name for name, kind in types.items() if pa.types.is_floating(kind)}  # which had NaN before
        self._schema: Any = None
        self._sink: Any = None
        self._writer: Any = None

    def write(self, row: Mapping[str, Any]) -> None:
        """Write one row; columns that it lacks stay empty."""
        values = ((name, row.get(name)) for name in self._columns)
        # NaN alone is not what it is.
        self._rows.append([None if value != value and name not in self._floats else value for name, value in values])
        if len(self._rows) == self._BATCH:
            self._flush()

    def _flush(self) -> None:
        values = list(zip(*self._rows, strict=True)) or [()] * len(self._columns)
        self._rows = []
        arrays = []
        for name, column in zip(self._columns, values, strict=True):
            arrays.append(arrow_array(column, self._wider(name)))
            if any(value is not None for value in column):
                self._types[name] = arrays[-1].type
            if pa.types.is_integer(arrays[-1].type) and max(map(abs, filter(None, column)), default=0) > LARGEST:
                self._large.add(name)
        schema = pa.schema([(name, array.type) for name, array in zip(self._columns, arrays, strict=True)])
        if schema != self._schema:
            self._widen(schema)
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def _wider(self, name: str) -> list[Any]:
        """Give the types that a column may go on with: its own, and for integers that are doubles too, double."""
        known = self._types.get(name)
        widens = known is not None and pa.types.is_integer(known) and name not in self._large
        return [known, pa.float64()] if widens else [known]

    def _widen(self, schema: Any) -> None:
        """Begin the file, or begin it anew with the rows that it holds already."""
        narrow, began = self._writer, self._temporary.with_suffix(".narrow")
        if narrow is not None:
            self.abandon()
            self._temporary.replace(began)
        self._sink = pa.OSFile(os.fsencode(self._temporary), "wb")  # as bytes, which a name need not be UTF-8 for
        self._schema, self._writer = schema, pq.ParquetWriter(self._sink, schema, compression="zstd")
        if narrow is not None:
            try:
                with pa.OSFile(os.fsencode(began)) as source, pq.ParquetFile(source) as file:
                    for batch in file.iter_batches(self._BATCH):
                        arrays = [
                            own if own.type == wide else arrow_array(own.to_pylist(), [wide])
                            for own, wide in zip(batch.columns, schema.types, strict=True)
                        ]
                        self._writer.write_table(pa.Table.from_arrays(arrays, names=schema.names))
            finally:
                began.unlink()

    def close(self) -> None:
        """Write what is held back, and close."""
        if self._rows or self._writer is None:
            self._flush()
        self.abandon()

    def abandon(self) -> None:
        """Let go of what is open after an error; what was written is not wanted."""
        if self._writer is not None:
            try:
                self._writer.close()
            finally:
                self._sink.close()


def arrow_array(column: Sequence[Any], kinds: Sequence[Any]) -> Any:
    """Make an array of the first type that keeps every value exactly (None: the one that they have); text if none does."""
    for kind in kinds:
        given = [getattr(value, "raw", value) for value in column] if _is_binary(kind) else column
        try:
            array = pa.array(given, type=kind)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            continue
        untyped = kind is None and pa.types.is_null(array.type)
        if not untyped and (pa.types.is_string(array.type) or all(map(_same, array.to_pylist(), given))):
            return array
    return pa.array([None if value is None else encodable(flat_cell(value)) for value in column], type=pa.string())


def _is_binary(kind: Any) -> bool:
    types = pa.types
    return kind is not None and (
        types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    )


def _same(kept: Any, given: Any) -> bool:
    """Tell whether a value came through: 1 may become 1.0, but neither a moment of one zone that of another, nor True 1.

    Arrow would cut 0.5 to 0 among integers, and give every struct the keys of the others.
    """
    if isinstance(given, dict):
        same_keys = isinstance(kept, dict) and kept.keys() == given.keys()
        return same_keys and all(_same(kept[key], given[key]) for key in given)
    if isinstance(given, list | tuple):
        return len(kept) == len(given) and all(map(_same, kept, given))
    if isinstance(kept, int | float | Decimal) and not isinstance(given, bool):
        return bool(kept == given or kept != kept)
    return str(kept) == str(given)
