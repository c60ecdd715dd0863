"""A walk over a folder: every visible entry once; links are followed, circles are refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from expand.errors import ExpandError
from expand.layouts.directory import FOLDER, Directory, read_directory


@dataclass(frozen=True)
class Frame:
    """A directory on the way of a walk."""

    directory: Directory
    names: tuple[str, ...]
    """The folders that lead to it."""
    identity: tuple[int, int]
    alone: bool
    """Whether each folder above it holds nothing but the next one."""

    @cached_property
    def prefix(self) -> str:
        """What comes before the name of an entry in its path, relative to the walk's folder."""
        return "".join(f"{name}/" for name in self.names)

    @cached_property
    def start(self) -> str:
        """What comes before the name of an entry in its path."""
        return os.path.join(self.directory.path, "")


class Status(NamedTuple):
    """What is known of a file without its content."""

    size: int
    version: str = ""
    """A text that changes when the file does; empty if that is not known."""


class Folders(Protocol):
    """Where directories are read: on the disk, or in the listing of an object store."""

    def read(self, path: str) -> Directory:
        """Return the names in a directory."""
        ...

    def identity(self, path: str) -> tuple[int, int]:
        """Return what a directory is known by, whatever path leads to it."""
        ...

    def status(self, path: str) -> Status:
        """Return the size of a file; 0 if it is not known."""
        ...


class Disk:
    """The directories of this machine."""

    def read(self, path: str) -> Directory:
        """Return the names in a directory."""
        return read_directory(path)

    def identity(self, path: str) -> tuple[int, int]:
        """Return the numbers of the device and of the directory."""
        try:
            status = os.stat(path)
        except OSError as error:
            raise ExpandError(f'"{path}" cannot be read: {error.strerror}') from error
        return status.st_dev, status.st_ino

    def status(self, path: str) -> Status:
        """Return the size of a file."""
        try:
            return Status(os.stat(path).st_size)
        except OSError:
            return Status(0)


DISK = Disk()


Visit = Callable[[Frame], None]
Step = tuple[Frame, str | None, str]
"""A directory, and the name and kind of a file in it; None at its end."""


def walk(root: str, visit: Visit, folders: Folders = DISK) -> Iterator[Step]:
    """Yield each file of a folder and the end of each directory, sorted by path.

    Each directory is read once, and passed to `visit` before its entries. Raise ExpandError if one
    cannot be read, or is a link to one that it lies in.
    """
    stack = [(first := _open(folders, root, (), []), first.directory.entries())]
    visit(first)
    while stack:
        frame, remaining = stack[-1]
        for name, kind in remaining:
            if kind != FOLDER:
                yield frame, name, kind
                continue
            above = [each for each, _ in stack]
            inner = _open(folders, frame.start + name, (*frame.names, name), above)
            visit(inner)
            stack.append((inner, inner.directory.entries()))
            break
        else:
            stack.pop()
            yield frame, None, FOLDER


def _open(folders: Folders, path: str, names: tuple[str, ...], above: list[Frame]) -> Frame:
    """Read a directory; `above` are those that it lies in."""
    directory = folders.read(path)
    identity = folders.identity(path)
    if any(identity == frame.identity for frame in above):
        raise ExpandError(f'"{path}" is a link to a folder that it lies in')
    alone = not above or (
        above[-1].alone and len(above[-1].directory.folders) == 1 and not above[-1].directory.images
    )
    return Frame(directory, names, identity, alone)
