"""Parts of a split that only lists tell: "train.txt" and "val.txt", or a column of a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.labelled.files import read_file
from expand.layouts.labelled.masks.derived.lists import LARGEST, SUFFIXES, ImageList, read_list
from expand.layouts.labelled.masks.derived.names import Names
from expand.layouts.labelled.masks.files import File, Pairing
from expand.layouts.labelled.masks.parts import TRAIN, Parts
from expand.layouts.labelled.masks.places import part_said
from expand.layouts.labelled.splits.lists import images_in
from expand.layouts.labelled.tables.columns.vocabulary import PARTS
from expand.layouts.spooled.lists import Texts
from expand.layouts.spooled.sets import TextSet


def read_parts(
    root: Path, images: Iterable[File], others: Iterable[File], pairing: Pairing
) -> Parts:
    """Return the parts that lists tell; no parts if none does.

    Of "train.txt" and "trainval.txt", the shorter name counts. The images that no list names are in
    no part.
    """
    lists = [file for file in others if file.suffix.lower() in SUFFIXES]
    if not lists:
        return Parts({})
    masks = TextSet(mask.path for _, masks in pairing.items() for mask in masks)
    names = Names.of(
        (file.path, pairing.masks(file.path)) for file in images if file.path not in masks
    )
    shown, listed = dict[str, str](), defaultdict[str, TextSet](TextSet)
    for file in sorted(lists, key=lambda file: (len(file.stem), file.path)):
        found = read_list(root, file.path, names)
        parts = _parts_in(file, found) if found else _folders_in(root, file, names)
        for name, paths in parts.items():
            if shown.setdefault(part_said(name), name) == name:
                listed[part_said(name)].update(paths)
    if TRAIN not in listed:
        return Parts({})
    if len(listed) == 1 and all(image in listed[TRAIN] for image, _ in pairing.items()):
        return Parts({})
    return Parts(shown, listed=listed)


def _folders_in(root: Path, file: File, names: Names) -> dict[str, Texts]:
    """Return the images of the part that a list is called after, if its lines are their folders."""
    if not _is_part(file):
        return {}
    try:
        lines = read_file(root, file.path, LARGEST).decode().split("\n")
    except (ExpandError, UnicodeDecodeError):
        return {}
    folders = {line.strip().strip("/") for line in lines if line.strip()}
    found, images = set[str](), Texts()
    for folder, image in images_in(folders, names.images()):
        found.add(folder)
        images.append(image)
    return {file.stem: images} if found == folders else {}


def _is_part(file: File) -> bool:
    return bool(part_said(file.stem)) and file.suffix.lower() in (".txt", ".lst")


def _parts_in(file: File, found: ImageList) -> dict[str, Texts]:
    """Return the images of the part that a list is called after, or of those in its column."""
    if part_said(file.stem):
        return {file.stem: Texts(filter(None, found.images))}
    parts = defaultdict[str, Texts](Texts)
    for image, cell in found.column(PARTS):
        parts[cell].append(image)
    return parts if all(part_said(name) for name in parts) else {}
