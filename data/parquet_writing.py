"""Write rows to Parquet, whose columns have one type each, found as the rows come."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .cells import encodable, finite, flat_cell


class ParquetWriter:
    """Written in batches; a column that a later batch widens (int64 to double, anything to text) is written anew."""

    _BATCH = 10_000

    def __init__(self, temporary: Path, columns: Sequence[str], types: Mapping[str, pa.DataType]) -> None:
        self.shortened = 0
        self._columns, self._temporary = columns, temporary
        self._types = dict(types)  # of the columns that have one; of the others, once they have a value
        self._rows: list[list[Any]] = []
        self._schema: Any = None
        self._writer: Any = None

    def write(self, row: Mapping[str, Any]) -> None:
        """Write one row; columns that it lacks stay empty."""
        self._rows.append([row.get(column) for column in self._columns])
        if len(self._rows) == self._BATCH:
            self._flush()

    def _flush(self) -> None:
        values = list(zip(*self._rows, strict=True)) or [()] * len(self._columns)
        self._rows = []
        arrays = []
        for name, column in zip(self._columns, values, strict=True):
            arrays.append(arrow_array(column, self._types.get(name)))
            if any(value is not None for value in column):
                self._types[name] = arrays[-1].type
        schema = pa.schema([(name, array.type) for name, array in zip(self._columns, arrays, strict=True)])
        if schema != self._schema:
            self._widen(schema)
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def _widen(self, schema: Any) -> None:
        """Begin the file, or begin it anew with the rows that it holds already."""
        narrow, began = self._writer, self._temporary.with_suffix(".narrow")
        if narrow is not None:
            narrow.close()
            self._temporary.replace(began)
        self._schema, self._writer = schema, pq.ParquetWriter(self._temporary, schema, compression="zstd")
        if narrow is not None:
            try:
                with pq.ParquetFile(began) as file:
                    for batch in file.iter_batches(self._BATCH):
                        arrays = [
                            own if own.type == wide else arrow_array(own.to_pylist(), wide)
                            for own, wide in zip(batch.columns, schema.types, strict=True)
                        ]
                        self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            finally:
                began.unlink()

    def close(self) -> None:
        """Write what is held back, and close."""
        if self._rows or self._writer is None:
            self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Let go of what is open after an error; what was written is not wanted."""
        if self._writer is not None:
            self._writer.close()


def arrow_array(column: Sequence[Any], known: Any) -> Any:
    """Make an array of the type that the column is known by, or of a wider one; text holds everything."""
    kinds = [known, pa.float64()] if known is not None and pa.types.is_integer(known) else [known]
    for kind in kinds if kinds != [pa.string()] else ():
        try:
            array = pa.array(column, type=kind)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            continue
        # An integer would cut 0.5 to 0, a date the time of day; a struct would drop keys that it does not know and fill
        # in those that are not there. NaN equals nothing, itself included, and None stands in for it.
        lossy = pa.types.is_integer(array.type) or pa.types.is_date(array.type) or pa.types.is_nested(array.type)
        untyped = pa.types.is_null(array.type) and kind is None
        if not untyped and not (lossy and finite(array.to_pylist()) != finite(list(column))):
            return array
    return pa.array([None if value is None else encodable(flat_cell(value)) for value in column], type=pa.string())
