"""Lock a folder, so that one process at a time writes to it."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from expand.errors import ExpandError


class Lock:
    """A lock on a folder, released when the process ends for any reason; leaves no file behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.handle: int | None = None

    def __enter__(self) -> Lock:
        try:
            import fcntl
        except ImportError:  # Windows has no advisory locks on folders
            return self
        self.handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.handle)
            raise ExpandError(f'another run is writing to "{self.folder}"') from None
        except OSError:  # a network file system that knows no locks
            pass
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.handle is not None:
            os.close(self.handle)
