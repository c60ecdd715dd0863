"""The list of each block: its sources, the rows of earlier runs, and the files that are there.

The lists lie in a temporary folder, so that memory does not grow with the number of files.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from expand.errors import STOPPED, ExpandError
from expand.layouts.source import Source
from expand.storage.stores.store import Entry

HELD = 1 << 16
"""Values in memory before they are written."""


class ListedBlock(NamedTuple):
    """A share of a dataset, and what earlier runs left of it."""

    number: int
    digest: str
    """What the sources are, in short: other sources or other versions of them give another one."""
    sources: list[Source]
    """Sorted by path."""
    lines: dict[str, list[str]]
    """Lines of the manifest by source."""
    existing: dict[str, int]
    """Bytes of the files that are there, by name."""


class BlockLists:
    """The lists of all blocks. Use it in a `with` statement, which removes them."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self._folder = TemporaryDirectory(prefix="expand-", ignore_cleanup_errors=True)
        self._held: list[list[Any]] = [[] for _ in range(blocks)]
        self._count = 0

    def __enter__(self) -> BlockLists:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, number: int, value: Source | Entry | tuple[str, list[str]]) -> None:
        """Put a source, a file or the lines of a source into the list of a block."""
        self._held[number].append(value)
        self._count += 1
        if self._count >= HELD:
            self.write()

    def write(self) -> None:
        """Write what is in memory."""
        try:
            for number, values in enumerate(self._held):
                if values:
                    with self._path(number).open("ab") as file:
                        pickle.dump([(type(value), tuple(value)) for value in values], file)
                    values.clear()
        except OSError as error:
            raise ExpandError(
                f"the lists of blocks do not fit into the temporary folder: {error.strerror}",
                STOPPED,
            ) from error
        self._count = 0

    def read(self, number: int, seed: str) -> ListedBlock:
        """Return a block; `seed` is what its digest depends on beside its sources."""
        sources: list[Source] = []
        lines: dict[str, list[str]] = {}
        existing: dict[str, int] = {}
        digest = blake2b(seed.encode(), digest_size=8)
        for kind, value in self._values(number):
            if kind is Source:
                sources.append(Source(*value))
                digest.update(repr(value).encode("utf-8", "surrogateescape"))
            elif kind is Entry:
                existing[value[0]] = value[1]
            else:
                lines[value[0]] = value[1]
        return ListedBlock(number, digest.hexdigest(), sources, lines, existing)

    def _values(self, number: int) -> Iterator[tuple[type, Any]]:
        path = self._path(number)
        if not path.exists():
            return
        with path.open("rb") as file:
            while True:
                try:
                    yield from pickle.load(file)
                except EOFError:
                    return

    def _path(self, number: int) -> Path:
        return Path(self._folder.name, str(number))
