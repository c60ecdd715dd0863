"""Points in columns: pairs whose names differ in x and y ("left_eye_x", "left_eye_y")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from expand.errors import ExpandError
from expand.layouts.labelled.tables.columns.declared import OPTION
from expand.layouts.labelled.tables.columns.moves import (
    PointColumns,
    Values,
    are_flags,
    are_numbers,
    styles_of,
)
from expand.layouts.labelled.tables.columns.vocabulary import NO_POINTS
from expand.layouts.recognition.words import words
from expand.targets import flip_by_names

SIDES = {"left": "right", "right": "left", "l": "r", "r": "l", "lt": "rt", "rt": "lt"}


def find_points(
    values: Values, taken: Iterable[str], roles: Mapping[str, str], name: str
) -> PointColumns | None:
    """Return the columns of a table that are points, beside those that are `taken`.

    A point is a pair of columns with the same name but for x and y, which has another word. Points
    named left and right change places in a mirrored view.
    """
    declared = _declared(roles)
    free = [each for each in values if each not in {*taken, *roles}]
    found = _pairs((each for each in free if are_numbers(values[each])), values)
    if all(are_flags(values[each]) for pair in found.values() for each in pair):
        found = {}
    pairs = {**declared, **found}
    if not pairs:
        return None
    x, y = (tuple(pair[axis] for pair in pairs.values()) for axis in (0, 1))
    styles = styles_of(values, (*x, *y))
    if len({*x, *y}) != 2 * len(pairs):
        raise ExpandError(f'"{name}": the columns of points overlap; say what they are: {OPTION}')
    return PointColumns(tuple(pairs), x, y, styles, mirror_of(tuple(pairs)))


def mirror_of(names: Sequence[str]) -> tuple[int, ...] | None:
    """Return the permutation that swaps left and right, or l and r, in names; None without any."""
    if found := flip_by_names(names):
        return found
    keys = [words(name) for name in names]
    others = [tuple(SIDES.get(word, word) for word in key) for key in keys]
    if keys == others or not set(others) <= set(keys) or len(set(keys)) < len(keys):
        return None
    return tuple(keys.index(other) for other in others)


def _declared(roles: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the pairs of columns that the user calls x and y, in order."""
    x = [column for column, role in roles.items() if role == "x"]
    y = [column for column, role in roles.items() if role == "y"]
    if len(x) != len(y):
        raise ExpandError(f"{OPTION} needs a y for each x: {len(x)} x, {len(y)} y")
    return {_bare(a) or a: (a, b) for a, b in zip(x, y, strict=True)}


def _pairs(columns: Iterable[str], values: Values) -> dict[str, tuple[str, str]]:
    by_axis: dict[str, dict[str, str]] = {"x": {}, "y": {}}
    for column in columns:
        if (axis := axis_of(column)) and (bare := _bare(column)):
            by_axis[axis].setdefault(bare, column)
    deep = {_bare(column) for column in values if axis_of(column) == "z"}
    return {
        bare: (column, by_axis["y"][bare])
        for bare, column in by_axis["x"].items()
        if bare in by_axis["y"] and bare not in deep and not NO_POINTS & set(words(bare))
    }


def axis_of(column: str) -> str:
    """Return "x", "y" or "z" if a column's name begins or ends with it; else ""."""
    named = words(column)
    for word in (*named[-1:], *named[:1]):
        if word in ("x", "y", "z"):
            return word
    return ""


def _bare(column: str) -> str:
    """Return the name of a column without its axis and what joins it: "left_eye"."""
    axis = axis_of(column)
    named = words(column)
    if not axis or len(named) < 2:
        return ""
    if named[-1] == axis:
        return re.sub(f"[^0-9A-Za-z]*{axis}[^0-9A-Za-z]*$", "", column, flags=re.IGNORECASE)
    return re.sub(f"^[^0-9A-Za-z]*{axis}[^0-9A-Za-z]*", "", column, flags=re.IGNORECASE)
