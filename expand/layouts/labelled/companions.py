"""Companions: label files of images in another form than the one that a dataset is read in.

A folder can have YOLO text files and masks for the same images. Only one form is read; the copies
would silently have no labels in the other one.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError
from expand.images.formats import SUFFIXES
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.listing import spread_out
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import part_of, role_of

TRIED = 128
"""Images whose companions are looked for."""
READINGS = {".txt": "yolo", ".xml": "voc", ".json": ""}
"""Suffixes of files with labels of one image, and how --as reads them."""
WITH_MASKS = ("coco", "masks", "voc")
"""Layouts that can have other masks too, such as coloured ones; their notes say so."""


class _Image(NamedTuple):
    id: str
    parts: frozenset[str]


def check_companions(root: Path, dataset: Dataset) -> None:
    """Refuse a dataset if half of its images have other labels that no copy would get."""
    tried = {
        _stem(source.id): _Image(source.id, _parts_of(source.id))
        for source in spread_out(dataset.listing, TRIED)
    }
    found: dict[str, tuple[str, str]] = {}
    for source in dataset.listing.files() if dataset.listing.summary.kept else ():
        image = tried.get(_stem(source.id)) if source.kept else None
        if image and _parts_of(source.id) <= image.parts:
            reading = _reading_of(source.id, dataset.layout)
            if reading is not None:
                found.setdefault(image.id, (source.id, reading))
    if not found or 2 * len(found) < len(tried):
        return
    image_id, (other, reading) = next(iter(found.items()))
    readings = " or ".join(f"--as {each}" for each in (dataset.layout, reading) if each)
    raise ExpandError(
        f'"{root}" looks like {dataset.title}; but its images have other labels too ("{image_id}" '
        f'has "{other}"), which copies do not get. Move them out of the folder, or say which '
        f"labels are to grow: {readings}"
    )


def _stem(path: str) -> str:
    return split_suffix(path.rpartition("/")[2])[0]


def _parts_of(path: str) -> frozenset[str]:
    """Return the parts of a split that the folders of a path are named after."""
    roles = (part_of(name) for name in path.split("/")[:-1])
    return frozenset(role.kind for role in roles if role)


def _reading_of(path: str, layout: str) -> str | None:
    """Return how --as reads a file if it is called as labels of one image; "": it does not.

    None for any other file, such as one of the form that is read: that belongs to another part.
    """
    suffix = split_suffix(path)[1].lower()
    if suffix in READINGS:
        return None if READINGS[suffix] == layout.partition("-")[0] else READINGS[suffix]
    masks = (
        layout not in WITH_MASKS
        and suffix in SUFFIXES
        and any(role_of(name).kind == "labels" for name in path.split("/")[:-1])
    )
    return "masks" if masks else None
