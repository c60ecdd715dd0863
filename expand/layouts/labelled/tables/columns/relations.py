"""Tables that number their images, and other files that say something of these numbers (CUB-200).

The copies of an image would need numbers of their own in all of these files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from posixpath import dirname

from expand.errors import ExpandError
from expand.layouts.labelled.tables.table import Table
from expand.layouts.recognition.evidence import peek
from expand.layouts.spooled.sets import TextSet

SUFFIXES = (".txt", ".csv", ".tsv")
ROWS = 200
"""Rows that are looked at."""


def check_relations(root: Path, tables: Collection[Table], others: TextSet) -> None:
    """Raise ExpandError if files beside a table refer to the numbers that it gives to images."""
    named = {table.name for table in tables}
    for table in tables:
        if table.has_names or not (numbers := _numbers(table)):
            continue
        beside = (
            name
            for name in others
            if name not in named and dirname(name) == table.folder and name.endswith(SUFFIXES)
        )
        referring = [name for name in beside if _refers(root / name, numbers)]
        if len(referring) > 1:
            listed = ", ".join(f'"{name}"' for name in referring[:4])
            raise ExpandError(
                f'"{root}": "{table.name}" numbers the images, and other files refer to the '
                f"numbers ({listed}), so copies would have no class and no part there. Write one "
                "CSV table with a row for each image and the columns file, label and split, and "
                "move these files to another folder; or use folders: train/<class>/<image>"
            )


def _numbers(table: Table) -> set[str]:
    """Return the numbers of the images, if a column has a different one in each row."""
    rows = [table.cells(record) for record in islice(table.body(), ROWS)]
    for name in table.others:
        numbers = {row.get(name, "") for row in rows}
        if len(numbers) == len(rows) > 1 and all(map(str.isdigit, numbers)):
            return numbers
    return set()


def _refers(path: Path, numbers: set[str]) -> bool:
    """Tell whether the first lines of a file begin with these numbers, and say one thing more."""
    lines = list(islice(_cells(peek(str(path))), ROWS))
    known = sum(cells[0] in numbers for cells in lines)
    return 2 * known > len(lines) and all(len(cells) > 1 for cells in lines)


def _cells(text: str) -> Iterator[list[str]]:
    return filter(None, (line.replace(",", " ").split() for line in text.splitlines()))
