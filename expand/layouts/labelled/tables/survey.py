"""A survey of tables: which image each row names, and which values each column has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from expand.errors import ExpandError, cut
from expand.layouts.labelled.tables.images import Fault, Images
from expand.layouts.labelled.tables.table import Table
from expand.layouts.labelled.tables.text.record import Record, RecordError
from expand.layouts.spooled.index import TextIndex
from expand.layouts.spooled.sets import InOrder, TextLists

DISTINCT = 100_000
"""Different values of a column that are counted."""
REFUSED = {
    Fault.ABSOLUTE: "is an absolute path: copies have names relative to the dataset; make it "
    "relative",
    Fault.OUTSIDE: "is outside the dataset, and nothing outside it is read",
}
Row = tuple[int, Record]
"""A row of an image: the number of the table, and the row without its line end."""


@dataclass
class Tally:
    """How many there are of a kind, and the first."""

    count: int = 0
    first: str = ""

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        self.first = self.first if self.count > 1 else name


@dataclass
class Survey:
    """What the tables of a dataset say."""

    tables: Sequence[Table]
    images: Images
    _rows: TextLists = field(default_factory=TextLists)
    """The rows of each image, by its path."""
    values: list[dict[str, Counter[str]]] = field(default_factory=list)
    """For each table, the values of each column that names no image, counted."""
    faults: dict[Fault, Tally] = field(default_factory=dict)
    """Cells that name no image, with file and line."""
    malformed: TextIndex = field(default_factory=TextIndex)
    """What is wrong with rows of an image, by its path."""

    _last: tuple[Row | None, Mapping[str, str]] = (None, MappingProxyType({}))

    @cached_property
    def _in_order(self) -> InOrder:
        return InOrder(self._rows)

    @cached_property
    def count(self) -> int:
        """The number of images that rows name."""
        return sum(1 for _ in self._rows)

    def __iter__(self) -> Iterator[str]:
        """Yield the images that rows name, sorted by path."""
        return iter(self._rows)

    def __contains__(self, path: str) -> bool:
        return path in self._rows

    def items(self) -> Iterator[tuple[str, list[Row]]]:
        """Yield the images that rows name, sorted by path, each with its rows."""
        return ((path, list(map(_row, texts))) for path, texts in self._rows.lists())

    def rows(self, path: str) -> list[Row]:
        """Return the rows of an image; images that come sorted by path are found quickly."""
        return list(map(_row, self._in_order.of(path)))

    def add(self, path: str, number: int, record: Record) -> None:
        """Add a row of a table to those of an image."""
        self._rows.add(path, f"{number}\0{record.line}\0{record.text}")

    def cells(self, number: int, record: Record) -> Mapping[str, str]:
        """Return the cells of a row of a table, as many as can be read.

        Those of the last row are kept: its class and its other cells are asked for by turns.
        """
        last, cells = self._last
        if last != (number, record):
            cells = self.tables[number].cells(record)
            self._last = (number, record), cells
        return cells


def _row(text: str) -> Row:
    number, line, written = text.split("\0", 2)
    return int(number), Record(int(line), written, "")


def survey(tables: Sequence[Table], images: Images) -> Survey:
    """Read all rows; raise ExpandError for a name that cannot be used at all."""
    found = Survey(tables, images)
    for number, table in enumerate(tables):
        _read_rows(found, number, table)
    return found


def _read_rows(found: Survey, number: int, table: Table) -> None:
    counts = {name: Counter[str]() for name in table.others}
    found.values.append(counts)
    for record in table.body():
        try:
            values, wrong = table.values(record), ""
        except RecordError as error:
            values, wrong = error.values, str(error)
        path = _find(found, table, record, values)
        table.images.append(path)
        if path:
            found.add(path, number, record)
            if wrong:
                found.malformed.add(path, wrong)
        for name, value in values.items():
            seen = counts.get(name)
            if seen is not None and (value in seen or len(seen) < DISTINCT):
                seen[value] += 1


def _find(found: Survey, table: Table, record: Record, values: Mapping[str, str]) -> str:
    """Return the image that a row names; empty if there is none."""
    cell = values.get(table.names[0], "")
    images = found.images
    named = (
        images.at(cell, table.folder)
        if table.exact
        else images.find(cell, table.folder, table.part)
    )
    if named.fault is None:
        return named.path
    where = f'"{table.name}", line {record.line}'
    if named.fault in REFUSED:
        raise ExpandError(f'{where}: "{cut(cell)}" {REFUSED[named.fault]}')
    if named.fault is Fault.SEVERAL:
        listed = " and ".join(f'"{each}"' for each in named.several[:2])
        raise ExpandError(
            f'{where}: "{cut(cell)}" can be {listed}; write the path of the one that is meant'
        )
    found.faults.setdefault(named.fault, Tally()).add(f'"{cut(cell)}" ({where})')
    return ""
