"""The manifest as a Parquet file: the rows of the JSON lines, in a sixth of the bytes.

Hugging Face's imagefolder reads it. Parameters and labels, whose types change from row to row, are
JSON text. Rows are written a group at a time, so that memory does not grow with their number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from io import IOBase, RawIOBase
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from expand.errors import ExpandError
from expand.records.rows import NotJsonError, Row, check_row, parse_row

GROUP = 1 << 14
"""Rows that are written together, and held in memory."""
BATCH = 1 << 10
"""Rows that are read together."""
TEXTS = ("params", "labels")
"""Columns that hold JSON text."""
ALWAYS = {
    "file_name": "string",
    "label": "string",
    "source": "string",
    "view": "int32",
    "params": "string",
    "width": "int32",
    "height": "int32",
    "bytes": "int64",
    "sha256": "string",
    "source_sha256": "string",
    "same_as": "int32",
}
SOMETIMES = {"kept": "bool_", "group": "string", "labels": "string"}
"""Columns of datasets that have them; null in rows without."""
_encode = json.JSONEncoder(ensure_ascii=False).encode


def check_pyarrow() -> None:
    """Raise ExpandError if pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise ExpandError('a manifest in Parquet needs pyarrow: pip install ".[parquet]"')


def load_pyarrow() -> Any:
    """Import pyarrow; raise ExpandError if it is not installed."""
    check_pyarrow()
    import pyarrow
    import pyarrow.parquet

    return pyarrow


class Sink(RawIOBase):
    """A file that passes on what is written to it."""

    def __init__(self, append: Callable[[bytes], None]) -> None:
        self._append, self._size = append, 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._size

    def write(self, data: Any) -> int:
        """Pass on some bytes."""
        block = bytes(data)
        self._append(block)
        self._size += len(block)
        return len(block)


def write_parquet(file: IOBase, lines: Iterable[bytes], columns: Iterable[str] = ()) -> None:
    """Write lines of a manifest as Parquet; `columns` are those of SOMETIMES that rows have.

    The same lines give the same bytes.
    """
    pyarrow = load_pyarrow()
    kinds = {**ALWAYS, **{name: SOMETIMES[name] for name in SOMETIMES if name in set(columns)}}
    schema = pyarrow.schema([(name, getattr(pyarrow, kind)()) for name, kind in kinds.items()])
    remaining = iter(lines)
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := [_values(parse_row(line)) for line in islice(remaining, GROUP)]:
            arrays = [
                pyarrow.array([row.get(name) for row in group], schema.field(name).type)
                for name in kinds
            ]
            writer.write_table(pyarrow.table(arrays, schema=schema), row_group_size=GROUP)


def _values(row: Row) -> dict[str, Any]:
    texts = {name: _encode(row[name]) for name in TEXTS if name in row}  # type: ignore[literal-required]
    return {**row, **texts}


def is_manifest(path: Path) -> bool:
    """Tell whether a Parquet file has the columns of a manifest."""
    pyarrow = load_pyarrow()
    try:
        return set(ALWAYS) <= set(pyarrow.parquet.read_schema(path).names)
    except (OSError, pyarrow.ArrowException):
        return False


def read_parquet(file: BinaryIO, path: Path) -> Iterator[Row]:
    """Yield the rows of an open Parquet file, and close it.

    Raise NotJsonError for a file that is damaged, and ExpandError for one that is not a manifest.
    """
    pyarrow = load_pyarrow()
    number = 0
    with file:
        try:
            stored = pyarrow.parquet.ParquetFile(file)
            lacking = set(ALWAYS) - set(stored.schema_arrow.names)
            if lacking:
                raise ExpandError(f'"{path}" is not a manifest: it has no column {min(lacking)!r}')
            for batch in stored.iter_batches(BATCH):
                for values in batch.to_pylist():
                    number += 1
                    yield _row(values, number, path)
        except (OSError, pyarrow.ArrowException) as error:
            reason = (str(error).splitlines() or ["it cannot be read"])[0]
            raise NotJsonError(
                f'"{path}" is damaged ({reason}). Run expand again with the same options, which '
                "writes it again"
            ) from error


def _row(values: dict[str, Any], number: int, path: Path) -> Row:
    """Return a row as its JSON line has it; raise ExpandError if it is none."""
    row = {key: values[key] for key in ALWAYS}
    row |= {key: values[key] for key in SOMETIMES if values.get(key) is not None}
    try:
        for name in TEXTS:
            if name in row:
                row[name] = json.loads(row[name])
        return check_row(row)
    except (ExpandError, ValueError, TypeError, RecursionError) as error:
        raise ExpandError(f'"{path}", row {number:,}: {error}') from error
