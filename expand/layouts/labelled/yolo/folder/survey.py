"""A survey of a folder: where images and text files lie, and which files describe the dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import IMAGE
from expand.layouts.labelled.yolo.folder.datafile import (
    DataFile,
    read_darknet,
    read_names,
    read_text,
    read_yaml,
)
from expand.layouts.walk import walk

MOST_FILES = 64
"""Files of a kind that are looked into."""
CLASS_FILES = ("classes.txt", "obj.names", "_darknet.labels")
USUAL = ("data", "dataset")
"""The usual names of a data.yaml."""


@dataclass
class Survey:
    """What lies where; folders are prefixes of paths: "" or "images/train/"."""

    images: list[str] = field(default_factory=list)
    """The folders with images, sorted."""
    texts: set[str] = field(default_factory=set)
    """The folders with text files."""
    yamls: list[str] = field(default_factory=list)
    darknet: list[str] = field(default_factory=list)
    class_files: list[str] = field(default_factory=list)


def survey(root: Path) -> Survey:
    """Walk through a folder once; nothing is opened."""
    found, folders = Survey(), set[str]()
    for frame, name, kind in walk(str(root), lambda _: None):
        if name is None:
            continue
        folder = frame.prefix
        if kind == IMAGE:
            folders.add(folder)
            continue
        lower = name.lower()
        if lower.endswith(".txt"):
            found.texts.add(folder)
        if lower.endswith((".yaml", ".yml")):
            found.yamls.append(folder + name)
        elif lower.endswith(".data"):
            found.darknet.append(folder + name)
        if lower in CLASS_FILES or lower.endswith(".names"):
            found.class_files.append(folder + name)
    found.images = sorted(folders)
    return found


def choose_data_file(root: Path, found: Survey) -> DataFile | None:
    """Return the data file of a dataset: the one nearest to its folder, with a usual name.

    Return None if it has none. Raise ExpandError if several disagree, or if it cannot be read.
    """
    files = _read_yamls(root, sorted(found.yamls, key=_order)[:MOST_FILES])
    with_parts = [each for each in files if each.parts]
    first = with_parts[0] if with_parts else None
    for other in with_parts[1:]:
        if first and _order(first.name)[:2] == _order(other.name)[:2] and _differ(first, other):
            raise ExpandError(
                f'"{first.name}" and "{other.name}" describe different datasets; leave one of them '
                'in the folder, call the right one "data.yaml", or expand one folder at a time'
            )
    for name in sorted(found.darknet, key=_order)[: 0 if with_parts else MOST_FILES]:
        if darknet := read_darknet(name, read_text(root, name)):
            return darknet
    return next(iter(with_parts or files), None)


def _read_yamls(root: Path, names: list[str]) -> list[DataFile]:
    files, errors = list[DataFile](), list[ExpandError]()
    for name in names:
        try:
            if file := read_yaml(name, read_text(root, name)):
                files.append(file)
        except ExpandError as error:
            if _order(name)[1] is False:
                raise
            errors.append(error)
    if errors and not files:
        raise errors[0]
    return files


def _order(name: str) -> tuple[int, bool, str]:
    """Return what sorts data files: those near the folder first, then those with a usual name."""
    stem = name.rpartition("/")[2].rpartition(".")[0].lower()
    return name.count("/"), stem not in USUAL, name


def _differ(one: DataFile, other: DataFile) -> bool:
    first, second = (
        (file.folder, file.path, dict(file.parts), file.names, file.shape, file.flip_idx)
        for file in (one, other)
    )
    return first != second


def class_names(root: Path, found: Survey) -> tuple[str, ...]:
    """Return the class names of a dataset without a data.yaml; empty if no file has them.

    They are for people only, so a file in another encoding does not matter.
    """
    for name in sorted(found.class_files, key=_order)[:1]:
        try:
            return read_names(read_text(root, name))
        except ExpandError:
            continue
    return ()
