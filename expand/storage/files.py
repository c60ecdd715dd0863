"""Write single files so that they appear complete or not at all, and walk over folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from expand.errors import STOPPED, ExpandError
from expand.storage.names import PARTIAL, temporary_name
from expand.storage.writing import cannot_write, write_new

__all__ = ["PARTIAL", "walk", "write_whole"]


def write_whole(path: str | Path, data: bytes, *, sync: bool = False) -> None:
    """Write a file that never appears incomplete; create its folder if it is missing.

    With `sync`, its bytes are on the disk before it appears. Raises `ExpandError` with status 3
    (stopped) if the disk is full or the path is not writable. A device, a pipe or a link to one
    stays: to replace /dev/stdout by a file would break other programs.
    """
    path = os.fspath(path)
    if _is_special(path):
        raise cannot_write(path, OSError(None, "it is not a regular file"))
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


def _is_special(path: str) -> bool:
    """Tell whether a path leads to a device, a pipe or a socket."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


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
