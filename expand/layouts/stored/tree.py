"""A tree: the folders that the names in an object store stand for.

The store is listed once, in any order. The names are sorted, on the disk where they are many, and
directories are read from there: so memory does not grow with the number of names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from expand.layouts.directory import Directory, is_hidden, is_image
from expand.layouts.spooled.lists import Sorter, StoredTexts
from expand.layouts.walk import Status
from expand.storage.stores.store import Entry

SEPARATOR, END = "\0", "\1"
"""What stands for "/" in a record, so that records are sorted folder by folder; and what follows
the name."""


Pages = Iterable[Sequence[Entry]]
"""A listing, in any order."""


class StoredTree:
    """The folders of a listing, as `walk` reads them; `root` is the path that stands for it."""

    def __init__(self, root: str, pages: Pages) -> None:
        self.root = root
        self._records = Sorter(_record(entry) for page in pages for entry in page).names()

    def __len__(self) -> int:
        return len(self._records)

    def read(self, path: str) -> Directory:
        """Return the names in a directory; empty for one that does not exist."""
        prefix = self._prefix(path)
        folders, images, others, hidden = list[str](), Sorter(), Sorter(), 0
        for name, is_folder in self._children(prefix):
            if is_hidden(name):
                hidden += 1
            elif is_folder:
                folders.append(name)
            elif is_image(name):
                images.append(name)
            else:
                others.append(name)
        return Directory(path, sorted(folders), images.names(), others.names(), hidden)

    def identity(self, path: str) -> tuple[int, int]:
        """Return a number that no folder above or below has: a store has no links."""
        return -1, len(path)

    def status(self, path: str) -> Status:
        """Return the size and the version of a file."""
        start = self._prefix(path)[: -len(SEPARATOR)] + END
        record = next(self._since(start), "")
        if not record.startswith(start):
            return Status(0)
        size, _, version = record[len(start) :].partition(END)
        return Status(int(size), version)

    def _prefix(self, path: str) -> str:
        """Return how the records of all files in a directory start."""
        inside = path.removeprefix(self.root).lstrip("/")
        return inside.replace("/", SEPARATOR) + SEPARATOR if inside else ""

    def _children(self, prefix: str) -> Iterator[tuple[str, bool]]:
        """Yield each name in a directory, and whether it is that of a folder."""
        folder: str | None = None
        records = self._since(prefix)
        while record := next(records, ""):
            if not record.startswith(prefix):
                return
            rest = record[len(prefix) :]
            name, _, below = rest.partition(SEPARATOR)
            if below:
                folder = name
                yield name, True
                records = self._since(f"{prefix}{name}{END}")
            elif (name := rest.partition(END)[0]) != folder:  # not the empty object of a folder
                yield name, False

    def _since(self, text: str) -> Iterator[str]:
        """Yield the records from the first that is not before a text."""
        if isinstance(self._records, StoredTexts):
            return self._records.since(text)
        return islice(self._records, bisect_left(self._records, text), None)


def _record(entry: Entry) -> str:
    name = entry.name.replace("/", SEPARATOR)
    return f"{name}{END}{entry.size}{END}{entry.version}"
