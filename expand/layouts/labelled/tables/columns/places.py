"""Places in the cells of a row: read in pixels, and written as the table has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import atan2, ceil, cos, pi, radians, sin
from typing import NamedTuple

from expand.errors import cut
from expand.geometry import Affine, Size
from expand.layouts.labelled.tables.columns.moves import (
    NUMBER,
    BoxColumns,
    Form,
    PointColumns,
    Style,
    TurnColumn,
    is_number,
    style_of,
)
from expand.layouts.labelled.tables.text.record import Raw, RecordError

EMPTY = frozenset(("", "nan", "null", "none", "na", "n/a"))
LARGEST = 1e9
"""The largest coordinate that is read; larger ones lose their fractions."""
Edges = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
Point = tuple[float, float]


def is_empty(text: str) -> bool:
    """Tell whether a cell has no value."""
    return text.strip().lower() in EMPTY


def read_box(values: Mapping[str, str], columns: BoxColumns, size: Size) -> Edges | None:
    """Return the box of a row in pixels; None if its cells are empty. Raise RecordError."""
    if len(columns.columns) == 1:
        text = values.get(columns.columns[0], "")
        texts = [match[0] for match in NUMBER.finditer(text)]
        if not texts:
            return None
        if len(texts) != 4:
            raise RecordError(f'has "{cut(text)}", and a box is four numbers')
    else:
        texts = [values.get(name, "") for name in columns.columns]
        if all(map(is_empty, texts)):
            return None
        _check_numbers(texts, columns.columns)
    return to_edges([float(each) for each in texts], columns.form, columns.styles, size)


def _check_numbers(texts: Sequence[str], names: Sequence[str]) -> None:
    for text, name in zip(texts, names, strict=True):
        if not is_number(text):
            raise RecordError(f'has "{cut(text)}" in the column "{name}", which is not a number')


def to_edges(numbers: Sequence[float], form: Form, styles: Sequence[Style], size: Size) -> Edges:
    """Return the edges of a box in pixels; raise RecordError if it ends before it begins."""
    for number in numbers:
        if not abs(number) <= LARGEST:  # Python reads NaN in JSON
            raise RecordError(f"has a box with the number {number:g}")
    wide, high = _units(styles, size)
    x, y, third, fourth = (n * unit for n, unit in zip(numbers, (wide, high) * 2, strict=True))
    left, top, right, bottom = x, y, third, fourth
    if form is Form.SIZED:
        right, bottom = x + third, y + fourth
    if form is Form.CENTRED:
        left, top, right, bottom = (
            x - third / 2, y - fourth / 2, x + third / 2, y + fourth / 2
        )  # fmt: skip
    if right < left or bottom < top:
        listed = ", ".join(f"{each:g}" for each in numbers)
        raise RecordError(f"has a box that ends before it begins ({form.value}: {listed})")
    return left, top, right, bottom


def write_box(edges: Sequence[float], form: Form, styles: Sequence[Style], size: Size) -> list[str]:
    """Return the four numbers of a box in a view as texts; they end in the view, as it does."""
    left, top, right, bottom = edges
    if all(style.whole for style in (styles if form is Form.EDGES else styles[2:])):
        left, right = _whole(left, right, float(size.width))
        top, bottom = _whole(top, bottom, float(size.height))
    numbers = [left, top, right, bottom]
    if form is Form.SIZED:
        numbers = [left, top, right - left, bottom - top]
    if form is Form.CENTRED:
        numbers = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
    units = _units(styles, size) * 2
    written = zip(numbers, units, styles, strict=True)
    texts = [style.write(number / unit) for number, unit, style in written]
    if form is not Form.EDGES:
        for axis, side in enumerate(size):
            place, extent = float(texts[axis]), float(texts[axis + 2])
            texts[axis + 2] = _fitted(
                place, extent, form, styles[axis + 2], float(side) / units[axis]
            )
    return texts


def _fitted(place: float, extent: float, form: Form, style: Style, side: float) -> str:
    """Return the text of a width or height: rounding a place and it may not lead out of the view.

    Many libraries refuse a box that is 0.001 outside.
    """
    half = 2 if form is Form.CENTRED else 1
    outside = place + extent / half - side
    if form is Form.CENTRED:
        outside = max(outside, extent / half - place)
    steps = max(0, ceil(half * outside / style.step - 1e-6))
    return style.write(extent - steps * style.step)


def _whole(begin: float, end: float, side: float) -> tuple[float, float]:
    """Return whole edges, at least one pixel apart unless they were one line."""
    first, last = round(begin), round(end)
    if first == last and end > begin:
        return (first, last + 1) if last + 1 <= side else (first - 1, last)
    return first, last


class NewArea(NamedTuple):
    """What is known of the area of an object in a view, in square pixels."""

    before: float
    """That of its box in the source."""
    after: float
    """That of its box in the view."""
    factor: float
    """How many times as large what is visible of the object is."""

    def write(self, text: str) -> str:
        """Return the text of an area: that of the box if it was that, else a share of the old."""
        style, old = style_of([text]), float(text)
        of_box = abs(old - self.before) <= 0.01 * self.before
        new = self.after if of_box else old * self.factor
        return Style(style.whole, style.decimals).write(new)


def area_of(edges: Sequence[float]) -> float:
    """Return the area of a box."""
    left, top, right, bottom = edges
    return max(0.0, right - left) * max(0.0, bottom - top)


def turn_changes(
    values: Mapping[str, str], columns: Sequence[TurnColumn], forward: Affine
) -> dict[str, str]:
    """Return the new cells of angles, and of numbers whose sign a mirror changes."""
    changes = dict[str, str]()
    for each in columns:
        text = values.get(each.column, "")
        if not is_number(text):
            continue
        new = float(text)
        if each.directed:
            new = _turned(new, forward, each.positive)
        elif forward.determinant < 0:
            new = -new
        changes[each.column] = Raw(each.style.write(new))
    return changes


def _turned(degrees: float, forward: Affine, positive: bool) -> float:
    """Return a direction in a view, counter-clockwise from the right; y points down."""
    across, down = cos(radians(degrees)), -sin(radians(degrees))
    x, y = forward.a * across + forward.b * down, forward.d * across + forward.e * down
    turned = atan2(-float(y), float(x)) * 180 / pi
    return turned % 360 if positive else turned


def box_changes(
    values: Mapping[str, str], columns: BoxColumns, edges: Sequence[float], size: Size
) -> dict[str, str]:
    """Return the new cells of a box."""
    texts = write_box(edges, columns.form, columns.styles, size)
    if len(columns.columns) > 1:
        return {name: Raw(text) for name, text in zip(columns.columns, texts, strict=True)}
    name, new = columns.columns[0], iter(texts)
    return {name: Raw(NUMBER.sub(lambda _match: next(new), values[name]))}


def read_points(values: Mapping[str, str], columns: PointColumns, size: Size) -> list[Point | None]:
    """Return the points of a row in pixels; None for those whose cells are empty.

    Whole numbers count pixels: the centre of pixel 0 is at ½.
    """
    wide, high = _units(columns.styles, size)
    half = 0 if columns.styles[0].normalised else 0.5
    points: list[Point | None] = []
    for x, y in zip(columns.x, columns.y, strict=True):
        texts = values.get(x, ""), values.get(y, "")
        if any(map(is_empty, texts)):
            points.append(None)
            continue
        _check_numbers(texts, (x, y))
        if max(abs(float(text)) for text in texts) > LARGEST:
            raise RecordError(f"has a point at {texts[0]}, {texts[1]}")
        points.append((float(texts[0]) * wide + half, float(texts[1]) * high + half))
    return points


def point_changes(
    columns: PointColumns, points: Sequence[Point | None], size: Size, empty: str
) -> dict[str, str]:
    """Return the new cells of points; those of points that are not there are `empty`."""
    units, changes = _units(columns.styles, size), dict[str, str]()
    half = 0 if columns.styles[0].normalised else 0.5
    sides = float(size.width), float(size.height)
    for axis, names in enumerate((columns.x, columns.y)):
        styles = columns.styles[axis * len(names) :]
        for name, point, style in zip(names, points, styles, strict=False):
            if point is None:
                changes[name] = Raw(empty)
                continue
            number = (point[axis] - half) / units[axis]
            if style.whole:
                number = min(max(round(number), 0), sides[axis] - 1)
            changes[name] = Raw(style.write(number))
    return changes


def _units(styles: Sequence[Style], size: Size) -> tuple[float, float]:
    """Return how many pixels 1 is, across and down."""
    return (float(size.width), float(size.height)) if styles[0].normalised else (1.0, 1.0)
