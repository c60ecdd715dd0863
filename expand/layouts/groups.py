"""Groups: images that belong together, such as those of one patient or of one video.

A group is what `--group-by` finds: the text that a regular expression captures in the path of a
source, or the value of a column, where a table says more of each image. No split divides a group.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from expand.errors import ExpandError, cut
from expand.layouts.source import Source

NAME = "group"
"""The name of the capturing group to use, in an expression that has several."""
EXAMPLE = r"'([^/_]+)_[^/]*$'"


@dataclass(frozen=True)
class GroupBy:
    """What `--group-by` names: a column, or a regular expression that captures the group."""

    spec: str
    pattern: re.Pattern[str] | None = None
    """None for a column."""

    @classmethod
    def parse(cls, spec: str, columns: Collection[str] = ()) -> GroupBy:
        """Read the value of `--group-by`; `columns` are those of the dataset's table.

        Raise ExpandError for an expression that is not valid or captures no group.
        """
        if spec in columns:
            return cls(spec)
        try:
            pattern = re.compile(spec)
        except (re.error, RecursionError, OverflowError) as error:
            raise ExpandError(
                f'--group-by "{cut(spec)}" is not a regular expression: {error}'
            ) from error
        if pattern.groups == 1 or NAME in pattern.groupindex:
            return cls(spec, pattern)
        if pattern.groups:
            raise ExpandError(
                f'--group-by "{cut(spec)}" captures {pattern.groups} groups; name the one to use '
                f"(?P<{NAME}>…), or do not capture the others: (?:…)"
            )
        raise ExpandError(_captures_nothing(spec, columns))

    def group(self, source_id: str, annotation: str | None = None) -> str:
        """Return the group of a source; "" if it has none.

        `annotation` is what a table says of it, as JSON text (`Source.annotation`).
        """
        if self.pattern is None:
            return _text(_value(annotation, self.spec))
        if found := self.pattern.search(source_id):
            return found[NAME if NAME in self.pattern.groupindex else 1] or ""
        return ""


def group_of(source_id: str, annotation: str | None, spec: str) -> str:
    """Return the group that `--group-by SPEC` gives to a source; "" if it has none.

    `spec` is a column if the annotation has a value of that name, and an expression otherwise.
    """
    columns = _columns(annotation)
    if spec in columns:
        return _text(columns[spec])
    return _parse(spec).group(source_id)


def columns_of(annotation: str | None) -> tuple[str, ...]:
    """Return the columns that a table has beside those that move with the image.

    Lists are none: so other layouts note the label files of an image.
    """
    columns = _columns(annotation).items()
    return tuple(name for name, value in columns if name and not isinstance(value, dict | list))


def describe_ungrouped(spec: str, count: int, ungrouped: int, first: str) -> str:
    """Say in a sentence how many of `count` sources have no group; empty if all have one.

    `first` is one without. Raise ExpandError if none has a group.
    """
    if not ungrouped:
        return ""
    if ungrouped == count:
        images = "the only image" if count == 1 else f"any of {count:,} images"
        raise ExpandError(
            f'--group-by "{cut(spec)}" finds no group for {images}; the first is "{first}". '
            "A regular expression is compared with the path of each image in its folder"
        )
    have = "1 image has" if ungrouped == 1 else f"{ungrouped:,} images have"
    return (
        f'{have} no group by --group-by "{cut(spec)}", and count as a group each; the first is '
        f'"{first}"'
    )


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


@lru_cache(maxsize=16)
def _parse(spec: str) -> GroupBy:
    return GroupBy.parse(spec)


def _captures_nothing(spec: str, columns: Collection[str]) -> str:
    known = ", ".join(f'"{cut(name)}"' for name in columns)
    where = f"The columns are {known}. A" if known else "A"
    return (
        f'--group-by "{cut(spec)}" captures no group. {where} regular expression has the part that '
        f"names the group in parentheses, for example {EXAMPLE}"
    )


def _value(annotation: str | None, column: str) -> Any:
    return _columns(annotation).get(column)


def _columns(annotation: str | None) -> dict[str, Any]:
    """Return what a table says of a source, by column; nothing if there is no table."""
    if not annotation:
        return {}
    try:
        values = json.loads(annotation)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _text(value: Any) -> str:
    """Return the value of a column as text."""
    if value is None or isinstance(value, dict | list):
        return ""
    return value if isinstance(value, str) else str(value)
