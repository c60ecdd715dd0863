"""Tables of the expanded dataset: the rows of an image's copies follow its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby

from expand.layouts.labelled.dataset import LabelFile, Rows
from expand.layouts.labelled.tables.table import Table
from expand.layouts.spooled_lists import Sorter

Piece = tuple[str, str]
"""A row and its line end."""


def write_tables(
    tables: Sequence[Table], grows: Collection[str], rows: Rows
) -> Iterator[LabelFile]:
    """Yield the tables with the rows of all files; other rows stay where and as they are.

    Rows of one image that follow each other stay together, and so do those of each of its copies.
    The rows of an image that has no file are left out.
    """
    sorters = {table.name: Sorter() for table in tables}
    blocks = {table.name: _blocks(table) for table in tables}
    for each in rows():
        for name, texts in (each.annotation or {}).items():
            for number, text in texts.items():
                line = int(number)
                block = blocks[name][line]
                sorters[name].append(f"{block:012}\0{each.view:08}\0{line:012}\0{text}")
    for table in tables:
        made = iter(sorters.pop(table.name))
        text = "".join(_join(_pieces(table, grows, blocks.pop(table.name), made), table))
        yield LabelFile(table.name, table.encoding.encode(text, table.name))


def _blocks(table: Table) -> dict[int, int]:
    """Return for each row of an image, by line, where the rows of this image begin there."""
    blocks, previous, first = dict[int, int](), "", 0
    for record in table.records:
        path = table.rows.get(record.line, "")
        if path != previous:
            previous, first = path, record.line
        if path:
            blocks[record.line] = first
    return blocks


def _pieces(
    table: Table, grows: Collection[str], blocks: Mapping[int, int], made: Iterator[str]
) -> Iterator[Piece]:
    """Yield the rows of a table in order, with `made` (sorted by block) where images grow."""
    groups = groupby((each.split("\0", 3) for each in made), key=lambda parts: int(parts[0]))
    block, group = next(groups, (0, iter(())))
    for record in table.records:
        if table.rows.get(record.line) not in grows:
            yield record.text, record.ending
        elif blocks[record.line] == record.line == block:
            yield from ((text, "") for *_, text in group)
            block, group = next(groups, (0, iter(())))


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
