"""Write single files so that they appear complete or not at all, and walk over folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from expand.errors import STOPPED, ExpandError
from expand.storage.folder import cannot_write, write_new
from expand.storage.names import PARTIAL, temporary_name

__all__ = ["PARTIAL", "empty_folder", "link", "open_lines", "replace_whole", "walk", "write_whole"]


def write_whole(path: str | Path, data: bytes, *, sync: bool = False) -> None:
    """Write a file that never appears incomplete; create its folder if it is missing.

    With `sync`, its bytes are on the disk before it appears. Raises `ExpandError` with status 3
    (stopped) if the disk is full or the path is not writable.
    """
    path = os.fspath(path)
    folder = os.path.dirname(path)
    partial = os.path.join(folder, temporary_name())
    try:
        try:
            write_new(partial, data, sync=sync)
        except FileNotFoundError:  # the first file of its folder
            os.makedirs(folder, exist_ok=True)
            write_new(partial, data, sync=sync)
        os.replace(partial, path)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(partial)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


def link(source: Path, path: Path) -> None:
    """Make `path` a hard link to the source file; replace an existing file."""
    partial = path.with_name(temporary_name())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(source.resolve(), partial)
        os.replace(partial, path)
        partial.unlink(missing_ok=True)  # rename does nothing where both names are one file already
    except OSError as error:
        reason = "another file system" if error.errno == 18 else error.strerror
        raise ExpandError(
            f'"{path}" cannot be linked to "{source}": {reason}; --originals copy', STOPPED
        ) from error


def replace_whole(partial: Path, path: Path) -> None:
    """Move a finished file to its path, after its bytes are on the disk."""
    with open(partial, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)


def open_lines(path: Path) -> IO[str]:
    """Open a file for lines of UTF-8 text."""
    return open(path, "w", encoding="utf-8", newline="\n")


def walk(folder: Path) -> Iterator[str]:
    """Yield every file below a folder, relative to it, POSIX style; follow no links.

    Memory does not grow with the number of files. Raise ExpandError with status 3 for a folder
    that cannot be read.
    """
    remaining = [""]
    while remaining:
        below = remaining.pop()
        folders: list[str] = []
        try:
            with os.scandir(folder / below) as entries:
                for entry in entries:
                    name = f"{below}/{entry.name}" if below else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(name)
                    else:
                        yield name
        except FileNotFoundError:
            if not below:
                raise
        except OSError as error:
            raise ExpandError(
                f'"{folder / below}" cannot be read: {error.strerror or error}', STOPPED
            ) from error
        remaining += sorted(folders, reverse=True)


def empty_folder(folder: Path) -> None:
    """Remove everything in a folder, but not the folder itself."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
