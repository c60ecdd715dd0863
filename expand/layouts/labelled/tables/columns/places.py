"""Places in the cells of a row: read in pixels, and written as the table has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expand.errors import cut
from expand.geometry import Size
from expand.layouts.labelled.tables.columns.moves import (
    NUMBER,
    BoxColumns,
    Form,
    PointColumns,
    Style,
    is_number,
)
from expand.layouts.labelled.tables.text.record import Raw, RecordError

EMPTY = frozenset(("", "nan", "null", "none", "na", "n/a"))
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
    return to_edges([float(each) for each in texts], columns.form, columns.style, size)


def _check_numbers(texts: Sequence[str], names: Sequence[str]) -> None:
    for text, name in zip(texts, names, strict=True):
        if not is_number(text):
            raise RecordError(f'has "{cut(text)}" in the column "{name}", which is no number')


def to_edges(numbers: Sequence[float], form: Form, style: Style, size: Size) -> Edges:
    """Return the edges of a box in pixels; raise RecordError if it ends before it begins."""
    wide, high = _units(style, size)
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


def write_box(edges: Sequence[float], form: Form, style: Style, size: Size) -> list[str]:
    """Return the four numbers of a box as texts."""
    left, top, right, bottom = edges
    if style.whole:
        left, right = _whole(left, right, float(size.width))
        top, bottom = _whole(top, bottom, float(size.height))
    numbers = [left, top, right, bottom]
    if form is Form.SIZED:
        numbers = [left, top, right - left, bottom - top]
    if form is Form.CENTRED:
        numbers = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
    return [style.write(n / unit) for n, unit in zip(numbers, _units(style, size) * 2, strict=True)]


def _whole(begin: float, end: float, side: float) -> tuple[float, float]:
    """Return whole edges, at least one pixel apart unless they were one line."""
    first, last = round(begin), round(end)
    if first == last and end > begin:
        return (first, last + 1) if last + 1 <= side else (first - 1, last)
    return first, last


def box_changes(
    values: Mapping[str, str], columns: BoxColumns, edges: Sequence[float], size: Size
) -> dict[str, str]:
    """Return the new cells of a box."""
    texts = write_box(edges, columns.form, columns.style, size)
    if len(columns.columns) > 1:
        return {name: Raw(text) for name, text in zip(columns.columns, texts, strict=True)}
    name, new = columns.columns[0], iter(texts)
    return {name: Raw(NUMBER.sub(lambda _match: next(new), values[name]))}


def read_points(values: Mapping[str, str], columns: PointColumns, size: Size) -> list[Point | None]:
    """Return the points of a row in pixels; None for those whose cells are empty.

    Whole numbers count pixels: the centre of pixel 0 is at ½.
    """
    wide, high = _units(columns.style, size)
    half = 0 if columns.style.normalised else 0.5
    points: list[Point | None] = []
    for x, y in zip(columns.x, columns.y, strict=True):
        texts = values.get(x, ""), values.get(y, "")
        if any(map(is_empty, texts)):
            points.append(None)
            continue
        _check_numbers(texts, (x, y))
        points.append((float(texts[0]) * wide + half, float(texts[1]) * high + half))
    return points


def point_changes(
    columns: PointColumns, points: Sequence[Point | None], size: Size, empty: str
) -> dict[str, str]:
    """Return the new cells of points; those of points that are not there are `empty`."""
    units, changes = _units(columns.style, size), dict[str, str]()
    half = 0 if columns.style.normalised else 0.5
    sides = float(size.width), float(size.height)
    for names, point in zip(zip(columns.x, columns.y, strict=True), points, strict=True):
        for axis, name in enumerate(names):
            if point is None:
                changes[name] = Raw(empty)
                continue
            number = (point[axis] - half) / units[axis]
            if columns.style.whole:
                number = min(max(round(number), 0), sides[axis] - 1)
            changes[name] = Raw(columns.style.write(number))
    return changes


def _units(style: Style, size: Size) -> tuple[float, float]:
    """Return how many pixels 1 is, across and down."""
    return (float(size.width), float(size.height)) if style.normalised else (1.0, 1.0)
