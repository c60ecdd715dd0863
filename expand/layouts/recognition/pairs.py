"""Images paired with labels: in two folders side by side, or in a folder of labels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import Directory, read_directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.names import split_suffix
from expand.layouts.recognition.evidence import FILES, is_yolo_text, peek
from expand.layouts.recognition.masks import OTHER_MASKS, is_coloured, is_scene
from expand.layouts.recognition.unread.forms import advise, advise_text
from expand.layouts.recognition.words import (
    IMAGES,
    LABELS,
    Role,
    is_plain,
    pair_key,
    part_of,
    role_of,
)

PEEKED, LEVELS = 1000, 3
"""Entries of a folder, and levels of folders in it, that are read to compare names."""
PEEK = 4096
LABEL_FILES = {".txt": Kind.YOLO, ".xml": Kind.VOC, ".json": Kind.ANNOTATED}
LABEL_SUFFIXES = (*LABEL_FILES, *OTHER_MASKS)
SEVERAL = (
    "These are several pictures of the same things, which would have to move together: "
    "that is not supported. To grow one with its masks, move the others out of the folder"
)
"""What to do with folders that hold several pictures of the same things."""


def find_paired_folders(directory: Directory) -> Layout | None:
    """Return the layout of a directory with a folder of images and one of their labels.

    Their names alone are enough where every folder is one of these or a part of a split; else the
    files in them must have the same names, or the labels be no images.
    """
    roles = {name: role_of(name) for name in directory.folders}
    labels = [name for name, role in roles.items() if role.kind == "labels"]
    if not labels:
        return _labels_below(directory, roles)
    plain = all(is_plain(role) or part_of(name) for name, role in roles.items())
    unread = None
    for label in labels:
        layout = _find_partner(directory, label, roles, plain=plain)
        if layout and not _is_unread(directory, label, layout):
            return layout
        unread = unread or layout
    return unread


def _find_partner(
    directory: Directory, label: str, roles: dict[str, Role], *, plain: bool
) -> Layout | None:
    """Return the layout of a folder of labels and the images that they belong to."""
    for image in _partners(roles, label, plain):
        if plain or _match(directory, image, label, list(roles)):
            return _paired(directory, image, label)
    two = len(roles) == 2 and is_plain(roles[label])
    for image in _called(roles):
        if _match(directory, image, label, list(roles)) and (two or _show(directory, image, label)):
            return _paired(directory, image, label)
    return _labels_of_images(directory, label, roles) or _several(directory, label, roles)


def _is_unread(directory: Directory, label: str, layout: Layout) -> bool:
    """Tell whether labels are in no form that is read: other folders of labels come first."""
    if layout.kind is not Kind.YOLO:
        return layout.kind is Kind.ANNOTATED
    texts = [
        os.path.join(inner.path, name)
        for inner in _descend(directory, label)
        for name in inner.others
        if name.lower().endswith(".txt")
    ]
    return bool(texts) and not any(map(is_yolo_text, texts[:FILES]))


def _several(directory: Directory, label: str, roles: dict[str, Role]) -> Layout | None:
    """Return the layout of several folders with pictures of the same things, and one of labels.

    Two images and what has changed between them, or colours, depths and normals. They have the same
    names, and the labels have few colours, or none beside coloured images.
    """
    labels = _names(directory, label)
    others = [name for name in roles if name != label and not part_of(name)][:8]
    if not is_plain(roles[label]) or len(others) < 2 or not any(labels.values()):
        return None
    if not all(_share(labels, _names(directory, name)) for name in others):
        return None
    if not _show(directory, others[-1], label, grey=True):
        return None
    shown = tuple(f"{name}/" for name in (*others[:2], label))
    return Layout(Kind.COUNTERPARTS, shown, advice=SEVERAL)


def _partners(roles: dict[str, Role], label: str, plain: bool) -> Iterator[str]:
    """Yield the folders whose images a folder of labels may belong to."""
    rest = roles[label].rest
    for name, role in roles.items():
        images = role.kind == "images" and (role.rest == rest or plain)
        if images or (not role.kind and role.rest == rest and rest):
            yield name


def _labels_below(directory: Directory, roles: dict[str, Role]) -> Layout | None:
    """Return the layout of a folder called "images" whose labels lie one folder further down.

    Mapillary Vistas has `images` and `v2.0/labels`.
    """
    for image in (name for name, role in roles.items() if role.kind == "images" and is_plain(role)):
        images = _names(directory, image)
        for other in [name for name in roles if name != image][:8]:
            for name in _label_folders(directory, other) if images else ():
                label = f"{other}/{name}"
                if _share(_names(directory, label), images):
                    found = _paired(directory, image, label)
                    return replace(found, evidence=(f"{image}/", f"{label}/"))
    return None


def _label_folders(directory: Directory, folder: str) -> list[str]:
    """Return the folders in a folder that are called labels, and nothing else."""
    try:
        inner = read_directory(os.path.join(directory.path, folder), PEEKED)
    except ExpandError:
        return []
    roles = ((name, role_of(name)) for name in inner.folders)
    return [name for name, role in roles if role.kind == "labels" and is_plain(role)]


def _called(roles: dict[str, Role]) -> Iterator[str]:
    """Yield the folders that are called so if they hold images, among other words."""
    return (name for name, role in roles.items() if role.kind == "images")


def _match(directory: Directory, image: str, label: str, folders: list[str]) -> bool:
    """Tell whether labels are not images, or half of them have the names of images.

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
    """Return the layout of images, here or in folders beside, whose labels are in one folder.

    Labels that are images have few colours, or are in folders called as the parts of the images.
    """
    if not is_plain(roles[label]):
        return None
    labels = _names(directory, label)
    if not labels:
        return None
    if directory.images and _share(labels, _keyed(directory)):
        return _paired(directory, directory.images[0], label)
    others = [name for name in roles if name != label][:8]
    images = [name for name in others if _share(labels, _names(directory, name))]
    parts = bool(images) and all(map(part_of, images))
    same = parts and Path(directory.path, label, images[0]).is_dir()
    shown = same or ((parts or len(images) == 1) and _show(directory, images[0], label))
    if any(labels.values()) and not shown:
        return None
    return _paired(directory, images[0], label) if images else None


