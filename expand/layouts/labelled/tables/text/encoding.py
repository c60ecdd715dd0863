"""The encoding of a text file: found when it is read, and kept when it is written."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError
from expand.layouts.labelled.files import read_file
from expand.layouts.labelled.tables.text.parquet import ParquetTable
from expand.layouts.labelled.tables.text.record import TableError

MOST = 256 << 20
"""Bytes of the largest table that is read."""
PARQUET = ".parquet"
MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Encoding(NamedTuple):
    """How a text is written."""

    codec: str
    mark: bytes = b""
    """The byte order mark that the file begins with."""
    parquet: ParquetTable | None = None
    """The table, if the file is Parquet: then the text has its rows as lines of JSON."""

    def encode(self, text: str, name: str) -> bytes:
        """Return the bytes of a text; raise ExpandError if it has other characters."""
        if self.parquet:
            return self.parquet.write(text)
        try:
            return self.mark + text.encode(self.codec)
        except UnicodeEncodeError as error:
            raise ExpandError(
                f'"{name}" is not UTF-8, and {error.object[error.start : error.end]!r} cannot be '
                "written to it; save it as UTF-8"
            ) from error


def read_text(root: Path, name: str) -> tuple[str, Encoding]:
    """Return the text of a file in a dataset; raise TableError if that is not possible.

    A file without a byte order mark that is not UTF-8 is taken for Latin-1, which keeps each byte.
    The text of Parquet is its rows as lines of JSON.
    """
    try:
        data = read_file(root, name, MOST)
        if name.lower().endswith(PARQUET):
            table = ParquetTable.read(name, data)
            return table.lines(), Encoding("utf-8", parquet=table)
    except ExpandError as error:
        raise TableError(str(error), error.status) from error
    return decode(data, name)


def decode(data: bytes, name: str) -> tuple[str, Encoding]:
    """Return the text of some bytes, and how it is encoded."""
    encoding = _encoding(data)
    try:
        text = data[len(encoding.mark) :].decode(encoding.codec)
    except UnicodeDecodeError as error:
        if encoding.codec != "utf-8" or encoding.mark:
            raise TableError(f'"{name}" cannot be read as {encoding.codec}: {error}') from error
        encoding = Encoding("latin-1")
        text = data.decode("latin-1")
    if "\0" in text:
        raise TableError(f'"{name}" is not a text file: it has zero bytes')
    return text, encoding


def _encoding(data: bytes) -> Encoding:
    for mark, codec in MARKS:
        if data.startswith(mark):
            return Encoding(codec, mark)
    even, odd = data[:200:2], data[1:200:2]
    if 2 * odd.count(0) > len(odd) and 0 not in even:
        return Encoding("utf-16-le")
    if 2 * even.count(0) > len(even) and 0 not in odd:
        return Encoding("utf-16-be")
    return Encoding("utf-8")
