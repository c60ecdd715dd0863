"""What a store is: files by name that appear whole or not at all; and its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from expand.errors import STOPPED, ExpandError


class Entry(NamedTuple):
    """A file in a listing."""

    name: str
    """Its name in the store, POSIX style."""
    size: int
    """Bytes."""
    version: str = ""
    """A text that changes when the file does: an ETag, or the time of the last change."""


class StoreError(ExpandError):
    """A store that cannot be used, after all retries; the exit status is 3 (stopped)."""

    def __init__(self, message: str, status: int = STOPPED) -> None:
        super().__init__(message, status)


class MissingError(StoreError):
    """A file, or a whole bucket, that does not exist."""


class ChangedError(StoreError):
    """A file that another program wrote while it was read."""


class DeniedError(StoreError):
    """A file that exists, perhaps, and may not be read or written."""


class Store(Protocol):
    """Files by name, POSIX style, below one place: a local folder, or a URL.

    All writes are whole: no reader ever sees a part of a file, and a write that is interrupted
    leaves the file as it was. Methods raise StoreError (MissingError for a file that does not
    exist). A store is used by one thread at a time; workers open their own with `open_store`.
    """

    @property
    def place(self) -> str:
        """The path or URL, as messages name it: it has no credentials."""
        ...

    def probe(self) -> None:
        """Raise StoreError soon, with few retries, if the store cannot be used."""
        ...

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of a file, or its first `most` bytes."""
        ...

    def read_many(self, names: Sequence[str]) -> list[bytes | StoreError]:
        """Return the bytes of several files, read side by side, in the order of `names`.

        A file that is missing or may not be read is an error in the list. Raise StoreError if the
        store itself cannot be used.
        """
        ...

    def read_span(self, name: str, start: int, size: int) -> bytes:
        """Return `size` bytes of a file from `start` on; fewer at its end."""
        ...

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file of any size, some megabytes at a time.

        Raise ChangedError if it is written meanwhile.
        """
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file; replace an existing one."""
        ...

    def write_many(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Write several files, side by side; each is whole or absent if one fails."""
        ...

    def write_file(self, name: str, path: Path) -> None:
        """Write a file from a finished local one of any size; replace an existing one."""
        ...

    def create(self, name: str, data: bytes) -> bool:
        """Write a file that does not exist yet; return False, and write nothing, if it does."""
        ...

    def replace(self, name: str, data: bytes, known: Callable[[bytes], bool]) -> bool:
        """Write a file in the place of one whose bytes are `known`.

        Return False, and write nothing, if it has other bytes or does not exist. Of several
        processes that replace the same bytes, one gets True where the store can tell.
        """
        ...

    def size(self, name: str) -> int | None:
        """Return the bytes that a file has; None if it does not exist."""
        ...

    def pages(self, prefix: str = "") -> Iterator[list[Entry]]:
        """Yield the files whose names start with `prefix`, in pages, in any order.

        `prefix` is empty or ends with "/". A store that does not exist has no files.
        """
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Remove files; those that do not exist are passed over."""
        ...

    def close(self) -> None:
        """Close what is open; a store that was closed can be opened again with `open_store`."""
        ...
