"""Tables beside images: whether one gives labels that the folders do not have."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from expand.images.formats import SUFFIXES
from expand.layouts.directory import Directory, is_image
from expand.layouts.layout import Kind
from expand.layouts.recognition.evidence import PEEK, peek

ROWS, PLACES = 20, 8
"""Rows of a table that are checked, spread over its beginning; folders in which their images are
looked for."""
SUFFIX = (".csv", ".tsv", ".jsonl", ".ndjson", ".txt", ".lst", ".parquet")
SEPARATORS = (",", "\t", ";", "|")
CHECKSUM = re.compile(r"[0-9a-fA-F]{16,}")


def kind_of_table(directory: Directory, name: str, *, numbered: bool) -> Kind | None:
    """Return the kind of dataset that a table belongs to; None if the folders say as much.

    A table counts if at least half of its first rows name images and give them anything else than
    the name of their folder. Bare numbers name images only if
    `numbered` says so.
    """
    stem, _, suffix = name.lower().rpartition(".")
    text = peek(os.path.join(directory.path, name))
    if stem == "metadata" and suffix in ("csv", "jsonl", "parquet") and "file_name" in text:
        return Kind.METADATA
    if suffix == "parquet":
        return None
    rows = list(islice(_rows(text[:PEEK], suffix), ROWS + 1))
    named = [each for row in rows if (each := _read_row(directory, row, numbered)) is not None]
    if not named or 2 * len(named) < len(rows) - 1 or _are_numbers_of_folders(named):
        return None
    return Kind.TABLE if any(row.says_more for row in named) else None


class _Row(NamedTuple):
    """What a row says of an image."""

    folders: tuple[str, ...]
    """The folders that the image lies in, in lower case; the last one is that of the table."""
    others: tuple[str, ...]
    """The other cells."""

    @property
    def says_more(self) -> bool:
        """Whether there are other cells, and none of them is the name of a folder."""
        return bool(self.others) and not any(
            each.casefold() in self.folders for each in self.others
        )


def _are_numbers_of_folders(rows: Sequence[_Row]) -> bool:
    """Tell whether all that rows add is a number for each folder, as in lists for training."""
    pairs = {(row.folders[0], row.others) for row in rows}
    folders, numbers = {folder for folder, _ in pairs}, {others for _, others in pairs}
    whole = all(len(others) == 1 and others[0].isdigit() for others in numbers)
    alike = len(pairs) == len(folders) == len(numbers) > 1
    return whole and alike and len(rows) >= 2 * len(pairs)


def _rows(text: str, suffix: str) -> Iterator[Sequence[str]]:
    """Yield the rows of a table as texts; the heading is a row too."""
    lines = [line for line in text.splitlines() if line.strip()]
    lines = [*lines[:1], *lines[1 :: max(1, len(lines) // ROWS)]]
    if suffix in ("jsonl", "ndjson"):
        yield from (_values(line) for line in lines)
    elif suffix in ("txt", "lst"):
        yield from (line.replace(",", " ").split() for line in lines)
    else:
        separator = max(SEPARATORS, key=(lines[0] if lines else "").count)
        try:
            yield from csv.reader(lines, delimiter=separator)
        except csv.Error:
            return


def _values(line: str) -> list[str]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return [str(value) for value in row.values()] if isinstance(row, dict) else []


def _read_row(directory: Directory, row: Sequence[str], numbered: bool) -> _Row | None:
    """Return what a row says of an image; None if it names none."""
    cells = [cell.strip() for cell in row]
    for cell in cells[:PLACES]:
        if (found := _find(directory, cell, numbered)) is not None:
            others = [each for each in cells if each not in (cell, "")]
            folders = [*found.split("/")[:-1], os.path.basename(directory.path)]
            return _Row(
                tuple(each.casefold() for each in folders),
                tuple(each for each in others if not CHECKSUM.fullmatch(each)),
            )
    return None


def _find(directory: Directory, cell: str, numbered: bool) -> str | None:
    """Return the path, relative to a directory, of the image that a cell names; else None."""
    if not cell or len(cell) > 255 or "\0" in cell:
        return None
    cell = cell.replace("\\", "/").removeprefix("./")
    if is_image(cell):
        names = [cell]
    elif cell in directory.folders:
        return None
    elif numbered or not cell.replace(".", "").isdigit():
        names = [f"{cell}{suffix}" for suffix in SUFFIXES]
    else:
        return None
    below = [f"{folder}/" for folder in directory.folders[:PLACES]]
    for name in names:
        for place in ("", *below):
            if os.path.isfile(os.path.join(directory.path, f"{place}{name}")):
                return f"{place}{name}"
    return None
