"""A local folder whose files were listed before: its names are read from the list, not from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import Directory, read_directory
from expand.layouts.stored.tree import END, Pages, StoredTree
from expand.layouts.walk import DISK, Disk, Frame, Status, walk
from expand.storage.stores.store import Entry

ITSELF = "."
"""The name of the entry of a directory: its size is the number of hidden names in the directory,
its version the time when the directory changed last. So an empty directory is in the list, too."""


class _Dated(Disk):
    """The directories of this machine, and when the last one that was read had changed."""

    changed = ""

    def read(self, path: str) -> Directory:
        """Return the names in a directory."""
        self.changed = _changed(path)  # before it is read: a later change is noticed
        return read_directory(path)


def list_folder(root: Path) -> Iterator[Entry]:
    """Yield the files and directories of a folder; raise ExpandError if one cannot be read.

    Links are followed. Hidden files are counted, and are not in the list.
    """
    folders, opened = _Dated(), list[Entry]()

    def visit(frame: Frame) -> None:
        name = f"{frame.prefix}{ITSELF}"
        opened.append(Entry(name, frame.directory.hidden, folders.changed))

    for frame, name, _ in walk(str(root), visit, folders):
        yield from opened
        opened.clear()
        if name is None:
            continue
        path = f"{frame.prefix}{name}"
        if END in path:
            raise ExpandError(
                f'"{root / path}" has a control character in its name, which a list cannot hold; '
                "rename it, or run the shards without `expand prepare`"
            )
        yield Entry(path, folders.status(frame.start + name).size, "")


class ListedFolders:
    """The directories of a list, for `walk`; refuse one that changed after it was listed."""

    def __init__(self, root: Path, pages: Pages) -> None:
        self.tree = StoredTree(str(root), pages)

    def read(self, path: str) -> Directory:
        """Return the names in a directory."""
        listed = self.tree.status(os.path.join(path, ITSELF))
        if listed.version != _changed(path):
            raise ExpandError(
                f'"{path}" changed after `expand prepare` listed it; choose an empty output, and '
                "run `expand prepare` again"
            )
        return replace(self.tree.read(path), hidden=listed.size)

    def identity(self, path: str) -> tuple[int, int]:
        """Return the numbers of the device and of the directory."""
        return DISK.identity(path)

    def status(self, path: str) -> Status:
        """Return the size of a file when it was listed."""
        return self.tree.status(path)


def _changed(path: str) -> str:
    """Return when the names in a directory changed last; empty if it cannot be asked."""
    with suppress(OSError):
        return str(os.stat(path).st_mtime_ns)
    return ""
