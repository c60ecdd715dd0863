"""Lock a folder, so that one process at a time writes to it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from expand.errors import STOPPED, ExpandError
from expand.storage.lease import Lease

LOCK, LEASE = LOCK_FILES = (".lock.part", ".lease.part")
"""The lock file, on file systems that cannot lock a folder, and the lease where there are no locks.
"""


class Lock:
    """A lock on a folder, released when the process ends for any reason.

    The system's lock on the folder itself needs no file. A network file system may lock only
    files, and Windows cannot lock folders: there the system's lock on a file is used. Where there
    are no locks at all, the file says who holds the folder (see `Lease`).

    A `shared` lock keeps out those that are not shared, where the system has locks; with `create`,
    a folder that is missing is created, and removed again if an error leaves it empty.
    """

    def __init__(self, folder: Path, *, shared: bool = False, create: bool = False) -> None:
        self.folder, self.shared, self.create = folder, shared, create
        self.created: os.stat_result | None = None
        self.handle: int | None = None
        self.file: Path | None = None
        self.lease: Lease | None = None

    def __enter__(self) -> Lock:
        try:
            if not self._lock_folder() and not self._lock_file() and not self.shared:
                lease = Lease(self.folder / LEASE)
                lease.take()
                self.lease = lease
        except BlockingIOError:
            self._release()
            raise ExpandError(f'another run is writing to "{self.folder}"') from None
        except OSError as error:
            self._release()
            raise ExpandError(
                f'"{self.folder}" cannot be locked: {error.strerror or error}', STOPPED
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release(and_folder=error is not None)

    def _make_folder(self) -> None:
        """Create the folder if it is missing: another process may have removed it just now."""
        if not self.create:
            return
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.folder.mkdir()
                self.created = self.folder.stat()
            except FileExistsError:
                if not self.folder.is_dir():
                    raise
        except OSError as error:
            reason = error.strerror or error
            raise ExpandError(f'"{self.folder}" cannot be created: {reason}') from error

    def _lock_folder(self) -> bool:
        """Lock the folder itself; return False where that is not possible."""
        while True:
            self._make_folder()
            if os.name == "nt":
                return False
            self.handle = os.open(self.folder, os.O_RDONLY)
            if not _lock(self.handle, self.shared):
                self._release()
                return False
            if self._is_at(self.folder):
                return True
            self._release()

    def _lock_file(self) -> bool:
        """Lock a file in the folder; return False where that is not possible."""
        path = self.folder / LOCK
        while True:
            self._make_folder()
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            self.handle = os.open(path, flags, 0o666)
            if not _lock(self.handle, self.shared):
                self.file = path
                self._release()
                return False
            if self._is_at(path):
                self.file = None if self.shared else path  # others may share it
                return True
            self._release()

    def _is_at(self, path: Path) -> bool:
        """Tell whether a path leads to what is open; another process may have removed that."""
        with suppress(OSError):
            found = os.stat(path, follow_symlinks=path == self.folder)
            return self.handle is not None and os.path.samestat(os.fstat(self.handle), found)
        return False

    def _release(self, *, and_folder: bool = False) -> None:
        """Give the lock back; before that, remove a folder that was created and is empty.

        After that, another process could hold it.
        """
        if self.lease is not None:
            self.lease.release()
            self.lease = None
        if self.file is not None and os.name != "nt":  # Windows removes no open file
            with suppress(OSError):
                self.file.unlink()
        self.file = None
        if and_folder and self.created:
            with suppress(OSError):
                if os.path.samestat(self.created, self.folder.stat()):
                    self.folder.rmdir()
        if self.handle is not None:
            handle, self.handle = self.handle, None
            with suppress(OSError):
                os.close(handle)


def _lock(handle: int, shared: bool) -> bool:
    """Lock an open file or folder; return False if the file system has no locks for it.

    Raise BlockingIOError if another process holds the lock.
    """
    try:
        if os.name == "nt":
            import msvcrt

            if shared:  # it has no locks of this kind
                return False
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except PermissionError as error:  # what Windows answers when another process holds it
        raise BlockingIOError(*error.args) from error
    except OSError:  # a network file system that knows no locks
        return False
    return True
