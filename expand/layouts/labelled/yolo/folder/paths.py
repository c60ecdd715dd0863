"""Paths that files of a dataset name, found in the folder as it lies here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from posixpath import normpath
from typing import NamedTuple

from expand.layouts.recognition.words import PART_OF, part_of


class Found(NamedTuple):
    """A path of the folder that a file of it names."""

    path: str
    """Relative to the folder, POSIX style; "" is the folder itself."""
    stays: bool
    """Whether it is still found, as it is written, where the folder was copied to."""


class Finder:
    """Finds what a file of a dataset names; nothing outside the dataset's folder is looked at.

    Files that were made on another machine name paths of that machine. Their last parts lead to the
    place: "/content/set/train/images" is "train/images" here. The data.yaml that Roboflow writes
    names "../train/images" for what lies beside it; Ultralytics leaves out the "../" as well.
    """

    def __init__(self, root: Path, folders: tuple[str, ...]) -> None:
        """Paths start from one of `folders` (prefixes: "" or "config/"), tried in order."""
        self.root = root
        self.absolute = {normpath(root.absolute().as_posix()), normpath(root.resolve().as_posix())}
        self.folders = tuple(dict.fromkeys((*folders, "")))
        self._last: tuple[str, int] = ("", 0)

    def find(self, written: str) -> Found | None:
        """Return what a path leads to; None if that does not exist, or is not in the folder."""
        text = written.strip().replace("\\", "/")
        if not text or "\0" in text:
            return None
        if not is_absolute(text):
            for folder in self.folders:
                if self._exists(path := join(folder, text)):
                    return Found(path or "", True)
        elif (inside := self._inside(text)) is not None and self._exists(inside):
            return Found(inside, False)
        return self._by_last_parts(text)

    def _inside(self, text: str) -> str | None:
        path = normpath(text)
        for root in self.absolute:
            if path == root or path.startswith(root.rstrip("/") + "/"):
                return path[len(root) :].strip("/")
        return None

    def _by_last_parts(self, text: str) -> Found | None:
        parts = [part for part in normpath(text).split("/") if part]
        for folder, first in self._ways(len(parts)):
            if ".." in (rest := parts[first:]):
                continue
            path = folder + "/".join(rest)
            if self._exists(path) and not self._loses_part(parts[:first], rest, path):
                self._last = folder, first
                only_up = first == 1 and parts[0] == ".." and folder == self.folders[0]
                return Found(path, only_up and not self._leads_back(text))
        return None

    def _ways(self, count: int) -> Iterator[tuple[str, int]]:
        """Yield the ways to leave out the first parts of a path; the last that led to a file first.

        A list names as many paths as there are images.
        """
        if self._last[1] < count:
            yield self._last
        for first in range(count):
            for folder in self.folders:
                yield folder, first

    def _loses_part(self, left_out: Sequence[str], rest: Sequence[str], path: str) -> bool:
        """Tell whether a folder is left out that stands for a part: "train" of "train/images"."""
        return (
            any(name.lower() in PART_OF for name in left_out)
            and not any(part_of(name) for name in rest)
            and (self.root / path).is_dir()
        )

    def _leads_back(self, text: str) -> bool:
        """Tell whether a path leads out of the folder and back into it, by its name."""
        return self._inside(os.path.join(self.root.absolute(), self.folders[0], text)) is not None

    def _exists(self, path: str | None) -> bool:
        return path is not None and (self.root / path).exists()


def is_absolute(text: str) -> bool:
    """Tell whether a path is absolute, here or under Windows."""
    return text.startswith(("/", "~")) or text[1:3] in (":/", ":\\")


def join(folder: str, text: str) -> str | None:
    """Return a path below the root; None if it leads out of it."""
    path = normpath(folder + text)
    if path.startswith("../") or path == "..":
        return None
    return "" if path == "." else path
