"""Shapes: what an annotation says of places in its image, in pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from expand.errors import BadImageError, shown
from expand.geometry import Size
from expand.layouts.labelled.coco.objects.rle import Runs, decode
from expand.layouts.labelled.coco.objects.seen import CENTRE
from expand.targets.rings import Floats, Wholes

FARTHEST = 1e9
"""Pixels: no image is so large."""
SPECK = 1e-9
"""Square pixels below which a polygon is a line."""
LARGEST = 1e18
"""Square pixels: no area is so large."""
SAME = 0.01
"""Share by which an area that is that of the box may differ from it."""


@dataclass(frozen=True)
class Shape:
    """What an annotation says: it has a box, polygons or a mask, and keypoints, or some of them."""

    given: Mapping[str, Any]
    """The annotation as the file has it."""
    place: int
    """Its place among the annotations of the image."""
    box: tuple[float, float, float, float] | None
    """Left, top, right, bottom."""
    parts: tuple[Floats, ...]
    """Its polygons, M×2 each."""
    flat: tuple[Floats, ...]
    """Its polygons without an area, which readers tolerate: two corners, or all on a line."""
    runs: Runs | None
    points: Floats
    """K×2; those that are not labelled are 0, 0."""
    states: Wholes
    """K: 0, 1 or 2."""
    area: float
    """The area of its polygons or its mask; 0 if it has neither."""
    category: str = ""
    """The name of its category."""

    @property
    def located(self) -> bool:
        """Whether it says anything of places; a caption does not."""
        return self.bounds() is not None

    @property
    def crowd(self) -> bool:
        """Whether it is a region with a mask, and no single object."""
        return bool(self.given.get("iscrowd")) and bool(self.runs and self.runs.area)

    @cached_property
    def is_box_area(self) -> bool:
        """Whether the area that it tells is that of its box, not of its polygons or its mask."""
        given = self.given["area"]
        if self.box is None:
            return False
        left, top, right, bottom = self.box
        of_box = math.isclose(given, (right - left) * (bottom - top), rel_tol=SAME)
        return of_box and not math.isclose(given, self.area, rel_tol=SAME)

    @cached_property
    def whole(self) -> frozenset[str]:
        """Which of "bbox", "segmentation" and "keypoints" it tells in whole numbers alone."""
        given = self.given
        whole = {key for key in ("bbox", "keypoints") if _are_whole(given.get(key))}
        segmentation = given.get("segmentation")
        if isinstance(segmentation, list) and all(map(_are_whole, segmentation)):
            whole.add("segmentation")
        return frozenset(whole)

    def bounds(self) -> Sequence[float] | None:
        """Return its box, or else that of whatever it has; None if it has nothing."""
        if self.box is not None:
            return self.box
        corners = [*(self.parts or self.flat), *([self.points[self.states > 0]])]
        if self.runs and self.runs.area:
            corners.append(self.runs.bounds().reshape(2, 2))
        joined = np.concatenate(corners) if corners else np.empty((0, 2))
        return [*joined.min(axis=0).tolist(), *joined.max(axis=0).tolist()] if len(joined) else None


def read_shape(given: Mapping[str, Any], place: int, size: Size, category: str = "") -> Shape:
    """Read an annotation of an image of this size; raise BadImageError if it cannot be used."""
    box, (points, states) = _read_box(given.get("bbox")), _read_keypoints(given.get("keypoints"))
    parts: list[Floats] = []
    flat: list[Floats] = []
    runs, area, segmentation = None, 0.0, given.get("segmentation")
    if isinstance(segmentation, Mapping):
        runs = decode(segmentation, size)
        area = float(runs.area)
    for ring in () if runs is not None else _read_rings(segmentation):
        own = _ring_area(ring)
        (parts if own >= SPECK else flat).append(ring)
        area += own
    attributes = given.get("attributes")
    turn = attributes.get("rotation") if isinstance(attributes, Mapping) else None
    if turn and runs is None and not parts:
        raise BadImageError(
            f"its box is rotated by {shown(turn)}°, which a COCO file cannot say of a copy; export "
            "it as a polygon"
        )
    return Shape(given, place, box, tuple(parts), tuple(flat), runs, points, states, area, category)


def _ring_area(ring: Floats) -> float:
    """Return the area of a polygon, M×2."""
    x, y = (ring - ring[0]).T  # about its first corner: far from (0, 0), digits would be lost
    return abs(float(x[:-1] @ y[1:] - y[:-1] @ x[1:])) / 2


def numbers(values: list[Any], what: str) -> Floats:
    """Return numbers, which may be texts; raise BadImageError if they are not finite numbers."""
    try:
        array = np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise BadImageError(f"its {what} must be numbers, got {shown(values)}") from None
    if array.ndim != 1 or not (np.abs(array) < FARTHEST).all():
        raise BadImageError(f"its {what} must be numbers of pixels, got {shown(values)}")
    return array


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, of square pixels as they can be."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def _are_whole(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int for value in values)


def _read_box(given: Any) -> tuple[float, float, float, float] | None:
    if given is None or given == []:
        return None
    values = given if isinstance(given, list) else []
    if not all(type(value) in (int, float) and abs(value) < FARTHEST for value in values):
        values = numbers(values, "bbox").tolist()
    if len(values) != 4:
        raise BadImageError(f"its bbox must be 4 numbers, got {shown(given)}")
    left, top, width, height = map(float, values)
    if width < 0 or height < 0:
        raise BadImageError(f"its bbox has a negative width or height: {shown(given)}")
    return left, top, left + width, top + height


def _read_rings(given: Any) -> Iterator[Floats]:
    """Yield polygons, M×2 each."""
    if given is None:
        return
    if not isinstance(given, list) or not all(isinstance(each, list) for each in given):
        raise BadImageError(
            f"its segmentation must be a list of polygons or an RLE mask, got {shown(given)}"
        )
    for each in filter(None, given):
        values = numbers(each, "segmentation")
        if len(values) % 2:
            raise BadImageError(f"its segmentation has a polygon of {len(values)} numbers")
        yield values.reshape(-1, 2)


def _read_keypoints(given: Any) -> tuple[Floats, Wholes]:
    if not given:
        return np.empty((0, 2)), np.empty(0, np.int64)
    values = numbers(given, "keypoints") if isinstance(given, list) else np.empty(1)
    if len(values) % 3:
        raise BadImageError(
            f"its keypoints must be x, y and visibility of each, got {shown(given)}"
        )
    rows = values.reshape(-1, 3)
    if not np.isin(rows[:, 2], (0, 1, 2)).all():
        raise BadImageError(f"its keypoints have visibility 0, 1 or 2, got {shown(given)}")
    states = rows[:, 2].astype(np.int64)
    return np.where(states[:, None] > 0, rows[:, :2] + CENTRE, 0.0), states
