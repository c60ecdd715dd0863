"""Tables beside images: whether one gives labels that the folders do not have."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple
from unicodedata import normalize

from expand.errors import ExpandError
from expand.images.formats import SUFFIXES
from expand.layouts.directory import Directory, is_image, read_directory
from expand.layouts.layout import Kind
from expand.layouts.recognition.evidence import PEEK, peek
from expand.layouts.recognition.parquet import NoPyarrowError, first_rows

ROWS, PLACES = 20, 8
"""Rows of a table that are checked, spread over its beginning; folders of one depth in which their
images are looked for."""
PEEKED = 200
"""Entries of a folder that are read to find the folders in it."""
SUFFIX = (".csv", ".tsv", ".jsonl", ".ndjson", ".txt", ".lst", ".parquet")
STRING = re.compile(r'"([^"\\\\]{1,255})"')
KEY = re.compile(r'"([^"\\\\]{1,255})"\s*:')
SAYS_PLACES = re.compile(
    r'"(bbox|box|boxes|bboxes|points|polygon|polygons|keypoints|landmarks|segmentation|xmin|rle|bounding_box)"\s*:'
)
"""Keys of places in images."""
SEPARATORS = (",", "\t", ";", "|")
BETWEEN = re.compile(r"[,;|\s]+")
"""What separates the cells of a list."""
NUMBER = re.compile(r"-?\d+(\.\d*)?(e-?\d+)?", re.IGNORECASE)
BOX = 4
"""Numbers of a box."""
CHECKSUM = re.compile(r"[0-9a-fA-F]{16,}")


def kind_of_table(
    directory: Directory, name: str, *, numbered: bool, above: Directory | None = None
) -> Kind | None:
    """Return the kind of dataset that a table belongs to; None if the folders say as much.

    A table counts if it names an image, at least half of its first rows name images or have file
    names of images, and they give them anything else than the name of their folder. Images are
    looked for in its directory and in the one `above`. Bare numbers name images only if `numbered`
    says so.
    """
    stem, _, suffix = name.lower().rpartition(".")
    metadata = stem == "metadata" and suffix in ("csv", "jsonl", "parquet")
    if metadata and "file_name" in peek(os.path.join(directory.path, name)):
        return Kind.METADATA
    try:
        named = _named(directory, name, numbered, above)
    except NoPyarrowError:
        return (
            Kind.TABLE if numbered else None
        )  # it may be one, and the opener says what is missing
    if _are_numbers_of_folders(named):
        return None
    return Kind.TABLE if any(row.says_more for row in named) else None


def is_list(directory: Directory, name: str, above: Directory | None = None) -> bool:
    """Tell whether a file names images, whatever it says of them."""
    return bool(_named(directory, name, True, above))


def names_images(directory: Directory, name: str) -> bool:
    """Tell whether a JSON file has the name of an image, where all lie in one folder.

    A name without suffix counts if it is a key, and so is another one. Where images lie in several
    folders, the file must say places in images, too.
    """
    text = peek(os.path.join(directory.path, name))
    if len(directory.folders) > 1 and not SAYS_PLACES.search(text):
        return False
    cells = [cell for cell in STRING.findall(text)[: 2 * ROWS] if is_image(cell)]
    places = _places(directory, None)
    if any(_find(places, cell, frozenset(), False) is not None for cell in cells):
        return True
    keys = (key for key in KEY.findall(text)[: 2 * ROWS] if not is_image(key))
    return name_images(directory, list(keys), numbered=len(directory.folders) < 2)


def name_images(directory: Directory, cells: Sequence[str], *, numbered: bool) -> bool:
    """Tell whether cells name images: one by its file name, or two by names without suffix."""
    places, named = _places(directory, None), set[str]()
    for cell in cells:
        if _find(places, cell.strip(), frozenset(directory.folders), numbered) is not None:
            named.add(cell)
            if is_image(cell.strip()) or len(named) > 1:
                return True
    return False


def _named(directory: Directory, name: str, numbered: bool, above: Directory | None) -> list[_Row]:
    """Return what the first rows of a table say of images; nothing if too few name any."""
    suffix = name.lower().rpartition(".")[2]
    path = os.path.join(directory.path, name)
    lines = first_rows(path, ROWS) if suffix == "parquet" else _rows(peek(path)[:PEEK], suffix)
    rows = list(islice(lines, ROWS + 1))
    places = _places(directory, above) if rows else []
    known = frozenset(directory.folders).union(above.folders if above else ())
    each = [_read_row(places, row, known, numbered) for row in rows]
    named = [row for row in each if row is not None]
    like = sum(
        found is not None or any(map(is_image, row)) for found, row in zip(each, rows, strict=True)
    )
    return named if 2 * like >= len(rows) - 1 else []


class _Place(NamedTuple):
    """A folder in which the images of a table are looked for."""

    start: str
    """What comes before the name of a file in its path."""
    below: tuple[str, ...]
    """The folders that lead to it from the directory, in lower case."""
    directory: str
    """The name of the directory, in lower case."""


def _places(directory: Directory, above: Directory | None) -> list[_Place]:
    """Return a directory, its first folders and theirs, and the same for the one above it."""
    places = []
    for each in filter(None, (directory, above)):
        first = _Place(os.path.join(each.path, ""), (), os.path.basename(each.path).casefold())
        below = [_inside(first, name) for name in each.folders[:PLACES]]
        deeper = [
            _inside(place, name) for place in below for name in _folders(place.start)[:PLACES]
        ]
        places += [first, *below, *deeper[:PLACES]]
    return places


def _inside(place: _Place, name: str) -> _Place:
    return place._replace(start=f"{place.start}{name}/", below=(*place.below, name.casefold()))


def _folders(path: str) -> list[str]:
    try:
        return read_directory(path, PEEKED).folders
    except ExpandError:
        return []


class _Row(NamedTuple):
    """What a row says of an image."""

    folders: tuple[str, ...]
    """The folders that the image lies in, in lower case; the last one is that of the table."""
    others: tuple[str, ...]
    """The other cells."""

    @property
    def says_more(self) -> bool:
        """Whether there are other cells, and none of them is the name of a folder.

        Beside that name, four numbers can be a box.
        """
        if sum(bool(NUMBER.fullmatch(each)) for each in self.others) >= BOX:
            return True
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
    lines = [line for line in text.splitlines() if line.strip(' \t,;|"')]
    lines = [*lines[:1], *lines[1 :: max(1, len(lines) // ROWS)]]
    if suffix in ("jsonl", "ndjson"):
        yield from (_values(line) for line in lines)
    elif suffix in ("txt", "lst"):
        yield from map(_cells_of_list, lines)
    else:
        separator = max(SEPARATORS, key=(lines[0] if lines else "").count)
        try:
            yield from csv.reader(lines, delimiter=separator)
        except csv.Error:
            return


def _cells_of_list(line: str) -> list[str]:
    """Return the cells of a line, whose separator may be blanks; names can have blanks, too."""
    split = (line.split(separator) for separator in SEPARATORS)
    first = next((cells for cells in split if len(cells) > 1 and is_image(cells[0])), None)
    return first or BETWEEN.split(line)


def _values(line: str) -> list[str]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return [str(value) for value in row.values()] if isinstance(row, dict) else []


def _read_row(
    places: Sequence[_Place], row: Sequence[str], known: frozenset[str], numbered: bool
) -> _Row | None:
    """Return what a row says of an image; None if it names none.

    A cell with the name of a `known` folder does not name an image.
    """
    cells = [cell.strip() for cell in row]
    for cell in cells[:PLACES]:
        if (folders := _find(places, cell, known, numbered)) is not None:
            others = [each for each in cells if each not in (cell, "")]
            return _Row(folders, tuple(each for each in others if not CHECKSUM.fullmatch(each)))
    return None


def _tails(path: str) -> list[str]:
    """Return a path, and what is left without its first folders: the dataset may lie elsewhere.

    Of an absolute path and an address that is the name alone, too.
    """
    parts = path.split("/")
    least = 1 if path.startswith("/") or ":" in parts[0] else 2
    return [path, *("/".join(parts[n:]) for n in range(1, len(parts) - least + 1)[-PLACES:])]


def _find(
    places: Sequence[_Place], cell: str, known: frozenset[str], numbered: bool
) -> tuple[str, ...] | None:
    """Return the folders of the image that a cell names, in lower case; else None."""
    if not cell or len(cell) > 255 or "\0" in cell:
        return None
    cell = cell.replace("\\", "/").removeprefix("./")
    if is_image(cell):
        stem, dot, suffix = cell.rpartition(".")
        cells = dict.fromkeys((cell, stem + dot + suffix.upper(), stem + dot + suffix.lower()))
        names = [tail for each in cells for tail in _tails(each)]
    elif cell in known:
        return None
    elif numbered or not cell.replace(".", "").isdigit():
        names = [f"{cell}{suffix}" for suffix in SUFFIXES]
    else:
        return None
    if not cell.isascii():
        forms: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
        names = [normalize(form, name) for form in forms for name in names]
    for name in names:
        inner = tuple(each.casefold() for each in name.split("/")[:-1])
        for place in places:
            if os.path.isfile(place.start + name):
                return (*place.below, *inner, place.directory)
    return None
