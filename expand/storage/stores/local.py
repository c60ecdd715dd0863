"""A local folder as a store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from expand.errors import BadImageError
from expand.storage.files import walk
from expand.storage.folder import OutputFolder
from expand.storage.names import is_temporary
from expand.storage.reading import BLOCK, read_blocks, read_image, read_span
from expand.storage.removal import open_output
from expand.storage.stores.store import Entry, MissingError, Store, StoreError

PAGE = 1000


class LocalStore(Store):
    """The files of a local folder, which need not exist until one is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder: OutputFolder | None = None

    @property
    def place(self) -> str:
        """The path."""
        return os.fspath(self.path)

    @property
    def folder(self) -> OutputFolder:
        """The folder, open for writing; it is created if it does not exist."""
        if self._folder is None:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = error.strerror or error
                raise StoreError(f'"{self.path}" cannot be created: {reason}') from error
            self._folder = open_output(self.path)
        return self._folder

    def probe(self) -> None:
        """Check nothing: a local folder is opened when it is used."""

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of a file, following links, or its first `most` bytes."""
        path = self.path / name
        try:
            if most is None:
                return read_image(path)
            blocks, data = read_blocks(path), b""
            while len(data) < most and (block := next(blocks, b"")):
                data += block
            return data[:most]
        except BadImageError as error:
            kind = StoreError if os.path.lexists(path) else MissingError
            raise kind(f'"{path}" {error}') from error

    def read_many(self, names: Sequence[str]) -> list[bytes | StoreError]:
        """Return the bytes of several files, or why one cannot be read."""
        found: list[bytes | StoreError] = []
        for name in names:
            try:
                found.append(self.read(name))
            except StoreError as error:
                found.append(error)
        return found

    def read_span(self, name: str, start: int, size: int) -> bytes:
        """Return some bytes of a file, following links."""
        path = self.path / name
        try:
            return read_span(path, start, size)
        except BadImageError as error:
            kind = StoreError if os.path.lexists(path) else MissingError
            raise kind(f'"{path}" {error}') from error

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        try:
            yield from read_blocks(self.path / name)
        except BadImageError as error:
            kind = StoreError if os.path.lexists(self.path / name) else MissingError
            raise kind(f'"{self.path / name}" {error}') from error

    def write(self, name: str, data: bytes) -> None:
        """Write a file, and the folders on the way to it."""
        self.folder.write(name, data)

    def write_many(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Write several files, one after the other."""
        for name, data in files:
            self.folder.write(name, data)

    def write_file(self, name: str, path: Path) -> None:
        """Write a file from another one."""
        with path.open("rb") as file:
            self.folder.write(name, iter(lambda: file.read(BLOCK), b""))

    def create(self, name: str, data: bytes) -> bool:
        """Write a file unless it exists."""
        return self.folder.write_new(name, data)

    def replace(self, name: str, data: bytes, known: Callable[[bytes], bool]) -> bool:
        """Write a file in the place of a known one; a local folder is locked against others."""
        try:
            if not known(self.read(name)):
                return False
        except MissingError:
            return False
        self.folder.write(name, data, sync=True)
        return True

    def size(self, name: str) -> int | None:
        """Return the bytes of a regular file."""
        found = self.folder.status(name) if self.path.is_dir() else None
        return None if found is None else found.st_size

    def pages(self, prefix: str = "") -> Iterator[list[Entry]]:
        """Yield the files of the folder, or of one below it, in pages; no temporary ones."""
        page: list[Entry] = []
        below = self.path / prefix
        for name in walk(below) if below.is_dir() else ():
            if is_temporary(name.rpartition("/")[2]):
                continue
            try:
                found = os.stat(below / name, follow_symlinks=False)
            except FileNotFoundError:  # it was removed meanwhile
                continue
            page.append(Entry(f"{prefix}{name}", found.st_size, str(found.st_mtime_ns)))
            if len(page) == PAGE:
                yield page
                page = []
        if page:
            yield page

    def delete(self, names: Iterable[str]) -> None:
        """Remove files, and the folders that this leaves empty."""
        for name in names:
            if self.folder.remove(name):
                self.folder.remove_empty(name.rpartition("/")[0])

    def close(self) -> None:
        """Close the folder."""
        if self._folder is not None:
            folder, self._folder = self._folder, None
            folder.close()
