"""A survey of a folder: where images and text files lie, and which files describe the dataset."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import IMAGE
from expand.layouts.labelled.yolo.folder.datafile import (
    DataFile,
    read_darknet,
    read_data_file,
    read_names,
    read_yaml,
)
from expand.layouts.recognition.words import part_of
from expand.layouts.walk import walk

MOST_FILES = 64
"""Files of a kind that are looked into."""
CLASS_FILES = ("classes.txt", "obj.names", "_darknet.labels")
KEYS = re.compile(r"^[{\s]*['\"]?(names|nc)['\"]?\s*:|^\s*\{", re.MULTILINE)
"""What a data.yaml has."""
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
    lists: list[str] = field(default_factory=list)
    """The text files that are called like parts: "train.txt"."""

    def caches(self) -> frozenset[str]:
        """Return what Ultralytics calls its caches of folders of labels.

        They hold for these folders alone, so they are not copied.
        """
        folders = (Path(folder) for folder in self.texts if folder)
        return frozenset(folder.with_suffix(".cache").as_posix() for folder in folders)


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
            if (role := part_of(name[:-4])) and not role.rest:
                found.lists.append(folder + name)
        if lower.endswith((".yaml", ".yml")):
            found.yamls.append(folder + name)
        elif lower.endswith(".data"):
            found.darknet.append(folder + name)
        if lower in CLASS_FILES or lower.endswith(".names"):
            found.class_files.append(folder + name)
    found.images = sorted(folders)
    return found


def data_files(root: Path, found: Survey) -> list[DataFile]:
    """Return the data files of a dataset; the first is the one that counts.

    That is the one nearest to its folder, with a usual name. Raise ExpandError if several could be
    that and disagree, or if it cannot be read.
    """
    files = _read_yamls(root, sorted(found.yamls, key=_order)[:MOST_FILES])
    files.sort(key=lambda file: not file.parts)
    for other in files[1:]:
        if _could_be(files[0], other) and _differ(files[0], other):
            raise ExpandError(
                f'"{files[0].name}" and "{other.name}" describe different datasets; leave one of '
                'them in the folder, call the right one "data.yaml", or expand one folder at a time'
            )
    if not files or not files[0].parts:
        files = [*_read_darknet(root, found.darknet), *files]
    return files


def _could_be(first: DataFile, other: DataFile) -> bool:
    return bool(other.parts) and _order(first.name)[:2] == _order(other.name)[:2]


def _read_darknet(root: Path, names: list[str]) -> list[DataFile]:
    files = list[DataFile]()
    for name in sorted(names, key=_order)[:MOST_FILES]:
        try:
            if file := read_darknet(name, read_data_file(root, name)):
                files.append(file)
        except ExpandError:
            continue  # other files have this suffix too
    return files


def _read_yamls(root: Path, names: list[str]) -> list[DataFile]:
    files, errors = list[DataFile](), list[ExpandError]()
    for name in names:
        try:
            text = read_data_file(root, name)
        except ExpandError:
            if _is_usual(name) and not files:
                raise
            continue
        if not KEYS.search(text):
            continue  # a YAML file of something else can hold anything
        try:
            if file := read_yaml(name, text):
                files.append(file)
        except ExpandError as error:
            errors.append(error)
            if _is_usual(name) and not files:
                raise
    if errors and not files:
        raise errors[0]
    return files


def _order(name: str) -> tuple[int, bool, str]:
    """Return what sorts data files: those near the folder first, then those with a usual name."""
    return name.count("/"), not _is_usual(name), name


def _is_usual(name: str) -> bool:
    return name.rpartition("/")[2].rpartition(".")[0].lower() in USUAL


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
            return read_names(read_data_file(root, name))
        except ExpandError:
            continue
    return ()
