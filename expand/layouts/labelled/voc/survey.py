"""A survey of a dataset: which images have which annotations, masks and lists."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.layouts.directory import IMAGE, Directory, read_directory
from expand.layouts.labelled.voc.matches import Match, key_of
from expand.layouts.layout import Kind
from expand.layouts.names import split_suffix
from expand.layouts.recognition.evidence import FILES, kind_of_json
from expand.layouts.recognition.tables import kind_of_table
from expand.layouts.recognition.words import PART_OF, role_of, words
from expand.layouts.spooled.index import TextIndex
from expand.layouts.spooled.lists import Texts
from expand.layouts.spooled.sets import TextLists, TextSet
from expand.layouts.walk import walk

LISTS = "ImageSets"
LIKE_LISTS = {*PART_OF, "list", "lists"}
LOSSY = (".jpg", ".jpeg")
"""Suffixes of pictures that are not masks: JPEG changes labels."""
TABLES = (".csv", ".tsv", ".jsonl", ".json")
UNREAD = (".npy", ".npz", ".mat", ".gif")


IMAGE_FILE, ANNOTATION, MASK = "ian"
"""What the record of a file begins with."""
DIGITS = 12
"""Digits of the number of a file in its record."""
Marks = NDArray[np.bool_]
"""Which images of a dataset are meant, by their numbers."""


class Image(NamedTuple):
    """An image of the dataset."""

    path: str
    first: str
    """The number of the first file of its match, as text of `DIGITS` digits."""
    note: str
    """What `Source.annotation` says of it."""


class Survey:
    """What a dataset holds; the names of its files lie on the disk."""

    def __init__(self, *, by_name: bool = False) -> None:
        """`by_name` pairs images with the labels of their name in whatever folders."""
        self._by_name = by_name
        self._files, self._count = TextLists(), 0
        """By their key: their folders without words for images and labels, and their stem."""
        self._folders: dict[str, set[str]] = {IMAGE_FILE: set(), ANNOTATION: set(), MASK: set()}
        """The folders with files of each kind."""
        self._beside = frozenset[str]()
        """Folders of labels that hold images: annotations of no others lie in them."""
        self._images = TextIndex()
        """The images by their paths."""
        self.lists: list[str] = []
        """The text files in folders that are called ImageSets, or are called like lists."""
        self.unread = Texts()
        """Files of formats that are not read, in folders of labels."""
        self.alone = Texts()
        """The annotations and masks without an image."""
        self.foreign = TextSet()
        """Labels of the images in another format: YOLO text files, JSON files, tables."""

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._images)

    def __iter__(self) -> Iterator[Image]:
        """Yield the images in the order of their numbers."""
        return (_image(path, text) for path, text in self._images)

    def find(self, path: str) -> tuple[int, str] | None:
        """Return the number of an image, and its note; None if there is no such image."""
        found = self._images.find(path)
        return found and (found[0], found[1][DIGITS:])

    def matches(self) -> Iterator[Match]:
        """Yield all matches, so that their images are in the order of their numbers."""
        return (self._match(texts) for _, texts in self._files.lists())

    def match_of(self, path: str) -> Match:
        """Return the match of a file."""
        return self._match(self._files.of(self._key(path)))

    def _key(self, path: str) -> str:
        return split_suffix(_name(path))[0] if self._by_name else key_of(path)

    def none(self) -> Marks:
        """Return marks of no image."""
        return np.zeros(len(self), bool)

    def marked(self, marks: Marks) -> Iterator[str]:
        """Yield the images that are marked."""
        return (image.path for image in compress(self if marks.any() else (), marks))

    def add(self, kind: str, path: str) -> None:
        """Add a file to its match."""
        self._files.add(self._key(path), f"{kind}{self._count:0{DIGITS}}{path}")
        self._folders[kind].add(_folder(path))
        self._count += 1

    def finish(self, lists: Iterable[str], others: Iterable[str]) -> None:
        """Tell masks from images, and lists from labels that are called like an image."""
        self._beside = self._find_beside()
        for match in self.matches():
            note = match.note() if match.images else ""
            for image in match.images:
                self._images.add(image, f"{match.first}{note}")
            self.unread.extend(match.lossy)
            if not match.images:
                self.alone.extend(match.labels)
        for name in lists:
            if self._is_of_image(name):
                self.foreign.add(name)
            else:
                self.lists.append(name)
        for name in filter(self._is_of_image, others):
            self.foreign.add(name)

    def _is_of_image(self, name: str) -> bool:
        """Tell whether a text file is called like an image, and is no list in ImageSets."""
        return f"/{LISTS}/" not in f"/{name}" and bool(self.match_of(name).images)

    def _find_beside(self) -> frozenset[str]:
        """Return the folders of labels that hold images: annotations of no others lie in them.

        A folder of images can be called "annotated".
        """
        beside, both = set[str](), self._folders[MASK] & self._folders[ANNOTATION]
        for match in self.matches() if both else ():
            if match.annotations and not match.images:
                masks = map(_folder, (*match.masks, *match.lossy))
                beside |= {*masks}.intersection(map(_folder, match.annotations))
        return frozenset(beside)

    def _match(self, texts: Iterable[str]) -> Match:
        files: dict[str, list[str]] = {IMAGE_FILE: [], ANNOTATION: [], MASK: []}
        first = ""
        for text in texts:
            first = first or text[1 : DIGITS + 1]
            files[text[0]].append(text[DIGITS + 1 :])
        images, masks = files[IMAGE_FILE], files[MASK]
        if self._beside and masks and not images:
            images = [name for name in masks if _folder(name) in self._beside]
            masks = [name for name in masks if name not in images]
        lossy = [name for name in masks if name.lower().endswith(LOSSY)]
        masks = [name for name in masks if name not in lossy] if lossy else masks
        return Match(images, files[ANNOTATION], masks, lossy, first)


def _image(path: str, text: str) -> Image:
    return Image(path, text[:DIGITS], text[DIGITS:])


def survey(root: Path, *, by_name: bool = False) -> Survey:
    """Look at the names of all files of a dataset; a few tables are looked into."""
    found, lists, others = Survey(by_name=by_name), Texts(), Texts()
    tables = Counter[str]()
    for frame, name, kind in walk(str(root), lambda _: None):
        if name is None:
            continue
        path, suffix = f"{frame.prefix}{name}", split_suffix(name)[1].lower()
        if suffix == ".txt" and (LISTS in frame.names or LIKE_LISTS & {*words(name)}):
            lists.append(path)
        elif kind == IMAGE:
            found.add(MASK if _holds_labels(frame.names) else IMAGE_FILE, path)
        elif suffix == ".xml":
            found.add(ANNOTATION, path)
        elif suffix in UNREAD and _holds_labels(frame.names):
            found.unread.append(path)
        elif suffix in (".txt", ".json"):
            others.append(path)
        if suffix in TABLES and tables[frame.prefix] < FILES:
            tables[frame.prefix] += 1
            if _has_labels(frame.directory, name, inside=bool(frame.names)):
                found.foreign.add(path)
    found.finish(lists, others)
    return found


def _has_labels(directory: Directory, name: str, *, inside: bool) -> bool:
    """Tell whether a file gives labels to images, as a table or as COCO does.

    The images of a table in a folder `inside` the dataset can lie in folders beside that.
    """
    if name.lower().endswith(".json"):
        return kind_of_json(os.path.join(directory.path, name)) is Kind.COCO
    above = read_directory(os.path.dirname(directory.path)) if inside else None
    return kind_of_table(directory, name, numbered=False, above=above) is not None


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _holds_labels(folders: tuple[str, ...]) -> bool:
    return any(role_of(folder).kind == "labels" for folder in folders)
