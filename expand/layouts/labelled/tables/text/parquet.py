"""Tables in Parquet: their rows as lines of JSON, and back. pyarrow reads and writes them.

Values that JSON cannot hold (times, bytes, decimals) stay in the table: a line has its number under
an empty key, and a new line with that number gets them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from expand.errors import ExpandError
from expand.layouts.recognition.parquet import import_pyarrow

ROW = ""
"""The key of a row's number."""
MOST = 1 << 30
"""Bytes of the columns of the largest table that is read."""


@dataclass(frozen=True)
class ParquetTable:
    """A table that was read, with its file."""

    name: str
    data: bytes
    table: Any
    compression: str

    @classmethod
    def read(cls, name: str, data: bytes) -> ParquetTable:
        """Read the bytes of a file; raise ExpandError if it is not a table, or too large."""
        _, parquet = import_pyarrow(name)
        try:
            file = parquet.ParquetFile(_reader(data))
            groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
            size = sum(group.total_byte_size for group in groups)
            if size > MOST:
                raise ExpandError(f'"{name}" has {size:,} bytes; at most {MOST:,} are read')
            filled = groups and file.metadata.num_columns
            compression = groups[0].column(0).compression if filled else ""
            return cls(name, data, file.read(), compression)
        except (OSError, ValueError, TypeError, NotImplementedError, MemoryError) as error:
            raise ExpandError(f'"{name}" cannot be read as Parquet ({_reason(error)})') from error

    def lines(self) -> str:
        """Return its rows as lines of JSON, each with its number if it has other values too."""
        plain = [name for name in self._names() if _is_plain(self.table.schema.field(name).type)]
        whole = len(plain) == self.table.num_columns
        written, number = [], 0
        for batch in self.table.select(plain).to_batches(max_chunksize=1024):
            for row in batch.to_pylist():
                written.append(
                    json.dumps(row if whole else row | {ROW: number}, ensure_ascii=False)
                )
                number += 1
        return "".join(f"{line}\n" for line in written)

    def write(self, text: str) -> bytes:
        """Return the file with these lines as its rows; the same bytes if none has changed."""
        if text == self.lines():
            return self.data
        arrow, parquet = import_pyarrow(self.name)
        rows = [json.loads(line) for line in text.splitlines() if line]
        try:
            columns = [self._column(name, rows) for name in self._names()]
            made = arrow.Table.from_arrays(columns, schema=self.table.schema)
            sink = arrow.BufferOutputStream()
            parquet.write_table(made, sink, compression=self.compression or "snappy")
            return bytes(sink.getvalue())
        except (OSError, ValueError, TypeError, NotImplementedError) as error:
            raise ExpandError(f'"{self.name}" cannot be written ({_reason(error)})') from error

    def _names(self) -> list[str]:
        names = list(self.table.column_names)
        if len({*names}) < len(names) or ROW in names:
            raise ExpandError(f'"{self.name}" has two columns of one name, or one without a name')
        return names

    def _column(self, name: str, rows: list[dict[str, Any]]) -> Any:
        arrow, _ = import_pyarrow(self.name)
        field = self.table.schema.field(name)
        if _is_plain(field.type):
            return arrow.array([row[name] for row in rows], type=field.type)
        return self.table.column(name).combine_chunks().take([row[ROW] for row in rows])


def _is_plain(type_: Any) -> bool:
    """Tell whether JSON can hold the values of a type."""
    arrow, _ = import_pyarrow("")
    kinds = arrow.types
    if kinds.is_list(type_) or kinds.is_large_list(type_):
        return _is_plain(type_.value_type)
    if kinds.is_struct(type_):
        return all(_is_plain(type_.field(n).type) for n in range(type_.num_fields))
    if kinds.is_dictionary(type_):
        return _is_plain(type_.value_type)
    texts = kinds.is_string(type_) or kinds.is_large_string(type_)
    floats = kinds.is_float32(type_) or kinds.is_float64(type_)
    return bool(texts or floats or kinds.is_integer(type_) or kinds.is_boolean(type_))


def _reader(data: bytes) -> Any:
    import pyarrow

    return pyarrow.BufferReader(data)


def _reason(error: BaseException) -> str:
    return str(error).partition("\n")[0][:100] or type(error).__name__
