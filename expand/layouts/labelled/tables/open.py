"""Open a dataset whose labels are in tables: CSV, TSV, lists, JSON Lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import basename

from expand.errors import ExpandError, cut
from expand.layouts.directory import read_directory
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.tables.build import build_dataset
from expand.layouts.labelled.tables.columns.relations import check_relations
from expand.layouts.labelled.tables.columns.vocabulary import CLASS_LISTS
from expand.layouts.labelled.tables.images import Images
from expand.layouts.labelled.tables.reading import find_absolute, find_misspelt, read_table
from expand.layouts.labelled.tables.table import Table
from expand.layouts.labelled.tables.text.record import TableError
from expand.layouts.layout import AUTO, Kind
from expand.layouts.names import split_suffix
from expand.layouts.recognition.recognise import look_beside_tables
from expand.layouts.recognition.words import words

NAME = re.compile(r"[^/\\]*\Z")
"""The name of a file at the end of a path."""

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
LISTS = (".txt", ".lst")
"""Suffixes of tables among many other texts: these are looked at near the top only."""
DEPTH = 2
READINGS = {Kind.YOLO: "yolo", Kind.COCO: "coco", Kind.VOC: "voc"}
"""How --as calls the other labels that can lie beside a table."""
MANIFESTS = frozenset(("expand.jsonl", "expand.parquet"))
"""What expand writes into a dataset: it is not a table of the dataset's own."""


def open_table(opening: Opening) -> Dataset:
    """Open a dataset whose images are named by the rows of a table.

    Raise ExpandError if there is no such table, or it is not clear what it says.
    """
    images = Images(opening.root)
    tables, unread = _read_all(opening, images)
    tables = [table for table in tables if not _is_class_list(table, tables)]
    if not tables:
        raise ExpandError(unread[0] if unread else _no_table(opening, images))
    check_alone(opening, tables[0].name)
    if opening.request.layout == AUTO:
        check_relations(opening.root, tables, images.others)
    named = [table.name for table in tables if table.others] or [each.name for each in tables]
    what = f"a table ({named[0]})" if len(named) == 1 else f"tables ({_listed(named)})"
    dataset = build_dataset(opening, tables, images, "table", what)
    dataset.notes += tuple(f"{each}; it is kept as it is" for each in unread)
    dataset.problems += len(unread)
    return dataset


def _read_all(opening: Opening, images: Images) -> tuple[list[Table], list[str]]:
    """Return the tables that name images, and why others cannot be read."""
    tables, unread = [], []
    for name in _candidates(images):
        try:
            table = read_table(opening.root, name, images)
        except TableError as error:
            if name.lower().endswith(SUFFIXES):
                unread.append(str(error))
            continue
        if table is not None:
            tables.append(table)
    return tables, unread


def check_alone(opening: Opening, table: str) -> None:
    """Refuse other labels beside a table, unless the user chose it: views would lose them."""
    if opening.request.layout != AUTO:
        return
    root = opening.root
    for folder in dict.fromkeys((root, (root / table).parent)):
        other = look_beside_tables(read_directory(str(folder)))
        if other is None or other.kind in (Kind.TABLE, Kind.METADATA):
            continue
        shown = " and ".join(f'"{name}"' for name in other.evidence[:2])
        choice = (
            f"; to grow those labels and leave the tables as they are: --as {READINGS[other.kind]}"
            if other.kind in READINGS
            else ""
        )
        raise ExpandError(
            f'"{root}" has a table of its images ("{table}"), and {other.kind.value} is there too: '
            f"it has {shown}. To grow the tables and leave the others as they are: --as "
            f"{'huggingface' if basename(table).startswith('metadata.') else 'table'}{choice}"
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < 4 else f"{names[0]} … {names[-1]} ({len(names)})"


def _candidates(images: Images) -> Iterator[str]:
    """Yield the names of files that can be tables."""
    for path in (each for each in images.others if each not in MANIFESTS):
        suffix = split_suffix(path)[1].lower()
        if suffix in SUFFIXES or (
            suffix in LISTS
            and path.count("/") < DEPTH
            and not images.has_stem(split_suffix(path)[0])
        ):
            yield path


def _is_class_list(table: Table, tables: Sequence[Table]) -> bool:
    """Tell whether a table lists the numbers of classes, which only look like names of images."""
    named = set(words(split_suffix(basename(table.name))[0]))
    numbers = all(table.cells(each).get(table.names[0], "0").isdigit() for each in table.body())
    return numbers and bool(named & CLASS_LISTS) and len(tables) > 1


def _no_table(opening: Opening, images: Images) -> str:
    for name in _candidates(images):
        if cell := find_absolute(opening.root, name):
            return (
                f'"{opening.root}": "{name}" names images by absolute paths or addresses '
                f'("{cut(cell)}"), which copies do not have; make them relative to the dataset: '
                f'remove "{cut(NAME.sub("", cell))}" if the images lie beside the table'
            )
        cell, image = find_misspelt(opening.root, name, images)
        if image:
            return (
                f'"{opening.root}": "{name}" names "{cut(cell)}", and the image is called '
                f'"{image}": write upper and lower case in both as in the name of the file'
            )
    return (
        f'"{opening.root}" has no table that names its images. A table is a .csv, .tsv, .txt, '
        ".lst, .jsonl or .parquet file with a column of file names, with or without folders and "
        "suffixes"
    )
