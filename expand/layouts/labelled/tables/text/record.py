"""Records: the rows of a table as they are written, and a format that reads and changes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple, Protocol

from expand.errors import ExpandError
from expand.layouts.spooled.lists import SpooledList

CHUNK = 256
"""Rows that are written and read together."""


class Record(NamedTuple):
    """A row of a table."""

    line: int
    """The line of the file that it begins at, from 1."""
    text: str
    """As it is written, without its line end."""
    ending: str
    """Its line end; empty at the end of a file."""

    @property
    def is_blank(self) -> bool:
        """Whether it has no cell with anything in it."""
        return not self.text.strip(' \t,;|"')


class Records:
    """The rows of a table, in order; many lie on the disk."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._chunks, self._count = SpooledList(), 0
        self.ended = True
        """Whether the last row has a line end; true without rows."""
        remaining = iter(records)
        while chunk := list(islice(remaining, CHUNK)):
            self._chunks.append(tuple(zip(*chunk, strict=True)))
            self._count += len(chunk)
            self.ended = bool(chunk[-1].ending)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Record]:
        for number in range(len(self._chunks)):
            yield from map(Record._make, zip(*self._chunks[number], strict=True))


class TableError(ExpandError):
    """A file that cannot be read as a table."""


class RecordError(ExpandError):
    """A row that is malformed; `values` are the cells of it that can be read."""

    def __init__(self, message: str, values: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.values = values or {}


class Raw(str):
    """The new text of a cell that is not text in JSON: a number or a list."""

    __slots__ = ()


class Format(Protocol):
    """How the rows of a table are written. It is pickled with each task."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, all different."""

    @property
    def empty(self) -> str:
        """What a cell without a value is."""

    def values(self, text: str) -> Mapping[str, str]:
        """Return the cells of a row as texts; raise RecordError if it cannot be read.

        Cells that are missing are left out.
        """

    def replace(self, text: str, changes: Mapping[str, str]) -> str:
        """Return a row with other values in some cells; all else is kept as it is written."""


def splice(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """Return a text with parts of it (begin, end) replaced; they do not overlap."""
    parts, position = [], 0
    for begin, end, new in sorted(changes):
        parts += [text[position:begin], new]
        position = end
    return "".join([*parts, text[position:]])
