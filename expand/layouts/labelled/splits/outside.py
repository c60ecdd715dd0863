"""Labels outside the folder that is expanded: copies of its images would get none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import read_directory
from expand.layouts.recognition.words import is_plain, role_of

TRIED = 20
"""Images whose label files are looked for."""
SUFFIXES = (".txt", ".xml", ".json", ".png")
JSON, TABLES = (".json",), (".csv", ".tsv")
FILES, LOOKED_AT = 8, 1 << 16
"""JSON files or tables of a folder that are looked into, and how many of their first bytes."""


def check_outside(root: Path) -> None:
    """Refuse a folder of images if a table, or a folder of labels, beside it labels these images.

    Raise ExpandError with both, and with the folder that holds them.
    """
    images = list(islice(read_directory(str(root)).images, TRIED))
    real = Path(os.path.realpath(root))
    places = [(real.parent, _find_naming(real.parent, images, TABLES))]
    places += [(folder, _find_labels(folder, images)) for folder in _label_folders(real)]
    for folder, found in places:
        if found:
            both = os.path.commonpath([real, folder])
            raise ExpandError(
                f'"{root}" has images only, and their labels lie outside it: "{folder}" has '
                f'"{found}". Give the folder that holds both, "{both}", or expand the images '
                "without labels: --as flat"
            )


def _label_folders(root: Path) -> Iterator[Path]:
    """Yield folders of labels beside a folder of images, or beside the one that holds its parts.

    For `images/train` these are `images/labels`, `labels/train` and `labels`.
    """
    for folder in _folders(root.parent):
        if _holds(folder, "labels") and folder != root:
            yield folder
    if _holds(root.parent, "images"):
        for folder in _folders(root.parent.parent):
            if _holds(folder, "labels"):
                yield from (folder / root.name, folder)


def _holds(folder: Path, kind: str) -> bool:
    """Tell whether the name of a folder says that it holds images or labels, and nothing else."""
    role = role_of(folder.name)
    return role.kind == kind and is_plain(role)


def _folders(above: Path) -> list[Path]:
    try:
        return [above / name for name in read_directory(str(above)).folders]
    except ExpandError:
        return []  # what may not be read there is not part of the input


def _find_labels(folder: Path, images: list[str]) -> str:
    """Return the label file of one of some images in a folder, or a JSON file that names one."""
    for image in images:
        stem = Path(image).stem
        for suffix in SUFFIXES:
            if (folder / f"{stem}{suffix}").is_file():
                return f"{stem}{suffix}"
    return _find_naming(folder, images, JSON)


def _find_naming(folder: Path, images: list[str], suffixes: tuple[str, ...]) -> str:
    """Return a file of a folder whose beginning names one of some images; "" if none does."""
    names = b"|".join(re.escape(os.fsencode(image)) for image in images)
    naming = re.compile(rb"(?:^|[\s,;\"'/\\])(?:" + names + rb")(?:$|[\s,;\"'])")
    try:
        others = read_directory(str(folder)).others
        for name in islice((each for each in others if each.endswith(suffixes)), FILES):
            with open(folder / name, "rb") as file:
                if naming.search(file.read(LOOKED_AT)):
                    return name
    except (ExpandError, OSError):
        return ""
    return ""
