"""A file read from front to back in pieces of any size, with the hash of all that was read."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256


class HashedReader:
    """Reads blocks in pieces of any size; their hash is computed on the way."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._block, self._at = blocks, b"", 0
        self._hash = sha256()
        self.count = 0
        """Bytes of the blocks that were taken so far."""

    def read(self, size: int) -> bytes:
        """Return the next bytes; fewer than `size` only at the end."""
        piece = bytes(self._block[self._at : self._at + size])
        self._at += len(piece)
        pieces, missing = [piece], size - len(piece)
        while missing and self._next():
            pieces.append(bytes(self._block[:missing]))
            self._at = len(pieces[-1])
            missing -= self._at
        return piece if len(pieces) == 1 else b"".join(pieces)

    def hexdigest(self) -> str:
        """Read the rest; return the hash of all bytes."""
        while self._next():
            pass
        return self._hash.hexdigest()

    def _next(self) -> bool:
        """Take the next block; return False if there is none."""
        self._block, self._at = next(self._blocks, b""), 0
        self._hash.update(self._block)
        self.count += len(self._block)
        return bool(self._block)
