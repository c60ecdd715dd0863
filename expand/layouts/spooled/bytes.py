"""Bytes in a temporary file: written at its end, read in blocks, as often as needed."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

from expand.layouts.spooled.lists import IN_MEMORY, refuse_full

BLOCK = 1 << 20


class SpooledBytes:
    """Bytes in a temporary file, which has no name and is removed with the last reference."""

    def __init__(self, what: str, in_memory: int = IN_MEMORY) -> None:
        """Begin an empty file; `what` it is for is said if the temporary folder is full."""
        self._what, self._size = what, 0
        self._file = SpooledTemporaryFile(in_memory)  # noqa: SIM115  # closed by __del__

    def __del__(self) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Write at the end; raise ExpandError with status 3 if the temporary folder is full."""
        with refuse_full(self._what):
            self._file.seek(self._size)
            self._size += self._file.write(data)

    def blocks(self, start: int = 0) -> Iterator[bytes]:
        """Yield what was written from byte `start` on."""
        while start < self._size:
            self._file.seek(start)  # another reader may have moved it
            block = self._file.read(BLOCK)
            yield block
            start += len(block)
