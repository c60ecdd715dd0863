"""Tables of the expanded dataset: the rows of an image's copies follow its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from expand.layouts.blocks import Sorter
from expand.layouts.labelled.dataset import LabelFile, Rows
from expand.layouts.labelled.tables.table import Table

Piece = tuple[str, str]
"""A row and its line end."""


def write_tables(
    tables: Sequence[Table], grows: Collection[str], rows: Rows
) -> Iterator[LabelFile]:
    """Yield the tables with the rows of all files; other rows stay where and as they are.

    The row of an image that has no file is left out.
    """
    sorters = {table.name: Sorter() for table in tables}
    for each in rows():
        for name, texts in (each.annotation or {}).items():
            for line, text in texts.items():
                sorters[name].append(f"{int(line):012}\0{each.view:08}\0{text}")
    for table in tables:
        text = "".join(_join(_pieces(table, grows, iter(sorters[table.name])), table))
        yield LabelFile(table.name, table.encoding.encode(text, table.name))


def _pieces(table: Table, grows: Collection[str], made: Iterator[str]) -> Iterator[Piece]:
    """Yield the rows of a table in order, with `made` (by line and view) where images grow."""
    groups = groupby((each.split("\0", 2) for each in made), key=lambda parts: int(parts[0]))
    line, group = next(groups, (0, iter(())))
    for record in table.records:
        if table.rows.get(record.line) not in grows:
            yield record.text, record.ending
        elif line == record.line:
            yield from ((text, record.ending) for _, _, text in group)
            line, group = next(groups, (0, iter(())))


def _join(pieces: Iterator[Piece], table: Table) -> Iterator[str]:
    """Yield texts and line ends; the last line has one if the table's last one has it."""
    usual = next((each.ending for each in table.records if each.ending), "\n")
    ended = not table.records or bool(table.records[-1].ending)
    previous = ""
    for text, ending in pieces:
        yield previous
        yield text
        previous = ending or usual
    if ended:
        yield previous
