"""Other readings of a dataset whose labels cannot be read: its class folders, for example."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import Directory, read_directory
from expand.layouts.recognition.splits import find_parts, look_into
from expand.layouts.recognition.words import is_extra, part_of, role_of

DEPTH, DIRECTORIES, TRIED = 3, 64, 4
"""How deep class folders are looked for, in how many directories, and in how many folders each."""


def describe_alternatives(root: Path) -> str:
    """Return how to grow the class folders in a folder, and nothing else; "" if it has none."""
    try:
        for path, directory in _directories(root):
            found = find_parts(directory, alone=True)
            where = shlex.quote(str(path))
            if found and found.training and _hold_images(directory, found.training):
                command = "--as split-folders" if path == root else f"expand {where} OUT"
                return (
                    f"To grow the class folders in its training part instead, and leave all other "
                    f"files as they are: {command}"
                )
            if _are_classes(directory):
                command = "--as folders" if path == root else f"expand {where} OUT"
                return f"To grow its class folders instead, without other files: {command}"
    except ExpandError:
        pass
    return ""


def _directories(root: Path) -> Iterator[tuple[Path, Directory]]:
    level, left = [root], DIRECTORIES
    for _ in range(DEPTH + 1):
        below: list[Path] = []
        for path in level[:left]:
            left -= 1
            directory = read_directory(str(path))
            yield path, directory
            below += [path / name for name in directory.folders]
        level = below


def _hold_images(directory: Directory, part: str) -> bool:
    """Tell whether a part has a folder with images."""
    inner = look_into(directory, part)
    return inner is not None and any(
        _has_image(os.path.join(inner.path, name))
        for name in inner.folders[:TRIED]
        if not role_of(name).kind
    )


def _has_image(path: str) -> bool:
    """Tell whether images lie in a folder, or in the first one in it."""
    directory = read_directory(path)
    first = directory.folders[:1] if not directory.images else ()
    return bool(directory.images) or any(
        read_directory(os.path.join(path, name)).images for name in first
    )


def _are_classes(directory: Directory) -> bool:
    """Tell whether two folders of a directory or more can be classes, and most of them are."""
    folders = directory.folders
    if any(part_of(name) or role_of(name).kind for name in folders):
        return False
    classes = [name for name in folders if not is_extra(name) and _holds_images(directory, name)]
    return len(classes) > max(1, len(folders) // 2)


def _holds_images(directory: Directory, name: str) -> bool:
    inner = look_into(directory, name)
    return inner is not None and bool(inner.images)
