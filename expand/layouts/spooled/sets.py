"""Sets of texts, and lists of texts by key; many lie on the disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from expand.layouts.spooled.lists import Sorter, StoredTexts, holds, starting

LAST = "\U0010ffff"
"""A text after all keys."""


class TextSet:
    """Texts that are sorted, and found; many lie on the disk.

    Texts that are added after others were looked up have all of them sorted anew. Looking up texts
    in their order reads each part of the file once.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._sorter: Sorter | None = Sorter(texts)
        self._sorted: Sequence[str] = ()

    def __len__(self) -> int:
        """Count the texts, also those that were added twice."""
        return len(self._names())

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __contains__(self, text: str) -> bool:
        names = self._names()
        return text in names if isinstance(names, StoredTexts) else holds(names, text)

    def add(self, text: str) -> None:
        """Take a text."""
        if self._sorter is None:
            self._sorter = Sorter(self._sorted)
        self._sorter.append(text)

    def update(self, texts: Iterable[str]) -> None:
        """Take several texts."""
        for text in texts:
            self.add(text)

    def starting(self, prefix: str) -> Iterator[str]:
        """Yield the texts that start with `prefix`, in their order."""
        return starting(self._names(), prefix)

    def _names(self) -> Sequence[str]:
        if self._sorter is not None:
            self._sorted, self._sorter = self._sorter.names(), None
        return self._sorted


class TextLists:
    """Lists of texts, each under a key, sorted by key; many lie on the disk.

    No key has a null character, which ends it in the file.
    """

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._records, self._count = TextSet(), 0
        for key, text in items:
            self.add(key, text)

    def __contains__(self, key: str) -> bool:
        return next(self.of(key), None) is not None

    def __iter__(self) -> Iterator[str]:
        """Yield the keys, sorted."""
        return (key for key, _ in groupby(record.partition("\0")[0] for record in self._records))

    def add(self, key: str, text: str) -> None:
        """Add a text to the list of a key."""
        self._records.add(f"{key}\0{self._count:012d}\0{text}")
        self._count += 1

    def of(self, key: str) -> Iterator[str]:
        """Yield the texts of a key in the order in which they were added."""
        return (record.split("\0", 2)[2] for record in self._records.starting(f"{key}\0"))

    def lists(self) -> Iterator[tuple[str, Iterator[str]]]:
        """Yield each key with its texts, sorted by key; take the texts before the next key."""
        parted = (record.split("\0", 2) for record in self._records)
        for key, records in groupby(parted, key=itemgetter(0)):
            yield key, map(itemgetter(2), records)


class InOrder:
    """Looks up the lists of keys that come nearly sorted, without a search for most of them."""

    def __init__(self, lists: TextLists) -> None:
        self._lists, self._remaining = lists, lists.lists()
        self._key = ""
        self._texts: Iterable[str] = ()

    def of(self, key: str) -> list[str]:
        """Return the texts of a key in the order in which they were added."""
        while self._key < key:
            self._key, self._texts = next(self._remaining, (LAST, ()))
        if self._key != key:
            return list(self._lists.of(key))
        self._texts = texts = list(self._texts)
        return texts