def _show(directory: Directory, image: str, label: str, *, grey: bool = False) -> bool:
    """Tell whether images are scenes and their labels, which are images too, have few colours.

    With `grey`, labels without colours count too, if the images have some.
    """
    paths = [
        os.path.join(inner.path, inner.images[0])
        for name in (image, label)
        for inner in list(_descend(directory, name))[-1:]
        if inner.images
    ]
    shown = [is_scene(path) for path in paths]
    if grey and shown == [True, True]:
        return [is_coloured(path) for path in paths] == [True, False]
    return shown == [True, False]


def _paired(directory: Directory, image: str, label: str) -> Layout:
    """Return the layout of two folders, told by the files that hold the labels.

    Where most of these are images, others say the same again, or list names.
    """
    shown = tuple(f"{name}/" if name in directory.folders else name for name in (image, label))
    inner = list(_descend(directory, label))
    others = [
        os.path.join(each.path, name)
        for each in inner
        for name in each.others
        if name.endswith((*LABEL_FILES,))
    ]
    if sum(len(each.images) for each in inner) >= max(1, len(others)):
        return Layout(Kind.MASKS, shown)
    suffixes = {split_suffix(name)[1].lower() for name in _files(directory, label)}
    kinds = [kind for suffix, kind in LABEL_FILES.items() if suffix in suffixes]
    if kinds == [Kind.ANNOTATED] and any("instances" in name for name in _files(directory, label)):
        kinds = [Kind.COCO]
    kind = kinds[0] if kinds else Kind.MASKS
    advice = _advise(kind, others)
    return Layout(Kind.ANNOTATED if advice else kind, shown, advice=advice)


def _advise(kind: Kind, labels: list[str]) -> str:
    """Return what to do with files of labels that are not read; "" if they are."""
    if kind is Kind.ANNOTATED:
        return advise(peek(next(path for path in labels if path.endswith(".json"))))
    texts = [path for path in labels if path.endswith(".txt")] if kind is Kind.YOLO else []
    found = (advise_text(peek(path, PEEK)) for path in texts[:FILES] if not is_yolo_text(path))
    return next(filter(None, found), "")


def holds_label_images(directory: Directory, folder: str) -> bool:
    """Tell whether a folder of labels holds images, or masks in GIF."""
    return any(
        inner.images or any(name.lower().endswith(".gif") for name in inner.others)
        for inner in _descend(directory, folder)
    )


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
