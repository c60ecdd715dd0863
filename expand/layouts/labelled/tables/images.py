"""Images of a dataset by the names that tables give them: paths, file names, or stems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from pathlib import Path
from posixpath import basename, dirname, join, normpath
from typing import NamedTuple

from expand.layouts.directory import IMAGE
from expand.layouts.names import compose, split_suffix
from expand.layouts.recognition.words import part_of, role_of
from expand.layouts.spooled.index import TextIndex
from expand.layouts.spooled.sets import TextSet
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
        self._paths = TextIndex()
        """The images: their paths with composed accents, and as they are."""
        self._stems = TextIndex()
        """The same by the names of the files, with composed accents and without suffix."""
        self._alike = lru_cache(maxsize=2)(self._stems.of)  # all can have one name
        self.others = TextSet()
        self._root = root.resolve().name
        for frame, name, kind in walk(str(root), lambda _frame: None):
            if name is None:
                continue
            path = frame.prefix + name
            if kind == IMAGE:
                self._paths.add(compose(path), path)
                self._stems.add(compose(split_suffix(name)[0]), path)
            else:
                self.others.add(path)

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[str]:
        """Yield the paths of all images; of several that differ in how accents are encoded, one."""
        return (path for key, path in self._paths if key.isascii() or path == self._path(key))

    def has_stem(self, path: str) -> bool:
        """Tell whether a path without its suffix is that of an image."""
        alike = self._alike(compose(basename(path)))
        return any(split_suffix(each)[0] == path for each in alike)

    def _path(self, place: str) -> str:
        """Return the image at a place, whose accents are composed; empty if there is none."""
        return self._paths.last(place)

    def at(self, cell: str, folder: str) -> Found:
        """Return the image at a path relative to a folder, and nowhere else."""
        name = compose(cell.strip().replace("\\", "/"))
        if not name:
            return Found(fault=Fault.EMPTY)
        if ABSOLUTE.match(name):
            return Found(fault=Fault.ABSOLUTE)
        place = normpath(join(compose(folder), name))
        if path := self._path(place):
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
        if path := self._path(normpath(name)) if folder else "":
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
        return next(filter(None, map(self._path, places)), "")

    def _ending(self, tail: str) -> list[str]:
        """Return the images whose path ends with a name; else those that do without suffix."""
        last = tail.rpartition("/")[2]
        for find, end in ((self._named, compose), (self._alike, _stem)):
            paths = find(last) if last else ()
            if "/" in tail:
                paths = [path for path in paths if f"/{end(path)}".endswith(f"/{tail}")]
            if paths:
                return list(paths)
        return []

    def respelt(self, cell: str) -> str:
        """Return an image whose name differs from that of a cell in the case of its suffix."""
        name = compose(basename(cell.replace("\\", "/")))
        alike = self._alike(split_suffix(name)[0])
        return next((path for path in alike if basename(path).lower() == name.lower()), "")

    def _named(self, name: str) -> Sequence[str]:
        """Return the images whose files have a name."""
        alike = self._alike(split_suffix(name)[0])
        return [path for path in alike if compose(basename(path)) == name]


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
