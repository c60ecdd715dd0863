"""A COCO file: its images, which annotations each one has, and what was found on the way."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.errors import ExpandError, shown
from expand.layouts.labelled.coco.files.entries import EntryReader, Id
from expand.layouts.labelled.coco.files.text import MOST_BYTES, JsonText, NotCocoError, scan
from expand.layouts.labelled.files import read_text

COPY = re.compile(r"(?P<of>.+)_v[1-9]\d*", re.DOTALL)
"""The id of a copy of an image or annotation whose id is a text."""
IMAGES, ANNOTATIONS, CATEGORIES = "images", "annotations", "categories"


@dataclass(eq=False)
class CocoFile:
    """A COCO file of a dataset; images and annotations are known by their places in it."""

    path: str
    """Relative to the dataset, POSIX style."""
    json: JsonText
    ids: list[Id]
    """The id of each image."""
    names: list[str]
    """The file name of each image, as the file has it."""
    sizes: list[tuple[int, int] | None]
    """The width and height that it says each image has."""
    owners: NDArray[np.int64]
    """The image of each annotation; −1: none that it has."""
    order: NDArray[np.int64]
    """The annotations, sorted by image; those of no image come first."""
    begins: NDArray[np.int64]
    """Where the annotations of each image begin in `order`, and where the last ones end."""
    last_id: Id | None
    """The highest id of an annotation, or any if they are texts; None if they have none."""
    kinds: frozenset[str]
    """What its annotations have: boxes, polygons, rle, keypoints, captions."""
    shared: frozenset[Id]
    """Ids that belong to several images of different names."""
    pngs: list[str]
    """The PNG of each annotation, if they are panoptic ones; else empty."""
    folder: str = ""
    """Where its file names begin, relative to the dataset: "" or "train2017/"."""
    png_folder: str = ""
    """The same for its PNG files."""
    notes: list[str] = field(default_factory=list)

    @property
    def text_ids(self) -> bool:
        """Whether its images are known by texts, not numbers."""
        return bool(self.ids) and isinstance(self.ids[0], str)

    @property
    def categories(self) -> list[dict[str, Any]]:
        """Its categories, as it has them."""
        given = self.json.values.get(CATEGORIES)
        return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []

    def annotations_of(self, image: int) -> list[int]:
        """Return the annotations of an image, in the order of the file."""
        places: list[int] = self.order[self.begins[image] : self.begins[image + 1]].tolist()
        return places


def read_coco(root: Path, path: str) -> CocoFile:
    """Read a COCO file; raise ExpandError, with file and line, if it is malformed.

    Raise NotCocoError if it is another JSON file.
    """
    reader = EntryReader()
    text = read_text(root, path, MOST_BYTES)
    json = scan(path, text, {IMAGES: reader.image, ANNOTATIONS: reader.annotation})
    if IMAGES not in json.lists:
        raise NotCocoError(f'"{path}" is not a COCO file: it has no list "images"')
    if ANNOTATIONS in json.values:
        raise NotCocoError(f'"{path}" is not a COCO file: its "annotations" are not a list')
    _check_ids(path, "images", reader.ids)
    _check_ids(path, "annotations", reader.annotation_ids)
    index = _index(reader.ids)
    owners = np.array([index.get(each, -1) for each in reader.of], np.int64)
    order = np.argsort(owners, kind="stable")
    begins = np.searchsorted(owners[order], np.arange(len(reader.ids) + 1))
    if reader.pngs and len(reader.pngs) < len(reader.of):
        raise ExpandError(f'"{path}": some annotations are panoptic, and some are not')
    coco = CocoFile(
        path, json, reader.ids, reader.names, reader.sizes, owners, order, begins,
        _last(reader.annotation_ids), frozenset(reader.kinds), _shared(reader), reader.pngs,
    )  # fmt: skip
    coco.notes += [*_notes(path, reader, owners), *_category_notes(coco, reader.categories)]
    return coco


def _check_ids(path: str, what: str, ids: list[Id]) -> None:
    if len({isinstance(each, str) for each in ids}) > 1:
        raise ExpandError(f'"{path}": some ids of {what} are numbers and some are texts')
    known = set(ids)
    for each in ids:
        if isinstance(each, str) and (copy := COPY.fullmatch(each)) and copy["of"] in known:
            raise ExpandError(
                f'"{path}": among ids of {what} are "{copy["of"]}" and "{each}", which is what a '
                "copy of the first would be called; rename one of them"
            )


def _index(ids: list[Id]) -> dict[Id, int]:
    index: dict[Id, int] = {}
    for place, each in enumerate(ids):
        index.setdefault(each, place)
    return index


def _last(ids: list[Id]) -> Id | None:
    if not ids or isinstance(ids[0], str):
        return ids[0] if ids else None
    return max(ids)


def _shared(reader: EntryReader) -> frozenset[Id]:
    """Return the ids that several images have: it is unknown which of them annotations are of."""
    if len(set(reader.ids)) == len(reader.ids):
        return frozenset()
    return frozenset(each for each, count in Counter(reader.ids).items() if count > 1)


def _notes(path: str, reader: EntryReader, owners: NDArray[np.int64]) -> list[str]:
    notes = []
    lost = np.flatnonzero(owners < 0).tolist()
    if lost and len(lost) == len(owners):
        raise ExpandError(
            f'"{path}": no annotation is of one of its images; image_id is, for example, '
            f"{shown(reader.of[0])}, and the id of an image {shown(next(iter(reader.ids), None))}"
        )
    if lost:
        of = "1 annotation is" if len(lost) == 1 else f"{len(lost):,} annotations are"
        notes.append(f'"{path}": {of} of an image that it does not have (id {reader.of[lost[0]]})')
    if again := _repeated(reader.annotation_ids):
        notes.append(f'"{path}": {again} in several annotations')
    if again := _repeated(reader.names):
        notes.append(f'"{path}": {again} as file_name of several images')
    return notes


def _category_notes(coco: CocoFile, used: set[Id]) -> list[str]:
    """Say which categories annotations have and the file does not, and which it has twice."""
    notes, ids = [], [each.get("id") for each in coco.categories]
    if unknown := sorted(
        used.difference(each for each in ids if isinstance(each, int | str)), key=str
    ):
        more = f" and {len(unknown) - 1:,} more" if len(unknown) > 1 else ""
        notes.append(
            f'"{coco.path}": annotations are of a category that it does not have '
            f"(id {unknown[0]}{more})"
        )
    if again := _repeated([each for each in ids if isinstance(each, int | str)]):
        notes.append(f'"{coco.path}": {again} the id of several categories')
    return notes


def _repeated(values: list[Any]) -> str:
    if len(set(values)) == len(values):
        return ""
    again = [value for value, count in Counter(values).items() if count > 1]
    first = shown(again[0]) if isinstance(again[0], int) else f'"{again[0]}"'
    return f"{first} is" if len(again) == 1 else f"{first} and {len(again) - 1:,} others are"
