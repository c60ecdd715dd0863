"""Lists in a temporary file, and texts sorted through it, so that memory stays bounded."""

from __future__ import annotations

import pickle
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from heapq import merge
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import Any, overload

from expand.errors import STOPPED, ExpandError

IN_MEMORY = 1 << 20
"""Bytes of values in memory; more are written to the disk."""
RUN = 1 << 14
"""Texts that are sorted in memory; more are sorted in runs of so many, which are then merged."""
CHUNK = 64
"""Texts that are written and read together: a text that is looked up has a chunk read."""


@contextmanager
def refuse_full(what: str = "the list of sources") -> Iterator[None]:
    """Raise ExpandError with status 3 if a temporary file cannot be written."""
    try:
        yield
    except OSError as error:
        raise ExpandError(
            f"{what} does not fit into the temporary folder: {error.strerror}", STOPPED
        ) from error


class SpooledList:
    """Values in a temporary file, which has no name and is removed when this process ends.

    It is closed with the last reference, if `close` was not called.
    """

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._ends = array("q", [0])
        self._last: tuple[int, Any] = (-1, None)
        self._file = SpooledTemporaryFile(in_memory)  # noqa: SIM115  # closed by close()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> Any:
        last, value = self._last
        if number != last:
            start, end = self._ends[number], self._ends[number + 1]
            self._file.seek(start)  # another reader may have moved it
            value = pickle.loads(self._file.read(end - start))
            self._last = number, value
        return value

    def __del__(self) -> None:
        self.close()

    def append(self, value: object) -> None:
        """Write a value; raise ExpandError with status 3 if the temporary folder is full."""
        with refuse_full():
            self._file.seek(self._ends[-1])
            size = self._file.write(pickle.dumps(value))
        self._ends.append(self._ends[-1] + size)

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()


class Sorter:
    """Sorts any number of texts."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts: list[str] = []
        self._chunks: SpooledList | None = None
        self._runs: list[range] = []
        self.extend(texts)

    def extend(self, texts: Iterable[str]) -> None:
        """Take several texts."""
        remaining = iter(texts)
        while some := list(islice(remaining, RUN - len(self._texts))):
            self._texts += some
            if len(self._texts) >= RUN:
                self._end_run()

    def append(self, text: str) -> None:
        """Take a text."""
        self._texts.append(text)
        if len(self._texts) >= RUN:
            self._end_run()

    def __iter__(self) -> Iterator[str]:
        self._texts.sort()
        if self._chunks is None:
            return iter(self._texts)
        runs = (_read(self._chunks, run) for run in self._runs)
        return merge(self._texts, *runs)

    def names(self) -> Sequence[str]:
        """Return all texts in order: a list, or one that lies on the disk."""
        if self._chunks is not None:
            return StoredTexts(self)
        self._texts.sort()
        return self._texts

    def _end_run(self) -> None:
        """Write the texts in memory as a sorted run."""
        self._texts.sort()
        self._chunks = self._chunks or SpooledList(1)
        first = len(self._chunks)
        for start in range(0, len(self._texts), CHUNK):
            self._chunks.append(self._texts[start : start + CHUNK])
        self._runs.append(range(first, len(self._chunks)))
        self._texts = []


class StoredTexts(Sequence[str]):
    """Sorted texts that lie on the disk; a search reads one chunk."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._chunks, self._firsts, self._count = SpooledList(1), list[str](), 0
        remaining = iter(texts)
        while chunk := list(islice(remaining, CHUNK)):
            self._chunks.append(chunk)
            self._firsts.append(chunk[0])
            self._count += len(chunk)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return _read(self._chunks, range(len(self._chunks)))

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Return a text, or a list of those in a slice."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._count))]
        number = range(self._count)[index]
        return str(self._chunks[number // CHUNK][number % CHUNK])

    def __contains__(self, text: object) -> bool:
        number = bisect_right(self._firsts, str(text)) - 1
        return number >= 0 and holds(self._chunks[number], str(text))

    def since(self, text: str) -> Iterator[str]:
        """Yield the texts from the first that is not before `text`."""
        number = max(0, bisect_right(self._firsts, text) - 1)
        chunk = self._chunks[number]
        rest = chunk[bisect_left(chunk, text) :]
        return chain(rest, _read(self._chunks, range(number + 1, len(self._chunks))))


class Texts:
    """Texts in the order in which they came; many lie on the disk."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._written: SpooledList | None = None
        self._last: list[str] = []
        self.extend(texts)

    def __len__(self) -> int:
        return len(self._written or ()) * CHUNK + len(self._last)

    def __iter__(self) -> Iterator[str]:
        if self._written:
            yield from _read(self._written, range(len(self._written)))
        yield from self._last

    def append(self, text: str) -> None:
        """Take a text."""
        self._last.append(text)
        if len(self._last) == CHUNK:
            self._write()

    def extend(self, texts: Iterable[str]) -> None:
        """Take several texts."""
        remaining = iter(texts)
        while some := list(islice(remaining, CHUNK - len(self._last))):
            self._last += some
            if len(self._last) == CHUNK:
                self._write()

    def _write(self) -> None:
        self._written = self._written or SpooledList()
        self._written.append(self._last)
        self._last = []


def holds(texts: Sequence[str], text: str) -> bool:
    """Tell whether a sorted list has a text."""
    at = bisect_left(texts, text)
    return at < len(texts) and texts[at] == text


def starting(texts: Sequence[str], prefix: str) -> Iterator[str]:
    """Yield those of sorted texts that start with `prefix`; only these are looked at."""
    if isinstance(texts, StoredTexts):
        found = texts.since(prefix)
    else:
        found = (texts[index] for index in range(bisect_left(texts, prefix), len(texts)))
    for text in found:
        if not text.startswith(prefix):
            return
        yield text


def _read(chunks: SpooledList, numbers: Iterable[int]) -> Iterator[str]:
    for number in numbers:
        yield from chunks[number]
