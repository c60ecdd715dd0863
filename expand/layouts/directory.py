"""A directory, read once: what counts as hidden, as a folder and as an image, for every command."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice

from expand.errors import ExpandError
from expand.images.formats import SUFFIXES
from expand.layouts.names import split_suffix

BESIDE = frozenset(
    ("__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found")
)
"""Folders that systems add, in lower case: hidden like names that start with a dot."""

FOLDER, IMAGE, OTHER = "folder", "image", "other"


@dataclass(frozen=True)
class Directory:
    """The visible entries of a directory, each list sorted by name."""

    path: str
    entries: list[tuple[os.DirEntry[str], str]]
    """All of them, each with its kind."""
    folders: list[str]
    images: list[str]
    others: list[str]
    """Files that are not images."""
    hidden: int


def read_directory(path: str, most: int | None = None) -> Directory:
    """Read a directory, or `most` entries of it; raise ExpandError if that is not possible.

    A link counts as what it leads to. Nothing is opened.
    """
    try:
        with os.scandir(path) as scanned:
            listed = sorted(islice(scanned, most), key=lambda entry: entry.name)
    except OSError as error:
        raise ExpandError(f'"{path}" cannot be read: {error.strerror}') from error
    entries = [(entry, _kind_of(entry)) for entry in listed if not is_hidden(entry.name)]
    named: dict[str, list[str]] = {FOLDER: [], IMAGE: [], OTHER: []}
    for entry, kind in entries:
        named[kind].append(entry.name)
    hidden = len(listed) - len(entries)
    return Directory(path, entries, named[FOLDER], named[IMAGE], named[OTHER], hidden)


def is_hidden(name: str) -> bool:
    """Tell whether a name is left out everywhere: hidden files, and folders that systems add."""
    return name.startswith(".") or name.casefold() in BESIDE


def is_image(name: str) -> bool:
    """Tell whether a file's suffix is that of an image that is read."""
    return split_suffix(name)[1].lower() in SUFFIXES


def _kind_of(entry: os.DirEntry[str]) -> str:
    try:
        folder = entry.is_dir()
    except OSError:
        folder = False
    return FOLDER if folder else IMAGE if is_image(entry.name) else OTHER
