"""Sources by block: equal parts of a dataset, by a hash of each source's name.

Which block a source is in depends on its path and the number of blocks alone. Classes are mixed in
every block, and a new source changes one block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from expand.job.blocks.keys import block_of
from expand.layouts.source import Source
from expand.layouts.spooled.lists import IN_MEMORY, SpooledList

HELD = 1 << 16
"""Sources that are held in memory before they go to the disk."""


class SourcesByBlock:
    """Lists of the sources of each block, on the disk; in each block they keep their order."""

    def __init__(self, sources: Iterable[Source], blocks: int) -> None:
        self._stored = SpooledList(IN_MEMORY)
        self._parts: list[list[int]] = [[] for _ in range(blocks)]
        held: dict[int, list[Source]] = {}
        count = 0
        for source in sources:
            held.setdefault(block_of(source.id, blocks), []).append(source)
            count += 1
            if count == HELD:
                self._store(held)
                held, count = {}, 0
        self._store(held)

    def __iter__(self) -> Iterator[list[Source]]:
        for parts in self._parts:
            yield [source for number in parts for source in self._stored[number]]

    def close(self) -> None:
        """Remove the temporary file."""
        self._stored.close()

    def _store(self, held: dict[int, list[Source]]) -> None:
        for block, sources in held.items():
            self._parts[block].append(len(self._stored))
            self._stored.append(sources)
