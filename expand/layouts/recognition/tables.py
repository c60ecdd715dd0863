"""Tables beside images: whether one gives labels that the folders do not have."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from expand.images.formats import SUFFIXES
from expand.layouts.directory import Directory, is_image
from expand.layouts.layout import Kind
from expand.layouts.recognition.evidence import PEEK, peek

ROWS, PLACES = 20, 8
"""Rows of a table that are checked, and folders in which their images are looked for."""
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
    labelled = [_is_labelled(directory, row, numbered) for row in rows]
    named = [each for each in labelled if each is not None]
    if not named or 2 * len(named) < len(rows) - 1 or not any(named):
        return None
    return Kind.TABLE


def _rows(text: str, suffix: str) -> Iterator[Sequence[str]]:
    """Yield the rows of a table as texts; the heading is a row too."""
    lines = [line for line in text.splitlines()[: 2 * ROWS] if line.strip()]
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


def _is_labelled(directory: Directory, row: Sequence[str], numbered: bool) -> bool | None:
    """Tell whether a row gives an image more than its folder's name; None if it names no image."""
    cells = [cell.strip() for cell in row]
    for cell in cells[:PLACES]:
        if (found := _find(directory, cell, numbered)) is not None:
            others = [
                other
                for other in cells
                if other not in (cell, "") and not CHECKSUM.fullmatch(other)
            ]
            folders = {part.casefold() for part in found.split("/")[:-1]}
            folders.add(os.path.basename(directory.path).casefold())
            return bool(others) and not any(other.casefold() in folders for other in others)
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
