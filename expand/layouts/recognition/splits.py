"""Datasets in parts: folders whose names are training, validation and test, or numbered parts."""

from __future__ import annotations

import os
import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import Directory, read_directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.recognition.words import (
    PART_OF,
    WORD,
    is_extra,
    is_fold,
    is_numbered,
    part_of,
    words,
)

PEEKED = 200
"""Entries of a folder that are read to see whether it holds class folders."""
Parts = dict[str, list[str]]
"""The folders of each part of a split: training, validation, test."""


def find_parts(directory: Directory, *, alone: bool) -> Layout | None:
    """Return the layout of a directory whose folders are parts of a split, folds, or numbered.

    `alone` says that each folder above it holds nothing but the next one.
    """
    folders = directory.folders
    if len(folders) > 1 and all(is_fold(name) for name in folders):
        return Layout(Kind.FOLDS, tuple(folders[:3]))
    if _are_numbered(folders):
        return Layout(Kind.NUMBERED, tuple(f"{name}/" for name in folders[:3]))
    groups: dict[tuple[str, ...], Parts] = defaultdict(lambda: defaultdict(list))
    for name in folders:
        if role := part_of(name):
            groups[role.rest][role.kind].append(name)
    for rest, parts in groups.items():
        if _is_split(directory, parts, plain=not rest, alone=alone):
            return _split(directory, parts)
    whole = groups.get((), {})
    mixed = {kind: names for parts in groups.values() for kind, names in parts.items()} | whole
    if whole and len(mixed) > 1 and _share_folders(directory, [each[0] for each in mixed.values()]):
        return _split(directory, mixed)
    return None


def find_named_parts(directory: Directory, names: tuple[str, ...]) -> Layout | None:
    """Return the layout of a directory whose images all have the part of a split in their names.

    The part is the first word, as in "train_1.png" and "test_1.png", and one is for training.
    `names` are the folders that lead to the directory.
    """
    images = directory.images
    if not images or _first_part(images[0]) in ("", _first_part(images[-1])):
        return None  # images are sorted, so that the first and the last one tell
    parts = dict[str, tuple[str, str]]()
    for name in images:
        if not (part := _first_part(name)):
            return None
        parts.setdefault(part, (name, next(iter(WORD.findall(name)))))
    if "train" not in parts or len(parts) < 2:
        return None
    root = Path(directory.path).parents[len(names) - 1] if names else Path(directory.path)
    above = '$(dirname "$f")/' if names else ""
    found = f"{'*/' * len(names)}$p[!a-zA-Z]*"
    command = (
        f"cd {shlex.quote(str(root))} && for p in {' '.join(word for _, word in parts.values())}; "
        f'do for f in {found}; do mkdir -p "$p/{above}" && mv "$f" "$p/{above}"; done; done'
    )
    advice = f"To grow the training part only, move each part into a folder: {command}"
    return Layout(Kind.NAMED_PARTS, tuple(name for name, _ in parts.values()), advice=advice)


def _first_part(name: str) -> str:
    """Return the part of a split that the first word of a name stands for; "" for none."""
    return PART_OF.get(next(iter(WORD.findall(name)), "").lower(), "")


def _are_numbered(folders: Sequence[str]) -> bool:
    """Tell whether folders are the numbered parts of a folder of images: "images_1", "images_2"."""
    if len(folders) < 2 or not all(is_numbered(name) for name in folders):
        return False
    return len({tuple(each for each in words(name) if not each.isdigit()) for name in folders}) == 1


def _is_split(directory: Directory, parts: Parts, *, plain: bool, alone: bool) -> bool:
    """Tell whether folders are the parts of a split, and not classes with such names.

    A training part with another one is enough, unless as many other folders hold images, as they
    do. One part is enough where nothing else holds images. Parts have the same class folders.
    """
    named = [name for names in parts.values() for name in names]
    others = _with_images(directory, named)
    if "train" in parts and len(parts) > 1:
        return len(list(islice(others, len(named)))) < len(named) or _hold_classes(directory, named)
    if not plain or next(others, None):
        return False
    if len(parts) > 1:
        return True
    one = len(named) == 1 or "train" in parts or _share_folders(directory, named)
    return one and alone and not directory.images


def _split(directory: Directory, parts: Parts) -> Layout:
    """Return the layout of a split, with the parts to expand and to test on."""
    first = {part: names[0] for part, names in parts.items()}
    tested = next((first[part] for part in ("test", "validation") if part in first), "")
    return Layout(
        Kind.SPLIT,
        tuple(f"{name}/" for name in first.values()),
        first.get("train", ""),
        tested if tested and holds_folders(directory, tested) else "",
    )


def _with_images(directory: Directory, parts: Sequence[str]) -> Iterator[str]:
    """Yield the folders beside parts that may be classes: they hold images or folders."""
    for name in directory.folders:
        known = name in parts or part_of(name) or is_extra(name)
        if not known and holds_images(directory, name):
            yield name


def _hold_classes(directory: Directory, parts: Sequence[str]) -> bool:
    """Tell whether a part holds class folders: folders, and no images beside them."""
    inner = (look_into(directory, name) for name in parts)
    return any(each.folders and not each.images for each in inner if each)


def _share_folders(directory: Directory, names: Sequence[str]) -> bool:
    """Tell whether two of some folders hold folders of one name, as parts with the same classes."""
    seen = set[str]()
    for inner in filter(None, (look_into(directory, name) for name in names)):
        if seen & set(inner.folders):
            return True
        seen.update(inner.folders)
    return False


def holds_images(directory: Directory, name: str) -> bool:
    """Tell whether a folder of a directory has images or folders."""
    inner = look_into(directory, name)
    return bool(inner and (inner.images or inner.folders))


def holds_folders(directory: Directory, name: str) -> bool:
    """Tell whether a folder of a directory has folders."""
    inner = look_into(directory, name)
    return bool(inner and inner.folders)


def look_into(directory: Directory, name: str) -> Directory | None:
    """Return the first entries of a folder of a directory; None if it cannot be read."""
    try:
        return read_directory(os.path.join(directory.path, name), PEEKED)
    except ExpandError:
        return None
