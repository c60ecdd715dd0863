"""An index of texts by keys that are looked up in any order; the texts lie on the disk."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from expand.layouts.spooled.lists import IN_MEMORY, refuse_full

TOGETHER = 1 << 16
"""Bytes that are read together when all entries are wanted."""
CODEC = "utf-8", "surrogatepass"


class TextIndex:
    """Texts, each under a key that can have several; an entry takes 20 bytes of memory.

    Entries are numbered in the order in which they came. Entries that are added after others were
    looked up have the index made anew. A key has no null character: that ends it in the file.
    """

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._file: IO[bytes] | None = None
        self._pending, self._written = bytearray(), 0
        """The bytes that are not in the file, and how many are."""
        self._ends = array("q", [0])
        self._added = array("q")
        """The hashes of the keys that are not in the index yet."""
        self._hashes, self._numbers = array("q"), array("i")
        """The hashes of all keys, sorted, and the number of the entry of each."""
        for key, text in items:
            self.add(key, text)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield all entries, each with its key, in the order in which they came."""
        first, count = 0, len(self)
        while first < count:
            last = first + 1
            while last < count and self._ends[last + 1] - self._ends[first] <= TOGETHER:
                last += 1
            start, ends = self._ends[first], self._ends[first + 1 : last + 1]
            data, at = self._read(start, ends[-1]), 0
            for end in ends:
                yield _parted(data[at : end - start])
                at = end - start
            first = last

    def __contains__(self, key: str) -> bool:
        return self.find(key) is not None

    def add(self, key: str, text: str = "") -> None:
        """Add a text to those of a key."""
        self._pending += f"{key}\0{text}".encode(*CODEC)
        self._ends.append(self._written + len(self._pending))
        self._added.append(hash(key))
        if len(self._pending) > IN_MEMORY:
            self._write()

    def of(self, key: str) -> list[str]:
        """Return the texts of a key in the order in which they were added."""
        return [text for _, text in self._found(key)]

    def last(self, key: str) -> str:
        """Return the last text of a key; empty if it has none."""
        texts = self.of(key)
        return texts[-1] if texts else ""

    def find(self, key: str) -> tuple[int, str] | None:
        """Return the number and the text of the first entry of a key; None if it has none."""
        return next(self._found(key), None)

    def entry(self, number: int) -> tuple[str, str]:
        """Return an entry, the key and the text, by its number."""
        return _parted(self._read(self._ends[number], self._ends[number + 1]))

    def _found(self, key: str) -> Iterator[tuple[int, str]]:
        """Yield the numbers and the texts of the entries of a key."""
        if self._added:
            self._make()
        wanted, count = hash(key), len(self._hashes)
        place = bisect_left(self._hashes, wanted)
        while place < count and self._hashes[place] == wanted:
            number = self._numbers[place]
            known, text = self.entry(number)
            if known == key:
                yield number, text
            place += 1

    def _make(self) -> None:
        """Sort the hashes; entries of one key stay in their order."""
        hashes = np.empty(len(self), np.int64)
        known = len(self._hashes)
        hashes[np.frombuffer(self._numbers, np.int32)] = np.frombuffer(self._hashes, np.int64)
        hashes[known:] = np.frombuffer(self._added, np.int64)
        order = np.argsort(hashes, kind="stable")
        self._hashes = array("q", hashes[order].tobytes())
        self._numbers = array("i", order.astype(np.int32).tobytes())
        self._added = array("q")

    def _read(self, start: int, end: int) -> bytes:
        """Return a part of all bytes; no entry is partly in the file."""
        if start >= self._written:
            return bytes(self._pending[start - self._written : end - self._written])
        data = self._read_file(start, end - start)
        missing = end - start - len(data)
        return data + self._pending[:missing] if missing else data

    def _read_file(self, start: int, size: int) -> bytes:
        assert self._file
        if hasattr(os, "pread"):  # not on Windows; a third of the time
            return os.pread(self._file.fileno(), size, start)
        self._file.seek(start)
        return self._file.read(size)

    def _write(self) -> None:
        """Write what is in memory to the file."""
        with refuse_full():
            self._file = self._file or TemporaryFile()  # noqa: SIM115  # closed with this index
            self._file.seek(self._written)
            self._file.write(self._pending)
            self._file.flush()
        self._written += len(self._pending)
        self._pending = bytearray()


def _parted(data: bytes) -> tuple[str, str]:
    key, _, text = data.decode(*CODEC).partition("\0")
    return key, text
