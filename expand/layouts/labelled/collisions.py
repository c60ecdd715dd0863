"""Collisions in a labelled dataset: no copy or label file gets the name of another file.

Files that are kept are compared with what is written only: the other parts of a dataset get no
copies, so their names are free. Memory does not grow with the number of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError
from expand.layouts.collisions import check_folders
from expand.layouts.labelled.dataset import Dataset, Labels
from expand.layouts.names import copy_name, fold
from expand.layouts.source import Source
from expand.layouts.spooled.lists import Sorter

ANY = 10**18
"""The number of a view that stands for all copies of an image."""
MARK = "_v\1"
"""What takes the place of a view's number in the name of any copy."""
NUMBER = re.compile(r"_v([1-9]\d{0,17})(?!\d)")


class _Name(NamedTuple):
    """A name that the expanded dataset has, or that all copies of an image have.

    The fields are in the order in which names are compared.
    """

    folded: str
    kind: str
    name: str
    owner: str
    """The file of the dataset that a message names."""


COPY, LABEL, FILE, KEPT, LIKE = "0", "1", "2", "3", "4"
"""Copies of an image, label files of copies, a file of an image that grows, a file that is kept,
and one of these two by the name that it would have as a copy."""


def check_copies(root: Path, dataset: Dataset, factor: int, format_: str) -> None:
    """Refuse a dataset if two files would get one name, as `fold` compares them.

    Two images that share a label file are left to its format.
    """
    names = Sorter(_names(dataset, factor, format_))
    for _, alike in groupby(names, key=lambda text: text[: text.index("\0")]):
        if found := _first_collision(alike):
            _check_label(root, dataset, found)
            raise ExpandError(
                f'"{root / found[0]}" and "{root / found[1]}" would give files of one name, here '
                "or on a file system that ignores case and how accents are encoded; rename one of "
                "them"
            )
    _check_folders(root, (source.id for source in dataset.listing))


def _check_label(root: Path, dataset: Dataset, found: tuple[str, str]) -> None:
    """Say so if one of two files is a label file that an image should have, and is not there."""
    there = [name for name in found if (root / name).exists()]
    if dataset.labels and len(there) == 1:
        wanted = next(name for name in found if name not in there)
        raise ExpandError(
            f'"{root / there[0]}" is called like the label file of an image, "{wanted}", but for '
            "upper and lower case or the encoding of accents (NFC, NFD), so it is not found; "
            "rename it"
        )


def _read(text: str) -> _Name:
    return _Name(*text.split("\0"))


def _names(dataset: Dataset, factor: int, format_: str) -> Iterator[str]:
    """Yield the names that are compared; what is called like a copy is named in two ways.

    Each is the text of a `_Name`: its fields with null characters between them.
    """
    for source in dataset.listing.files():
        for kind, name in _written(source, dataset.labels):
            folded = fold(name)
            yield f"{folded}\0{kind}\0{name}\0{name}"
            for match in NUMBER.finditer(folded) if "_v" in folded else ():
                if int(match[1]) < factor:
                    like = f"{folded[: match.start()]}{MARK}{folded[match.end() :]}"
                    yield f"{like}\0{LIKE}\0{name}\0{name}"
        if not source.kept:
            for kind, name in _copies(source, dataset.labels, format_):
                yield f"{fold(name)}\0{kind}\0{name}\0{source.id}"


def _written(source: Source, labels: Labels | None) -> Iterator[tuple[str, str]]:
    """Yield the files of a source that are written under the names that they have."""
    if source.kept:
        yield KEPT, source.id
        return
    yield FILE, source.id
    for name in labels.names(source, source.id) if labels else ():
        yield FILE, name


def _copies(source: Source, labels: Labels | None, format_: str) -> Iterator[tuple[str, str]]:
    """Yield the names of the files of any copy of a source."""
    if labels is None:
        yield COPY, copy_name(source.id, ANY, format_).replace(f"_v{ANY}", MARK)
        return
    image = labels.image_name(source, ANY, format_)
    yield COPY, image.replace(f"_v{ANY}", MARK)
    for name in labels.names(source, image):
        yield LABEL, name.replace(f"_v{ANY}", MARK)


def _first_collision(alike: Iterator[str]) -> tuple[str, str] | None:
    """Return the first two files whose names are folded alike and do not go together."""
    text, second = next(alike), next(alike, "")
    if not second:
        return None  # nearly all names
    first = _read(text)
    for each in map(_read, chain((second,), alike)):
        if not _go_together(first, each):
            return first.owner, each.owner
    return None


def _go_together(one: _Name, other: _Name) -> bool:
    """Tell whether two names that are folded alike are not a collision."""
    if one.owner == other.owner:
        return True  # the label files of several kinds of one image can be one file
    if other.kind == LIKE:
        return one.kind not in (COPY, LABEL)
    if other.kind == KEPT:
        return one.kind == KEPT
    return one.kind == other.kind != COPY and one.name == other.name


def _check_folders(root: Path, images: Iterable[str]) -> None:
    """Refuse folders of images that grow if two of them have one name, as `fold` compares them."""
    below: dict[str, set[str]] = {}
    before = ""
    for image in images:
        if (folder := image.rpartition("/")[0]) != before:
            before = folder
            while folder:
                folder, _, name = folder.rpartition("/")
                below.setdefault(folder, set()).add(name)
    for folder, names in sorted(below.items()):
        check_folders(str(root / folder), sorted(names))
