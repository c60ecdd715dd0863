"""Images paired with labels: in two folders side by side, or in one folder by their names."""

from __future__ import annotations

import os
from collections.abc import Iterator

from expand.errors import ExpandError
from expand.layouts.directory import Directory, read_directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import (
    IMAGES,
    LABELS,
    MARKS,
    Role,
    is_plain,
    pair_key,
    part_of,
    role_of,
    words,
)

PEEKED, LEVELS = 1000, 3
"""Entries of a folder, and levels of folders in it, that are read to compare names."""
LABEL_FILES = {".txt": Kind.YOLO, ".xml": Kind.VOC, ".json": Kind.ANNOTATED}
OTHER_LABELS = (".mat", ".npy", ".npz", ".csv", ".geojson", ".gif")
LABEL_SUFFIXES = (*LABEL_FILES, *OTHER_LABELS)
STARTS = ("annot", "gt", "label", "mask", "matte", "seg", "trimap", "truth")
"""What every word for labels in the name of a file holds."""


def find_paired_folders(directory: Directory) -> Layout | None:
    """Return the layout of a directory with a folder of images and one of their labels.

    Their names alone are enough where every folder is one of these or a part of a split; else the
    files in them must have the same names, or the labels be no images.
    """
    roles = {name: role_of(name) for name in directory.folders}
    labels = [name for name, role in roles.items() if role.kind == "labels"]
    if not labels:
        return None
    plain = all(is_plain(role) or part_of(name) for name, role in roles.items())
    for label in labels:
        for image in _partners(roles, label, plain):
            if plain or _match(directory, image, label, list(roles)):
                return _paired(directory, image, label)
        if layout := _labels_of_images(directory, label, roles):
            return layout
    return None


def find_masks(directory: Directory, names: tuple[str, ...]) -> Layout | None:
    """Return the layout of a directory in which an image has its mask beside it.

    Their names differ in one word, such as "mask". That must not be in the name of a folder that
    leads to the directory: then it is what the images show. `names` are those folders.
    """
    marks = MARKS - {word for name in names for word in words(name)}
    files = _with_marks(directory.images)
    files += [name for name in directory.others if name.lower().endswith(OTHER_LABELS)]
    masks = [name for name in files if marks & set(words(_stem(name)))]
    if not masks:
        return None
    marked = set(masks)
    plain = {pair_key(_stem(name), IMAGES): name for name in directory.images if name not in marked}
    for mask in masks:
        for key in _keys(mask, marks):
            if key in plain:
                return Layout(Kind.MASKS, (plain[key], mask))
    return None


def _with_marks(names: list[str]) -> list[str]:
    """Return the names that hold a word for labels; quickly, as there are none in most folders."""
    together = "\n".join(names).lower()
    if not any(start in together for start in STARTS):
        return []
    return [name for name in names if any(start in name.lower() for start in STARTS)]


def _keys(mask: str, marks: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """Yield the words that the image of a mask may have: without the mark, or those before it."""
    named = words(_stem(mask))
    first = next(index for index, word in enumerate(named) if word in marks)
    dropped = frozenset(marks | IMAGES)
    yield tuple(word for word in named if word not in dropped)
    if first:
        yield tuple(word for word in named[:first] if word not in IMAGES)


def _partners(roles: dict[str, Role], label: str, plain: bool) -> Iterator[str]:
    """Yield the folders whose images a folder of labels may belong to."""
    rest = roles[label].rest
    for name, role in roles.items():
        images = role.kind == "images" and (role.rest == rest or plain)
        if images or (not role.kind and role.rest == rest and rest):
            yield name


def _match(directory: Directory, image: str, label: str, folders: list[str]) -> bool:
    """Tell whether labels are no images, or half of them have the names of images.

    Names that other folders have as well, such as 1, 2, 3, tell nothing.
    """
    labels = _names(directory, label)
    if not labels:
        return False
    if not any(is_image for is_image in labels.values()):
        return True
    if not _share(labels, _names(directory, image)):
        return False
    others = [name for name in folders if name not in (image, label)]
    return not any(_share(labels, _names(directory, name)) for name in others[:2])


def _labels_of_images(directory: Directory, label: str, roles: dict[str, Role]) -> Layout | None:
    """Return the layout of images, here or in folders beside, whose labels are in one folder."""
    if not is_plain(roles[label]):
        return None
    labels = _names(directory, label)
    if not labels:
        return None
    if directory.images and _share(labels, _keyed(directory)):
        return _paired(directory, directory.images[0], label)
    if any(labels.values()):
        return None
    others = [name for name in roles if name != label][:8]
    image = next((name for name in others if _share(labels, _names(directory, name))), None)
    return _paired(directory, image, label) if image else None


def _paired(directory: Directory, image: str, label: str) -> Layout:
    """Return the layout of two folders, told by the files that hold the labels."""
    suffixes = {split_suffix(name)[1].lower() for name in _files(directory, label)}
    kinds = [kind for suffix, kind in LABEL_FILES.items() if suffix in suffixes]
    if kinds == [Kind.ANNOTATED] and any("instances" in name for name in _files(directory, label)):
        kinds = [Kind.COCO]
    shown = tuple(f"{name}/" if name in directory.folders else name for name in (image, label))
    return Layout(kinds[0] if kinds else Kind.MASKS, shown)


def _share(labels: dict[tuple[str, ...], bool], images: dict[tuple[str, ...], bool]) -> bool:
    """Tell whether at least half of the labels have the name of an image."""
    return 2 * len(labels.keys() & images.keys()) >= len(labels) > 0 and any(images.values())


def _names(directory: Directory, folder: str) -> dict[tuple[str, ...], bool]:
    """Return the keys of the files in a folder, and whether each is an image."""
    names: dict[tuple[str, ...], bool] = {}
    for inner in _descend(directory, folder):
        names |= _keyed(inner)
    return names


def _keyed(directory: Directory) -> dict[tuple[str, ...], bool]:
    dropped = frozenset(LABELS | IMAGES)
    others = [name for name in directory.others if name.lower().endswith(LABEL_SUFFIXES)]
    files = [*others, *directory.images]
    images = set(directory.images)
    return {pair_key(_stem(name), dropped) or (_stem(name),): name in images for name in files}


def _files(directory: Directory, folder: str) -> list[str]:
    return [name for inner in _descend(directory, folder) for name in inner.others]


def _descend(directory: Directory, folder: str) -> Iterator[Directory]:
    """Yield a folder and the first folder in each, a few levels down."""
    path = os.path.join(directory.path, folder)
    for _ in range(LEVELS):
        try:
            inner = read_directory(path, PEEKED)
        except ExpandError:
            return
        yield inner
        if not inner.folders:
            return
        path = os.path.join(path, inner.folders[0])


def _stem(name: str) -> str:
    return name.rpartition(".")[0]
