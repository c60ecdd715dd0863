"""Images of a dataset by the names that tables give them: paths, file names, or stems."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import NamedTuple

from expand.layouts.directory import IMAGE
from expand.layouts.names import compose, split_suffix
from expand.layouts.recognition.words import part_of, role_of
from expand.layouts.walk import walk

ABSOLUTE = re.compile(r"^([/\\]|[A-Za-z]:[/\\]|[A-Za-z][A-Za-z0-9+.-]+://)")


class Fault(Enum):
    """Why a cell names no image; the values continue "is"."""

    EMPTY = "empty"
    ABSOLUTE = "an absolute path"
    OUTSIDE = "a path out of the dataset"
    MISSING = "not there"
    UNREAD = "no image of a format that is read"
    SEVERAL = "the name of several images"


class Found(NamedTuple):
    """What a cell names."""

    path: str = ""
    fault: Fault | None = None
    several: tuple[str, ...] = ()


class Images:
    """The files of a dataset, found by the names that tables give them."""

    def __init__(self, root: Path) -> None:
        """Read all directories of a dataset."""
        self.paths: dict[str, str] = {}
        """The images: their paths with composed accents, and as they are."""
        self.others: set[str] = set()
        self._root = root.resolve().name
        self._names: dict[str, list[str]] = defaultdict(list)
        self._stems: dict[str, list[str]] = defaultdict(list)
        for frame, name, kind in walk(str(root), lambda _frame: None):
            if name is None:
                continue
            path = frame.prefix + name
            if kind == IMAGE:
                self.paths[compose(path)] = path
                self._names[compose(name)].append(path)
                self._stems[compose(split_suffix(name)[0])].append(path)
            else:
                self.others.add(path)

    def at(self, cell: str, folder: str) -> Found:
        """Return the image at a path relative to a folder, and nowhere else."""
        name = compose(cell.strip().replace("\\", "/"))
        if not name:
            return Found(fault=Fault.EMPTY)
        if ABSOLUTE.match(name):
            return Found(fault=Fault.ABSOLUTE)
        place = normpath(join(compose(folder), name))
        if path := self.paths.get(place):
            return Found(path)
        if place.startswith("../"):
            return Found(fault=Fault.OUTSIDE)
        return Found(fault=Fault.UNREAD if place in self.others else Fault.MISSING)

    def find(self, cell: str, folder: str, part: str = "") -> Found:
        """Return the image that a cell of a table in `folder` names.

        It is a path relative to the table, to the dataset or to a folder above, or the end of a
        path, with or without its suffix. Of several, the one in a folder of the `part` is meant,
        or else the one below the table's folder.
        """
        here = self.at(cell, folder)
        if here.path or here.fault in (Fault.EMPTY, Fault.ABSOLUTE):
            return here
        name = compose(cell.strip().replace("\\", "/"))
        if path := self.paths.get(normpath(name)):
            return Found(path)
        found = self._ending(re.sub(r"^(\.{1,2}/)+", "", name))
        if len(found) > 1:
            found = _nearest(found, folder, part)
        if len(found) > 1:
            return Found(fault=Fault.SEVERAL, several=tuple(found))
        path = found[0] if found else self._from_elsewhere(name, folder)
        return Found(path) if path else here

    def _from_elsewhere(self, name: str, folder: str) -> str:
        """Return the image of a path that begins above the dataset; empty if there is none.

        "CheXpert/train/a.jpg" is "train/a.jpg", or its first folder is the dataset's own.
        """
        parts = name.split("/")
        tails = ["/".join(parts[n:]) for n in range(1, len(parts) - 1)]
        tails += ["/".join(parts[1:])] if parts[0] == self._root and len(parts) > 1 else []
        places = (place for tail in tails for place in (join(compose(folder), tail), tail))
        return next((self.paths[place] for place in places if place in self.paths), "")

    def _ending(self, tail: str) -> list[str]:
        """Return the images whose path ends with a name; else those that do without suffix."""
        last = tail.rpartition("/")[2]
        for known, end in ((self._names, compose), (self._stems, _stem)):
            paths = known.get(last, ()) if last else ()
            if "/" in tail:
                paths = [path for path in paths if f"/{end(path)}".endswith(f"/{tail}")]
            if paths:
                return list(paths)
        return []


def _stem(path: str) -> str:
    return compose(split_suffix(path)[0])


def _nearest(paths: Iterable[str], folder: str, part: str) -> list[str]:
    """Return those of some paths that are meant from a folder, or for a part of a split."""
    found = [path for path in paths if not _is_label(path)] or list(paths)
    below = [path for path in found if path.startswith(f"{folder}/")] if folder else []
    beside = [path for path in found if dirname(path) == folder]
    named = [path for path in found if part and folder_part(path) == part]
    for chosen in (found, named, beside, below):
        if len(chosen) == 1:
            return chosen
    return named or below or found


def _is_label(path: str) -> bool:
    """Tell whether an image lies in a folder of labels: a mask."""
    return any(role_of(name).kind == "labels" for name in path.split("/")[:-1])


def folder_part(path: str) -> str:
    """Return the part that the folders of a path say: "train", "validation" or "test"; else ""."""
    for name in path.split("/")[:-1]:
        if (role := part_of(name)) and not role.rest:
            return role.kind
    return ""
