"""Wait for the disk: for all that was written to a file system, or for the names in a folder."""

from __future__ import annotations

import ctypes
import errno
import os
import sys

SYNCS_ALL = sys.platform.startswith("linux")
"""Whether this system can wait for a whole file system: once for a batch of files."""
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EROFS)
"""What file systems answer that know no sync of a folder."""


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
