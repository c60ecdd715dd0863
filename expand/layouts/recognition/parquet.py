"""The first rows of a table in Parquet, by which it is recognised; and the import of pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from expand.errors import ExpandError


class NoPyarrowError(ExpandError):
    """Parquet cannot be read, because pyarrow is not installed."""


def first_rows(path: str, most: int) -> Iterator[list[str]]:
    """Yield the values of the first rows of a file as texts, and before them the names of columns.

    Nothing if it cannot be read; raise NoPyarrowError without pyarrow.
    """
    _, parquet = import_pyarrow(path)
    try:
        with open(path, "rb") as handle:
            file = parquet.ParquetFile(handle)
            yield list(file.schema_arrow.names)
            batches = file.iter_batches(batch_size=most)
            for row in islice((row for batch in batches for row in batch.to_pylist()), most):
                yield [str(value)[:256] for value in row.values() if value is not None]
    except (OSError, ValueError, TypeError, NotImplementedError, MemoryError):
        return


def import_pyarrow(name: str) -> tuple[Any, Any]:
    """Return pyarrow and its module for Parquet; raise NoPyarrowError, with a file's name."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise NoPyarrowError(
            f'"{name}" is a Parquet file, which needs pyarrow: pip install ".[parquet]"'
        ) from error
    return pyarrow, parquet
