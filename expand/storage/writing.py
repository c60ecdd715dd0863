"""Write a file with plain system calls, wait until it is on the disk, say in words what failed."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Iterable

from expand.errors import STOPPED, ExpandError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_NEW |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
SYNCS_ALL = sys.platform.startswith("linux")
"""Whether this system can wait for a whole file system: once for a batch of files."""
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EROFS)
"""What file systems answer that know no sync of a folder."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of a disk, or a share of it, that is full."""


def create(path: str, folder: int | None = None) -> int:
    """Create a file, never through a link; `path` may be relative to the open `folder`."""
    return os.open(path, _NEW, 0o666, dir_fd=folder)


def write_new(
    path: str, data: bytes | Iterable[bytes], folder: int | None = None, *, sync: bool = False
) -> None:
    """Create a file and write it, at once or in blocks.

    `path` may be relative to the open `folder`.
    """
    # plain system calls: for small files, opening and renaming is the cost
    handle = create(path, folder)
    try:
        if isinstance(data, bytes):
            write_all(handle, data)
        else:
            for block in data:
                write_all(handle, block)
        if sync:
            os.fsync(handle)
    finally:
        os.close(handle)


def write_all(handle: int, data: bytes) -> None:
    """Write all of `data`, also where the system takes it in pieces."""
    written = os.write(handle, data)
    if written == len(data):
        return
    view = memoryview(data)[written:]
    while view:
        view = view[os.write(handle, view) :]


def sync_all(handle: int) -> None:
    """Wait until everything that was written to the file system of an open folder is on the disk.

    Raise OSError if some of it could not be written.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.syncfs(handle):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def sync_folder(handle: int | None) -> None:
    """Wait until the names in an open folder are on the disk, where the file system can do that."""
    if handle is not None:
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise


def cannot_link(source: str, path: str, error: OSError) -> ExpandError:
    """Return the error of a hard link that cannot be made."""
    if error.errno == errno.ENAMETOOLONG:
        return cannot_write(path, error)
    reason = "another file system" if error.errno == errno.EXDEV else error.strerror
    return ExpandError(
        f'"{path}" cannot be linked to "{source}": {reason}; --originals copy', STOPPED
    )


class LongNameError(ExpandError):
    """A file with a name or path that is too long for the file system."""


def cannot_write(path: str, error: OSError) -> ExpandError:
    """Return the error of a file that cannot be written: what is there is good, so resume."""
    reason = error.strerror or str(error)
    if error.errno == errno.ENOENT:
        reason = "its folder was removed while it was written"
    elif error.errno in _FULL:
        reason += "; make room, then run the same command again"
    kind = LongNameError if error.errno == errno.ENAMETOOLONG else ExpandError
    return kind(f'"{path}" cannot be written: {reason}', STOPPED)
