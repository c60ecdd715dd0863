"""Files beside images that can be their labels and are not read: spreadsheets, arrays, no files."""

from __future__ import annotations

import html
import os
import re
import stat
from collections.abc import Iterator
from itertools import islice
from zipfile import BadZipFile, ZipFile

from expand.layouts.directory import Directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.recognition.splits import holds_folders, holds_images
from expand.layouts.recognition.tables import name_images
from expand.layouts.recognition.unread.sidecars import find_sidecars
from expand.layouts.recognition.words import part_of

SHEETS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".numbers")
ARRAYS = (
    ".mat", ".npy", ".npz", ".h5", ".hdf5", ".pkl", ".pickle", ".tfrecord", ".tfrecords", ".rec",
    ".lmdb", ".mdb", ".pts", ".geojson",
)  # fmt: skip
LABELS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".yaml", ".yml", ".parquet")
"""Suffixes of files with labels, which are opened."""
LOOKED = 64
"""Files in a directory that are looked at."""
PAGES = re.compile(r"(xl/sharedStrings|xl/worksheets/[^/]*|content)\.xml")
PAGE = 1 << 18
"""Bytes of a part of a spreadsheet that are read."""
CELL = re.compile(r">([^<>]{1,255})<")


def find_unread(directory: Directory, *, alone: bool) -> Layout | None:
    """Return the layout of a directory with labels that are not read; None if it has none.

    These are files that cannot be opened, spreadsheets that name images, files with the names of
    images, and arrays beside images without classes. `alone` says that each folder above holds
    nothing but the next one.
    """
    arrays = []
    for name in islice(directory.others, LOOKED):
        lower = name.lower()
        if lower.endswith(LABELS + SHEETS) and (fault := _fault(directory, name)):
            return _layout(name, f"It {fault}: replace it, or remove it")
        if lower.endswith(SHEETS) and _names_images(directory, name, alone=alone):
            return _layout(name, "Spreadsheets are not read: save it as a CSV file, and remove it")
        if lower.endswith(ARRAYS):
            arrays.append(name)
    found = find_sidecars(directory, alone=alone)
    return found or (_find_arrays(directory, arrays, alone=alone) if arrays else None)


def _find_arrays(directory: Directory, arrays: list[str], *, alone: bool) -> Layout | None:
    if not alone or _has_classes(directory):
        return None
    kind = arrays[0].rpartition(".")[2].upper()
    return _layout(
        arrays[0],
        f"{kind} files are not read, and it can hold their labels: write them as a CSV table, or "
        "move it to another folder if it has none",
    )


def _layout(name: str, advice: str) -> Layout:
    return Layout(Kind.ANNOTATED, (name,), advice=advice)


def _has_classes(directory: Directory) -> bool:
    """Tell whether a directory has several folders of images that can be classes, or no images.

    A part of a split whose images lie in no folders is not a class.
    """
    held = (
        name
        for name in directory.folders
        if holds_images(directory, name) and (not part_of(name) or holds_folders(directory, name))
    )
    count = len(list(islice(held, 2)))
    return count > 1 or not (count or directory.images or any(map(part_of, directory.folders)))


def _fault(directory: Directory, name: str) -> str:
    """Return why a file cannot be opened; "" if it can."""
    path = os.path.join(directory.path, name)
    try:
        regular = stat.S_ISREG(os.stat(path).st_mode)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not regular:
        return "is not a regular file"
    return "" if os.access(path, os.R_OK) else "cannot be read (Permission denied)"


def _names_images(directory: Directory, name: str, *, alone: bool) -> bool:
    """Tell whether a spreadsheet names images; one that cannot be read may, unless beside classes.

    (Old ones and encrypted ones cannot.)
    """
    try:
        cells = list(islice(_cells(os.path.join(directory.path, name)), 4 * LOOKED))
    except (OSError, BadZipFile, RuntimeError, NotImplementedError, ValueError, EOFError):
        return alone and not _has_classes(directory)
    numbered = alone and len(directory.folders) < 2
    return name_images(directory, cells, numbered=numbered)


def _cells(path: str) -> Iterator[str]:
    """Yield the texts in the cells of a spreadsheet."""
    with ZipFile(path) as file:
        for name in file.namelist()[: 4 * LOOKED]:
            if PAGES.fullmatch(name):
                with file.open(name) as page:
                    text = page.read(PAGE).decode("utf-8", "replace")
                yield from (html.unescape(cell) for cell in CELL.findall(text))
