"""Tables of the expanded dataset: the rows of an image's copies follow its own."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import groupby, repeat

from expand.layouts.labelled.dataset import Rows, SetWideFile
from expand.layouts.labelled.tables.table import Table
from expand.layouts.spooled.lists import Sorter
from expand.layouts.spooled.sets import TextSet

Piece = tuple[str, str]
"""A row and its line end."""


def write_tables(tables: Sequence[Table], grows: TextSet, rows: Rows) -> Iterator[SetWideFile]:
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
        yield SetWideFile.of(table.name, table.encoding.encode(text, table.name))


def _blocks(table: Table) -> array[int]:
    """Return for each line, where the rows begin that follow each other and name its image.

    It says nothing of lines of no image.
    """
    blocks, previous, first = array("q"), "", 0
    for record, path in table.named():
        if path != previous:
            previous, first = path, record.line
        blocks.extend(repeat(0, record.line - len(blocks)))
        blocks.append(first)
    return blocks


def _pieces(
    table: Table, grows: TextSet, blocks: Sequence[int], made: Iterator[str]
) -> Iterator[Piece]:
    """Yield the rows of a table in order, with `made` (sorted by block) where images grow."""
    groups = groupby((each.split("\0", 3) for each in made), key=lambda parts: int(parts[0]))
    block, group = next(groups, (0, iter(())))
    for record, path in table.named():
        if path not in grows:
            yield record.text, record.ending
        elif blocks[record.line] == record.line == block:
            yield from ((text, "") for *_, text in group)
            block, group = next(groups, (0, iter(())))


def _join(pieces: Iterator[Piece], table: Table) -> Iterator[str]:
    """Yield texts and line ends; the last line has one if the table's last one has it."""
    usual = next((each.ending for each in table.records if each.ending), "\n")
    previous = ""
    for text, ending in pieces:
        yield previous
        yield text
        previous = ending or usual
    if table.records.ended:
        yield previous
