"""Text files that list images, one a line, perhaps with their masks: copies get lines too.

Many loaders read only what a list names: "train.txt" with "a.png", or "images/a.png masks/a.png".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Rows, SetWideFile
from expand.layouts.labelled.files import read_file
from expand.layouts.labelled.masks.derived.names import Names, agreeing
from expand.layouts.labelled.masks.files import File
from expand.layouts.labelled.masks.places import part_said
from expand.layouts.labelled.splits.lists import join_lines
from expand.layouts.labelled.tables.columns.vocabulary import ANGLES, PLACES, TEXTS
from expand.layouts.names import split_suffix
from expand.layouts.recognition.tables import SAYS_PLACES
from expand.layouts.recognition.words import words
from expand.layouts.spooled.index import TextIndex
from expand.layouts.spooled.lists import Texts

SUFFIXES = (".txt", ".lst", ".csv", ".tsv", ".jsonl")
PEEKED = 1000
"""Lines of which one must name an image."""
LARGEST = 64 << 20
"""Bytes of the largest list."""
MOVING = PLACES | ANGLES | TEXTS | {"x", "y"}
"""Words of columns with places, that is, with what moves."""
BLANK = ' "\r\n'
NUMBER = re.compile(r"-?\d+(\.\d*)?")
TOKEN = re.compile(r"[^\s,;\"']+")


@dataclass(frozen=True)
class ImageList:
    """A file that lists images."""

    name: str
    lines: Texts
    """With their ends."""
    images: Texts
    """The image that grows of each line; empty for other lines."""
    places: bool
    """Whether it says more than names and classes: it may say where something is in an image."""

    def column(self, named: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Yield the cells of the column that one of some words names, each with its image."""
        heading = _heading(self.lines, self.images)
        between = max(",;\t", key=heading.count)
        names = [{*words(cell)} for cell in heading.split(between)]
        index = next((index for index, name in enumerate(names) if name & named), None)
        if index is None:
            return
        for image, line in zip(self.images, self.lines, strict=True):
            row = line.split(between)
            if image and index < len(row):
                yield image, row[index].strip(BLANK)

    def extended(self, views: TextIndex, names: Names) -> bytes:
        """Return the file with a line for each view of an image: `views` are the files of each."""

        def lines(line: str, image: str) -> list[str] | None:
            """Return the lines of the views of an image; None if the line names none that grows."""
            if not image:
                return None
            renamed = (
                dict(zip(names.files(image), of.split("\0"), strict=True)) for of in views.of(image)
            )
            return [_renamed(line, each, names) for each in renamed]

        both = zip(self.lines, self.images, strict=True)
        return join_lines((line, lines(line, image)) for line, image in both).encode()


def _renamed(line: str, files: dict[str, str], names: Names) -> str:
    """Return a line with other names of files."""

    def rename(match: re.Match[str]) -> str:
        """Return another name for a word of the line, if it names a file."""
        meant = names.meant(match[0])
        if meant is None or meant[1] not in files:
            return match[0]
        said, path = match[0].split("/"), files[meant[1]].split("/")
        if said[-1] == split_suffix(meant[1].rpartition("/")[2])[0]:
            path[-1] = split_suffix(path[-1])[0]
        count = agreeing(match[0].removeprefix("./"), meant[1])
        return "/".join([*said[:-count], *path[-count:]])

    return TOKEN.sub(rename, line)


def find_lists(root: Path, files: Iterable[File], names: Names, part: str) -> list[ImageList]:
    """Return those of some files that list images of the part that grows."""
    found = list[ImageList]()
    for file in files:
        said = part_said(file.stem)
        asked = file.stem not in names.by_name and said in ("", part or said)
        if asked and (each := read_list(root, file.path, names)):
            found.append(each)
    return found


def read_list(root: Path, path: str, names: Names) -> ImageList | None:
    """Read a file; return None unless at least a quarter of its lines name images of `names`."""
    try:
        lines = read_file(root, path, LARGEST).decode().splitlines(keepends=True)
    except (ExpandError, UnicodeDecodeError):
        return None  # it is kept as it is
    filled = [line for line in lines[:PEEKED] if line.strip()]
    if not any(_image_of(line, names) for line in filled):
        return None
    written, images = Texts(lines), Texts(_image_of(line, names) for line in lines)
    known = sum(map(bool, images))
    if not known or 4 * known < sum(bool(line.strip()) for line in lines):
        return None
    return ImageList(path, written, images, _says_places(written, images, names))


def _heading(lines: Texts, images: Texts) -> str:
    """Return the line before the first of an image; empty if there is none."""
    before = ""
    for line, image in zip(lines, images, strict=True):
        if image:
            break
        before = line
    return before


def _says_places(lines: Texts, images: Texts, names: Names) -> bool:
    """Tell whether lines say where something is in an image, which moves.

    A heading names such a column; or there are such numbers in a line, without a heading.
    """
    rows = [line for line, image in zip(lines, images, strict=True) if image]
    if rows[0].lstrip().startswith("{"):
        return any(SAYS_PLACES.search(line) for line in rows)
    if next(iter(images)):
        return any(_are_places(TOKEN.findall(line), names) for line in rows)
    heading = _heading(lines, images)
    between = max(",;\t", key=heading.count)
    moving = [
        index
        for index, name in enumerate(heading.split(between))
        if not MOVING.isdisjoint(words(name))
    ]
    cells = ((line.split(between), index) for line in rows for index in moving)
    said = (row[index].strip(BLANK) for row, index in cells if index < len(row))
    return any(cell and names.meant(cell) is None for cell in said)


def _are_places(tokens: list[str], names: Names) -> bool:
    """Tell whether numbers can be places: four of them, or two of which one has a fraction."""
    numbers = [token for token in tokens if NUMBER.fullmatch(token) and names.meant(token) is None]
    return len(numbers) > 3 or (len(numbers) > 1 and any("." in each for each in numbers))


def _image_of(line: str, names: Names) -> str:
    """Return the image that a line means; "" for none."""
    meant = {found[0] for found in map(names.meant, TOKEN.findall(line)) if found}
    return meant.pop() if len(meant) == 1 else ""


def extend(lists: list[ImageList], names: Names, rows: Rows) -> Iterator[SetWideFile]:
    """Yield the lists of the expanded dataset."""
    views = TextIndex(
        (row.source, "\0".join((row.file_name, *row.annotation["masks"]))) for row in rows()
    )
    for each in lists:
        yield SetWideFile.of(each.name, each.extended(views, names))
