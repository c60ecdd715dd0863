"""Write files so that they appear complete or not at all, and only in the output folder."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

from expand.errors import STOPPED, ExpandError

PARTIAL = ".part"


def write_whole(path: str | Path, data: bytes) -> None:
    """Write a file that never appears incomplete; create its folder if it is missing.

    Raises `ExpandError` with status 3 (stopped) if the disk is full or the path is not writable.
    """
    path = os.fspath(path)
    partial = _partial(path)
    try:
        try:
            _write(partial, data)
            os.replace(partial, path)
        except FileNotFoundError:  # the first file of its folder
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _write(partial, data)
            os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(partial)
        raise ExpandError(
            f'"{path}" cannot be written: {error.strerror or error}', STOPPED
        ) from error


def _partial(path: str) -> str:
    """Return the temporary path of a file; always the same one, so that a rerun overwrites it."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}{PARTIAL}")


def _write(path: str, data: bytes) -> None:
    # plain system calls: for small files, opening and renaming is the cost
    handle = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666
    )
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
    finally:
        os.close(handle)


def link(source: Path, path: Path) -> None:
    """Make `path` a hard link to the source file; replace an existing file."""
    partial = Path(_partial(str(path)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
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


def empty_folder(folder: Path) -> None:
    """Remove everything in a folder, but not the folder itself."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def open_lines(path: Path) -> IO[str]:
    """Open a file for lines of UTF-8 text."""
    return open(path, "w", encoding="utf-8", newline="\n")
