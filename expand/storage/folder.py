"""A folder that files are written to by name: they appear complete or not at all, and inside it.

Each folder on the way to a file is opened without following links, and the file is then created
and renamed relative to it. So no link that lies in the output folder, or is put there during a
run, leads out of it. Windows cannot do that; there the real path is compared instead.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType

from expand.errors import STOPPED, ExpandError
from expand.storage.identity import Identity
from expand.storage.names import temporary_name
from expand.storage.reading import BLOCK, open_regular
from expand.storage.writing import (
    SYNCS_ALL,
    cannot_link,
    cannot_write,
    create,
    sync_all,
    sync_folder,
    write_new,
)

RELATIVE = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd
"""Whether this system opens files relative to an open folder."""
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = _FOLDER | getattr(os, "O_NOFOLLOW", 0)


class OutputFolder:
    """A folder open for writing; names in it are relative, POSIX style.

    Use it in a `with` statement. The folder on the way to the last file stays open, because files
    come folder by folder.
    """

    def __init__(self, path: str | Path, *, durable: bool = False) -> None:
        """Open a folder; with `durable`, `sync` waits for the files that were written."""
        self.path, self.durable = os.fspath(path), durable
        self._each = durable and not SYNCS_ALL
        self._written: set[str] = set()
        """Folders whose names `sync` waits for, where it must wait for each."""
        self._root = os.open(self.path, _FOLDER) if RELATIVE else None
        self._folder, self._handle, self._prefix = "", self._root, self._path_of("")

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder; files that were written stay."""
        self._leave()
        if self._root is not None:
            handle, self._root, self._handle = self._root, None, None
            with suppress(OSError):  # a folder that was only read holds nothing
                os.close(handle)

    @property
    def identity(self) -> Identity:
        """What this folder is, whatever becomes of its path."""
        try:
            return Identity.of(self.path if self._root is None else self._root)
        except OSError as error:
            reason = error.strerror or error
            raise ExpandError(f'"{self.path}" cannot be read: {reason}', STOPPED) from error

    def write(self, name: str, data: bytes | Iterable[bytes], *, sync: bool = False) -> None:
        """Write a file, at once or in blocks, and the folders on the way to it.

        It replaces an existing one.

        With `sync`, its bytes are on the disk before it appears. Raise ExpandError with status 3
        (stopped) if the disk is full or the file cannot be written for another reason.
        """
        try:
            base = self._enter_for(name, create=True)
            temporary = self._prefix + temporary_name()
            try:
                write_new(temporary, data, self._handle, sync=sync or self._each)
                os.replace(
                    temporary,
                    self._prefix + base,
                    src_dir_fd=self._handle,
                    dst_dir_fd=self._handle,
                )
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=self._handle)
                raise
        except OSError as error:
            raise cannot_write(f"{self.path}/{name}", error) from error
        if self._each:
            self._written.add(self._folder)

    def write_new(self, name: str, data: bytes) -> bool:
        """Write a file that does not exist yet; return False if it does.

        Of several processes that do this at the same time, one gets True.
        """
        try:
            base = self._enter_for(name, create=True)
            temporary = self._prefix + temporary_name()
            try:
                write_new(temporary, data, self._handle, sync=self._each)
                os.link(
                    temporary,
                    self._prefix + base,
                    src_dir_fd=self._handle,
                    dst_dir_fd=self._handle,
                )
            finally:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=self._handle)
        except FileExistsError:
            return False
        except OSError as error:
            raise cannot_write(f"{self.path}/{name}", error) from error
        return True

    def sync(self) -> None:
        """Wait until the files that were written are on the disk, with their names."""
        try:
            if self._root is not None and not self._each:
                sync_all(self._root)
            for folder in sorted(self._written):
                self._leave()
                self._enter(folder)
                sync_folder(self._handle)
            self._written.clear()
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def sync_names(self) -> None:
        """Wait until the names of the files at the top are on the disk."""
        try:
            sync_folder(self._root)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def link(self, source: str, name: str) -> None:
        """Make a hard link to the file at a path; replace an existing file."""
        temporary = temporary_name()
        try:
            base = self._enter_for(name, create=True)
            here = {"src_dir_fd": self._handle, "dst_dir_fd": self._handle}
            temporary = self._prefix + temporary
            os.link(os.path.realpath(source), temporary, dst_dir_fd=self._handle)
            try:
                os.replace(temporary, self._prefix + base, **here)
            finally:  # rename does nothing where both names are one file already
                with suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=self._handle)
        except OSError as error:
            raise cannot_link(source, f"{self.path}/{name}", error) from error

    def create(self, name: str) -> int:
        """Create a file at the top; return a handle to write to. Raise OSError if it exists."""
        self._leave()
        return create(self._prefix + name, self._root)

    def holds(self, name: str, handle: int) -> bool:
        """Tell whether a file at the top still is the open one."""
        found = self.status(name)
        try:
            return found is not None and os.path.samestat(found, os.fstat(handle))
        except OSError:
            return False

    def rename(self, old: str, new: str) -> None:
        """Give a file at the top another name; replace an existing file."""
        self._leave()
        here = {"src_dir_fd": self._root, "dst_dir_fd": self._root}
        try:
            os.replace(self._prefix + old, self._prefix + new, **here)
        except OSError as error:
            raise cannot_write(f"{self.path}/{new}", error) from error

    def remove(self, name: str) -> bool:
        """Remove a file; return False if there is none, or only a folder of that name.

        What lies behind a link is not in this folder, and stays.
        """
        try:
            base = self._enter_for(name)
            os.unlink(self._prefix + base, dir_fd=self._handle)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, _LinkError):
            return False
        except OSError as error:
            if self.status(name) is None:  # macOS says "not permitted" of a folder
                return False
            raise ExpandError(
                f'"{self.path}/{name}" cannot be removed: {error.strerror or error}', STOPPED
            ) from error
        return True

    def remove_empty(self, folder: str) -> None:
        """Remove a folder, and those above it, as far as they are empty."""
        with suppress(OSError):
            while folder:
                above, _, base = folder.rpartition("/")
                self._leave()
                self._enter(above)
                os.rmdir(self._prefix + base, dir_fd=self._handle)
                folder = above

    def make_room(self, name: str) -> str:
        """Remove an empty folder in the place of a file; say what to do about one with files."""
        self.remove_empty(name)
        return "a folder with files lies in its place; move it away" * self.has_folder(name)

    def has_folder(self, name: str) -> bool:
        """Tell whether there is a folder of this name."""
        try:
            base = self._enter_for(name)
            found = os.stat(self._prefix + base, dir_fd=self._handle, follow_symlinks=False)
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode)

    def status(self, name: str) -> os.stat_result | None:
        """Return the status of a regular file; None if there is none, or a link on the way."""
        try:
            base = self._enter_for(name)
            found = os.stat(self._prefix + base, dir_fd=self._handle, follow_symlinks=False)
        except (OSError, ValueError):
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    def size(self, name: str) -> int | None:
        """Return the bytes that a regular file has; None if there is none."""
        found = self.status(name)
        return None if found is None else found.st_size

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a regular file of any size."""
        with self.open(name) as file:
            while block := file.read(BLOCK):
                yield block

    def open(self, name: str) -> FileIO:
        """Open a regular file for reading; raise OSError for a link, a pipe and the like."""
        base = self._enter_for(name)
        return FileIO(open_regular(self._prefix + base, self._handle))

    def read(self, name: str) -> bytes:
        """Return the bytes of a regular file."""
        try:
            with self.open(name) as file:
                return file.read()
        except OSError as error:
            reason = error.strerror or error
            raise ExpandError(f'"{self.path}/{name}" cannot be read: {reason}', STOPPED) from error

    def _enter_for(self, name: str, *, create: bool = False) -> str:
        """Open the folder of a file; return the last part of its name."""
        folder, _, base = name.rpartition("/")
        if folder != self._folder:
            self._leave()
            self._enter(folder, create=create)
        return base

    def _enter(self, folder: str, *, create: bool = False) -> None:
        """Open a folder below the root, one part after the other, through no link."""
        below = ""
        for part in folder.split("/") if folder else ():
            name, below = self._prefix + part, f"{below}/{part}" if below else part
            handle = _open_part(name, self._handle, create=create)
            self._close()
            self._folder, self._handle, self._prefix = below, handle, self._path_of(below)

    def _leave(self) -> None:
        """Go back to the root."""
        self._close()
        self._folder, self._handle, self._prefix = "", self._root, self._path_of("")

    def _close(self) -> None:
        if self._handle is not None and self._handle != self._root:
            handle, self._handle = self._handle, self._root
            with suppress(OSError):
                os.close(handle)

    def _path_of(self, folder: str) -> str:
        """Return what to put before a name: nothing where names are relative to open folders."""
        if RELATIVE:
            return ""
        return f"{self.path}/{folder}/" if folder else f"{self.path}/"


class _LinkError(OSError):
    """A link on the way to a file."""


def _open_part(name: str, parent: int | None, *, create: bool) -> int | None:
    """Open a folder, which is not to be a link; create it if asked to."""
    while True:
        try:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode) or not _is_real(name):
                raise _LinkError(None, "a link lies on the way to it; remove the link")
            return os.open(name, _NO_LINK, dir_fd=parent) if RELATIVE else None
        except FileNotFoundError:
            if not create:
                raise
        with suppress(FileExistsError):  # another worker was faster
            os.mkdir(name, dir_fd=parent)


def _is_real(name: str) -> bool:
    """Tell whether a path has no link in its last part that `os.stat` does not show (Windows)."""
    if RELATIVE:
        return True
    parent, base = os.path.split(name)
    return os.path.realpath(name) == os.path.join(os.path.realpath(parent), base)
