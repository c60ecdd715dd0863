"""A survey of tables: which image each row names, and which values each column has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from expand.errors import ExpandError, cut
from expand.layouts.labelled.tables.images import Fault, Images
from expand.layouts.labelled.tables.table import Table
from expand.layouts.labelled.tables.text.record import Record, RecordError

DISTINCT = 100_000
"""Different values of a column that are counted."""
REFUSED = {
    Fault.ABSOLUTE: "is an absolute path: copies have names relative to the dataset; make it "
    "relative",
    Fault.OUTSIDE: "is outside the dataset, and nothing outside it is read",
}


@dataclass
class Survey:
    """What the tables of a dataset say."""

    tables: Sequence[Table]
    images: Images
    rows: dict[str, list[tuple[int, Record]]] = field(default_factory=lambda: defaultdict(list))
    """The rows of each image: the number of the table, and the row."""
    values: list[dict[str, Counter[str]]] = field(default_factory=list)
    """For each table, the values of each column that names no image, counted."""
    faults: dict[Fault, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Cells that name no image, with file and line."""
    malformed: dict[str, str] = field(default_factory=dict)
    """What is wrong with a row of an image."""

    def cells(self, number: int, record: Record) -> Mapping[str, str]:
        """Return the cells of a row of a table, as many as can be read."""
        return self.tables[number].cells(record)


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
        if path:
            found.rows[path].append((number, record))
            table.rows[record.line] = path
            if wrong:
                found.malformed.setdefault(path, wrong)
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
    where = f'"{table.name}", line {record.line}'
    if named.fault in REFUSED:
        raise ExpandError(f'{where}: "{cut(cell)}" {REFUSED[named.fault]}')
    if named.fault is Fault.SEVERAL:
        listed = " and ".join(f'"{each}"' for each in named.several[:2])
        raise ExpandError(
            f'{where}: "{cut(cell)}" can be {listed}; write the path of the one that is meant'
        )
    if named.fault:
        found.faults[named.fault].append(f'"{cut(cell)}" ({where})')
    return named.path
