"""Read files that others may have put there: regular files only, so that nothing blocks."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from expand.errors import REFUSED, STOPPED, BadImageError, ExpandError

LINE_BYTES = 16 << 20
"""The longest line of a record that is read; a row has about 500 bytes."""
RECORD_BYTES = 256 << 20
"""The largest run card that is read; it grows with the number of bad sources."""
TRIES = 3
BLOCK = 1 << 20
"""Bytes of a large file that are read at a time."""
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_READ |= getattr(os, "O_NONBLOCK", 0)  # opening a pipe would wait for a writer
_NO_HANDLES = (errno.EMFILE, errno.ENFILE)


def read_image(path: str | os.PathLike[str]) -> bytes:
    """Read the file of an image, following links.

    Raise BadImageError if that is not possible: it is not a regular file, cannot be read, or
    changes each time that it is read. Raise ExpandError with status 3 if this process has too many
    open files, which is not the image's fault.
    """
    try:
        for _ in range(TRIES):
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise BadImageError("is not a regular file")
            data, changed = _read_once(path)
            if not changed:
                return data
    except (OSError, ValueError) as error:
        raise _cannot_read(path, error) from error
    raise BadImageError("changes while it is read")


def _read_once(path: str | os.PathLike[str]) -> tuple[bytes, bool]:
    """Return the bytes of a file, and whether it changed meanwhile."""
    handle = os.open(path, _READ)
    try:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise BadImageError("is not a regular file")
        data = read_all(handle, before.st_size)
        after = os.fstat(handle)
    finally:
        os.close(handle)
    changed = before.st_mtime_ns != after.st_mtime_ns or len(data) != after.st_size
    return data, changed


def read_blocks(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Yield the bytes of a file of any size, following links.

    Raise BadImageError as `read_image` does; a file that changes meanwhile is read only once.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BadImageError("is not a regular file")
        handle = os.open(path, _READ)
    except (OSError, ValueError) as error:
        raise _cannot_read(path, error) from error
    try:
        before = os.fstat(handle)
        while block := os.read(handle, BLOCK):
            yield block
        after = os.fstat(handle)
    except OSError as error:
        raise _cannot_read(path, error) from error
    finally:
        os.close(handle)
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise BadImageError("changes while it is read")


def read_span(path: str | os.PathLike[str], start: int, size: int) -> bytes:
    """Return `size` bytes of a file from `start` on; fewer at its end.

    Raise as `read_image` does.
    """
    try:
        handle = os.open(path, _READ)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise BadImageError("is not a regular file")
            os.lseek(handle, start, os.SEEK_SET)
            return _read_up_to(handle, size)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        raise _cannot_read(path, error) from error


def _read_up_to(handle: int, size: int) -> bytes:
    parts = [os.read(handle, size)]
    while parts[-1] and (missing := size - sum(map(len, parts))):
        parts.append(os.read(handle, missing))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _cannot_read(path: str | os.PathLike[str], error: OSError | ValueError) -> ExpandError:
    """Return the error of a file that cannot be read: its own fault, or that of this process."""
    reason = getattr(error, "strerror", None) or error
    if getattr(error, "errno", None) in _NO_HANDLES:
        return ExpandError(f'"{os.fspath(path)}" cannot be opened: {reason}', STOPPED)
    return BadImageError(f"cannot be read ({reason})")


def read_all(handle: int, size: int) -> bytes:
    """Return the rest of an open file that has about `size` bytes.

    Without a file object of Python: that takes as long as reading a small file.
    """
    parts = [os.read(handle, size + 1)]
    while len(parts[-1]) and sum(map(len, parts)) != size:
        parts.append(os.read(handle, size + 1))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def open_regular(path: str, folder: int | None = None) -> int:
    """Open a file that is neither a link nor a pipe or device; return a handle to read from.

    `path` may be relative to the open `folder`. Raise OSError for anything else.
    """
    found = os.stat(path, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode):
        link = stat.S_ISLNK(found.st_mode)
        raise OSError(None, "it is a link" if link else "it is not a regular file")
    return os.open(path, _READ | getattr(os, "O_NOFOLLOW", 0), dir_fd=folder)


def open_record(path: Path) -> BinaryIO | None:
    """Open a record of an output folder; return None if there is none.

    Raise ExpandError for a link, which would lead out of the folder, and for what is not a file.
    """
    try:
        return open(open_regular(os.fspath(path)), "rb")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        status = REFUSED if error.errno is None else STOPPED
        raise ExpandError(f'"{path}" cannot be read: {error.strerror or error}', status) from error


def read_record(path: Path) -> bytes | None:
    """Return the bytes of a record; None if there is none."""
    file = open_record(path)
    if file is None:
        return None
    with file:
        data = _read(file, path, RECORD_BYTES)
    if len(data) > RECORD_BYTES:
        raise ExpandError(f'"{path}" has more than {RECORD_BYTES:,} bytes; it is not a record')
    return data


def read_lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield the lines of a record; raise ExpandError for one that is too long to be a row."""
    number = 0
    while line := _read_line(file, path):
        number += 1
        if len(line) > LINE_BYTES:
            raise ExpandError(f'"{path}", line {number}: has more than {LINE_BYTES:,} bytes')
        yield line


def _read_line(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.readline(LINE_BYTES + 1)
    except OSError as error:
        raise ExpandError(f'"{path}" cannot be read: {error.strerror or error}', STOPPED) from error


def _read(file: BinaryIO, path: Path, limit: int) -> bytes:
    try:
        # not the limit: memory for as many bytes is asked for before any is read
        return file.read(min(limit, os.fstat(file.fileno()).st_size) + 1)
    except OSError as error:
        raise ExpandError(f'"{path}" cannot be read: {error.strerror or error}', STOPPED) from error
