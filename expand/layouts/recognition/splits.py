"""Datasets in parts: folders whose names are training, validation and test, or numbered folds."""

from __future__ import annotations

import os
from collections import defaultdict

from expand.errors import ExpandError
from expand.layouts.directory import Directory, read_directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.recognition.words import is_fold, is_wrapper, part_of

PEEKED = 200
"""Entries of a folder that are read to see whether it holds class folders."""


def find_parts(directory: Directory, *, alone: bool) -> Layout | None:
    """Return the layout of a directory whose folders are parts of a split, or folds.

    One part is enough where it is the only folder; else a training part with another one.
    """
    folders = directory.folders
    if len(folders) > 1 and all(is_fold(name) for name in folders):
        return Layout(Kind.FOLDS, tuple(folders[:3]))
    groups: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for name in folders:
        if role := part_of(name):
            groups[role.rest].setdefault(role.kind, name)
    for rest, parts in groups.items():
        count = sum(1 for name in folders if (role := part_of(name)) and role.rest == rest)
        only_parts = not rest and count == len(folders) - len(_without_images(directory, parts))
        if ("train" in parts and len(parts) > 1) or (
            only_parts and (len(parts) > 1 or (alone and not directory.images))
        ):
            return _split(directory, parts)
    return None


def find_wrapper(directory: Directory) -> Layout | None:
    """Return the layout of a directory whose only folder is no class but holds class folders."""
    if len(directory.folders) != 1 or directory.images:
        return None
    (name,) = directory.folders
    if is_wrapper(name) and holds_folders(directory, name):
        return Layout(Kind.WRAPPED, (f"{name}/",), training=name)
    return None


def _split(directory: Directory, parts: dict[str, str]) -> Layout:
    """Return the layout of a split, with the parts to expand and to test on."""
    tested = next((parts[part] for part in ("test", "validation") if part in parts), "")
    return Layout(
        Kind.SPLIT,
        tuple(f"{name}/" for name in parts.values()),
        parts.get("train", ""),
        tested if tested and holds_folders(directory, tested) else "",
    )


def _without_images(directory: Directory, parts: dict[str, str]) -> list[str]:
    """Return the folders beside parts that hold nothing to learn from, such as annotations."""
    others = [name for name in directory.folders if part_of(name) is None]
    if not parts or len(others) > 3:
        return []
    return [name for name in others if not _holds_images(directory, name)]


def _holds_images(directory: Directory, name: str) -> bool:
    inner = _read(directory, name)
    return bool(inner and (inner.images or inner.folders))


def holds_folders(directory: Directory, name: str) -> bool:
    """Tell whether a folder of a directory has folders."""
    inner = _read(directory, name)
    return bool(inner and inner.folders)


def _read(directory: Directory, name: str) -> Directory | None:
    try:
        return read_directory(os.path.join(directory.path, name), PEEKED)
    except ExpandError:
        return None
