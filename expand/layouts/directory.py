"""A directory, read once: what counts as hidden, as a folder and as an image, for every command."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice, repeat

from expand.errors import ExpandError
from expand.images.formats import SUFFIXES
from expand.layouts.names import split_suffix
from expand.layouts.spooled.lists import Sorter

ADDED = "__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"
BESIDE = frozenset((*ADDED, "thumbs.db", "ehthumbs.db", "desktop.ini"))
"""Folders and files that systems add, in lower case: hidden like names that start with a dot."""

USUAL = tuple(SUFFIXES)
FOLDER, IMAGE, OTHER = "folder", "image", "other"


@dataclass(frozen=True)
class Directory:
    """The visible names in a directory, sorted; those of many files lie on the disk."""

    path: str
    folders: list[str]
    images: Sequence[str]
    others: Sequence[str]
    """Files that are not images."""
    hidden: int

    def entries(self) -> Iterator[tuple[str, str]]:
        """Yield all names in order, each with its kind."""
        kinds = ((self.folders, FOLDER), (self.images, IMAGE), (self.others, OTHER))
        each = [zip(names, repeat(kind)) for names, kind in kinds if names]
        return each[0] if len(each) == 1 else merge(*each)


def read_directory(path: str, most: int | None = None) -> Directory:
    """Read a directory, or `most` entries of it; raise ExpandError if that is not possible.

    A link counts as what it leads to. Nothing is opened.
    """
    folders, images, others, hidden = list[str](), Sorter(), Sorter(), 0
    try:
        with os.scandir(path) as scanned:
            for entry in islice(scanned, most):
                name = entry.name
                if is_hidden(name):
                    hidden += 1
                elif _is_folder(entry):
                    folders.append(name)
                elif is_image(name):
                    images.append(name)
                else:
                    others.append(name)
    except OSError as error:
        raise ExpandError(f'"{path}" cannot be read: {error.strerror}') from error
    return Directory(path, sorted(folders), images.names(), others.names(), hidden)


def is_hidden(name: str) -> bool:
    """Tell whether a name is left out everywhere: hidden files, and what systems add."""
    return name.startswith(".") or name.casefold() in BESIDE


def is_added(path: str) -> bool:
    """Tell whether a system adds such a file by itself, as file managers do, or its folder.

    `path` is a name, or a path with slashes.
    """
    return any(
        name == ".DS_Store" or name.startswith("._") or name.casefold() in BESIDE
        for name in path.split("/")
    )


def is_image(name: str) -> bool:
    """Tell whether a file's suffix is that of an image that is read."""
    return name.endswith(USUAL, 1) or split_suffix(name)[1].lower() in SUFFIXES


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
