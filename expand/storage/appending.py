"""A file that grows: what was appended outlives a kill, and it is noticed if the file goes away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from expand.errors import STOPPED, ExpandError
from expand.storage.folder import OutputFolder
from expand.storage.names import temporary_name
from expand.storage.writing import cannot_write, write_all


class AppendedFile:
    """A new file at the top of an output folder that bytes are appended to."""

    def __init__(self, folder: OutputFolder, name: str) -> None:
        self.folder, self.name = folder, name
        self._path = f"{folder.path}/{name}"
        try:
            self._handle: int | None = folder.create(name)
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def append(self, data: bytes) -> None:
        """Give bytes to the operating system; raise ExpandError with status 3 if it fails."""
        if data and self._handle is not None:
            try:
                write_all(self._handle, data)
            except OSError as error:
                raise cannot_write(self._path, error) from error

    def sync(self) -> None:
        """Wait until the bytes are on the disk."""
        if self._handle is not None:
            try:
                os.fsync(self._handle)
            except OSError as error:
                raise cannot_write(self._path, error) from error

    def check(self) -> None:
        """Raise ExpandError with status 3 if the file was removed, renamed or replaced."""
        if self._handle is None or not self.folder.holds(self.name, self._handle):
            raise ExpandError(
                f'"{self._path}" was removed or renamed during the run. Finished files are kept; '
                "run the same command again to resume.",
                STOPPED,
            )

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            with suppress(OSError):
                os.close(handle)


@contextmanager
def growing_file(folder: OutputFolder) -> Iterator[AppendedFile]:
    """Open a temporary file at the top of a folder; it is removed if it was not published."""
    file = AppendedFile(folder, temporary_name())
    try:
        yield file
    finally:
        file.close()
        folder.remove(file.name)


def publish(file: AppendedFile, name: str, *, sync: bool) -> None:
    """Give a file its name, in the place of an earlier one."""
    if sync:
        file.sync()
    file.check()
    file.close()
    file.folder.rename(file.name, name)
