"""The groups of a run: found once for all sources, so that a bad --group-by is refused."""

from __future__ import annotations

from collections.abc import Iterable

from expand.layouts.groups import GroupBy, columns_of, describe_ungrouped
from expand.layouts.source import Source


def check_groups(spec: str, sources: Iterable[Source]) -> str:
    """Return a sentence about sources without a group; empty if all have one.

    Raise ExpandError if --group-by is neither a column nor a regular expression that captures a
    group, or if no source has a group.
    """
    group_by: GroupBy | None = None
    count = ungrouped = 0
    first = ""
    for source in sources:
        group_by = group_by or GroupBy.parse(spec, columns_of(source.annotation))
        count += 1
        if not group_by.group(source.id, source.annotation):
            ungrouped, first = ungrouped + 1, first or source.id
    return describe_ungrouped(spec, count, ungrouped, first)
