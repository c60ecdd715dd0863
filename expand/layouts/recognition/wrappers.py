"""Class folders one level down: the folder that was given holds the dataset, not its classes."""

from __future__ import annotations

from itertools import islice

from expand.layouts.directory import Directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.recognition.splits import holds_folders, holds_images, look_into
from expand.layouts.recognition.words import is_version, is_wrapper

MOST = 8
"""The most folders beside a wrapper that are looked into."""


def find_wrapper(directory: Directory) -> Layout | None:
    """Return the layout of a directory whose class folders lie in one more folder.

    That folder is the only one with images below it, and holds folders, at least two of them with
    images; one is enough if its name is "images" or the like. Or there are several such folders,
    versions of the dataset, with the same classes.
    """
    folders = directory.folders
    several = len(folders) > 1 and not any(map(is_version, folders))
    if directory.images or several or len(folders) > MOST:
        return None
    held = [name for name in folders if holds_images(directory, name)]
    if len(held) == 1 and (is_wrapper(held[0]) or _holds_classes(directory, held[0])):
        found = held if holds_folders(directory, held[0]) else []
    elif len(held) > 1 and all(is_version(name) for name in held):
        found = held if _have_same_classes(directory, held) else []
    else:
        found = []
    if not found:
        return None
    return Layout(Kind.WRAPPED, tuple(f"{name}/" for name in found[:3]), training=found[0])


def _holds_classes(directory: Directory, name: str) -> bool:
    """Tell whether a folder holds two folders with images, and no images itself."""
    inner = look_into(directory, name)
    if inner is None or inner.images:
        return False
    return len(list(islice((each for each in inner.folders if holds_images(inner, each)), 2))) == 2


def _have_same_classes(directory: Directory, names: list[str]) -> bool:
    """Tell whether each of some folders holds two folders that all of them have."""
    inner = [look_into(directory, name) for name in names]
    common = set.intersection(*(set(each.folders) if each else set[str]() for each in inner))
    return len(common) > 1
