"""The join: the sources of a listing side by side with what earlier runs recorded of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from expand.layouts.source import Source
from expand.records.manifest import Record, order


def join(
    sources: Iterable[Source], records: Iterable[Record]
) -> Iterator[tuple[Source | None, Record | None]]:
    """Yield each source with its record, in order; None for the one that is missing.

    Both must be sorted by `order`. They are read once, so nothing is kept in memory.
    """
    remaining = iter(records)
    record = next(remaining, None)
    for source in sources:
        while record and order(record.source) < order(source.id):
            yield None, record
            record = next(remaining, None)
        if record and record.source == source.id:
            yield source, record
            record = next(remaining, None)
        else:
            yield source, None
    while record:
        yield None, record
        record = next(remaining, None)
