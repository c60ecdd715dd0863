"""Which columns of a table move with the image; what may move and is not known is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from expand.errors import ExpandError
from expand.layouts.labelled.tables.columns.boxes import find_boxes
from expand.layouts.labelled.tables.columns.declared import parse_columns, say_columns
from expand.layouts.labelled.tables.columns.moves import (
    Moves,
    ObjectColumn,
    TurnColumn,
    Values,
    are_flags,
    are_numbers,
    is_number,
    numbers_in,
    style_of,
)
from expand.layouts.labelled.tables.columns.points import axis_of, find_points
from expand.layouts.labelled.tables.columns.vocabulary import ANGLES, PLACES, TEXTS
from expand.layouts.recognition.words import words

SIZES = (
    ("width", "height"), ("imagewidth", "imageheight"), ("imgwidth", "imgheight"),
    ("imgw", "imgh"), ("imagew", "imageh"), ("w", "h"),
)  # fmt: skip
"""Names of the columns for the size of the image."""

RUNS = frozenset(("rle", "encoded"))
PAIRS = re.compile(r"\s*(?:[\[(]\s*){2,}-?\d+(?:\.\d*)?\s*,\s*-?\d+(?:\.\d*)?\s*[\])]\s*,")
"""The beginning of a list of points: "[[1, 2], [3, 4]]"."""
TOKEN = re.compile(r"<loc_?\d+>")
"""A place in a text, as Florence and PaliGemma have it."""


def find_moves(values: Values, text: str, name: str, objects: ObjectColumn | None = None) -> Moves:
    """Return what moves with the image, of the columns that name no image.

    `text` is what the user says of them (--columns). Raise ExpandError for a column whose name says
    that it moves, if it is not known how.
    """
    roles = parse_columns(text, list(values))
    free: dict[str, Counter[str]] = {
        column: counts
        for column, counts in values.items()
        if roles.get(column) != "ignore" and (objects is None or column != objects.column)
    }
    box = find_boxes(free, roles, name)
    taken = {*(box.columns if box else ())}
    size = _size(free, taken, roles, boxes=bool(box or objects))
    taken |= {*(size or ())}
    turns = _turns(free, roles)
    taken |= {each.column for each in turns}
    points = find_points(free, taken, roles, name)
    taken |= {*points.x, *points.y} if points else set()
    _refuse_others({key: free[key] for key in free if key not in taken}, name)
    return Moves(box, points, objects, size, _area(free) if box else "", turns)


def _size(
    values: Values, taken: set[str], roles: Mapping[str, str], *, boxes: bool
) -> tuple[str, str] | None:
    joined = {"".join(words(column)): column for column in values if column not in taken}
    for width, height in SIZES if boxes else SIZES[:-1]:
        pair = joined.get(width, ""), joined.get(height, "")
        numeric = all(name and are_numbers(values[name]) for name in pair)
        if numeric and not {*pair} & {*roles}:
            return pair
    return None


def _area(values: Values) -> str:
    named = ("area", "bboxarea", "boxarea")
    found = (name for name in values if "".join(words(name)) in named and are_numbers(values[name]))
    return next(found, "")


def _turns(values: Values, roles: Mapping[str, str]) -> tuple[TurnColumn, ...]:
    """Return the columns that the user calls an angle, or negated by a mirror."""
    found = []
    for column, role in roles.items():
        if role in ("angle", "mirror"):
            numbers = [float(each) for each in values[column] if is_number(each)]
            positive = min(numbers, default=0) >= 0 and max(numbers, default=0) > 180
            style = replace(style_of(values[column]), normalised=False)
            found.append(TurnColumn(column, role == "angle", positive, style))
    return tuple(found)


def _refuse_others(values: Values, name: str) -> None:
    moving = [column for column, counts in values.items() if _may_move(column, counts)]
    if not moving:
        return
    if tokens := next((c for c in moving if any(map(TOKEN.search, values[c]))), ""):
        raise ExpandError(
            f'"{name}": the column "{tokens}" has places as tokens, such as <loc0256>, which are '
            "not read; export the dataset as COCO, YOLO or Pascal VOC"
        )
    shown = ", ".join(f'"{column}"' for column in moving[:6])
    if any(re.fullmatch(r"[+-]?\d+,\d+", value) for each in moving for value in values[each]):
        raise ExpandError(f'"{name}": numbers in {shown} have decimal commas; write decimal points')
    more = f" and {len(moving) - 6} more" if len(moving) > 6 else ""
    are = "columns whose names or values say that they move" if len(moving) > 1 else (
        "a column whose name or values say that it moves"
    )  # fmt: skip
    ignored = say_columns(dict.fromkeys(moving[:6], "ignore"))
    raise ExpandError(
        f'"{name}" has {are} with the image: {shown}{more}. {_advice(moving)}If nothing there '
        f"changes when the image is moved: {ignored}. (A recipe that moves nothing, such "
        f"as --techniques noise=2, keeps such labels true.)"
    )


def _advice(moving: Iterable[str]) -> str:
    """Return what to say of run lengths, or of a single pair of x and y, which can be a point."""
    if any(RUNS & {*words(column)} for column in moving):
        return (
            'Run lengths are not read here: write each as a mask (PNG) in a folder "masks", with '
            "the name of its image, or all as a COCO file. "
        )
    by_axis = {axis_of(column): column for column in moving}
    if "x" in by_axis and "y" in by_axis:
        x, y = by_axis["x"], by_axis["y"]
        return f"For a point in pixels: {say_columns({x: 'x', y: 'y'})}. "
    if angles := [column for column in moving if ANGLES & {*words(column)}]:
        return (
            "For a direction in degrees, counter-clockwise from the right: "
            f"{say_columns({angles[0]: 'angle'})}. For a number that a mirror makes negative, such "
            f"as a steering angle: {say_columns({angles[0]: 'mirror'})}. "
        )
    return ""


def _may_move(column: str, counts: Counter[str]) -> bool:
    """Tell whether the name of a column says that it moves, and its values can."""
    named = {*words(column), "".join(words(column))}
    if any(map(TOKEN.search, counts)) or _are_outlines(counts):
        return True
    if named & TEXTS and any(len(numbers_in(value)) > 1 for value in counts):
        return True
    placed = bool(named & (PLACES | ANGLES)) or axis_of(column) in ("x", "y")
    return placed and are_numbers(_with_points(counts)) and not are_flags(counts)


def _are_outlines(counts: Counter[str]) -> bool:
    """Tell whether half of the values are lists of pairs of numbers, whatever their name says."""
    filled = [value for value in counts if value]
    return 2 * sum(bool(PAIRS.match(value)) for value in filled) >= len(filled) > 0


def _with_points(counts: Counter[str]) -> Counter[str]:
    """Return values with decimal points for decimal commas."""
    return Counter({value.replace(",", "."): count for value, count in counts.items()})
