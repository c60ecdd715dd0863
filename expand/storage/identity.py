"""The identity of a folder: to notice that another one has taken its place."""

from __future__ import annotations

import errno
import os
import platform
import stat
from pathlib import Path
from typing import NamedTuple


class Identity(NamedTuple):
    """What a folder is, whatever its path."""

    machine: str
    device: int
    inode: int

    @classmethod
    def of(cls, folder: str | Path | int) -> Identity:
        """Return the identity of a folder, open or at a path; raise OSError if there is none."""
        status = os.stat(folder)
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return cls(platform.node(), status.st_dev, status.st_ino)

    def is_at(self, folder: str | Path | int) -> bool:
        """Tell whether this folder is still there; other machines number folders otherwise."""
        try:
            found = Identity.of(folder)
        except OSError:
            return False
        return found.machine != self.machine or found == self
