"""Shapes: what an annotation says of places in its image, in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from expand.errors import BadImageError, shown
from expand.geometry import Size
from expand.layouts.labelled.coco.objects.rle import Bits, decode
from expand.targets.rings import Floats, Rings, Wholes

CENTRE = 0.5
"""COCO's keypoints are indices of pixels, and its boxes and polygons edges: what is added to them.

https://github.com/facebookresearch/detectron2/pull/175
"""
SPECK = 1e-9
"""Square pixels below which a polygon is a line."""


@dataclass(frozen=True)
class Shape:
    """What an annotation says: it has a box, polygons or a mask, and keypoints, or some of them."""

    given: Mapping[str, Any]
    """The annotation as the file has it."""
    place: int
    """Its place among the annotations of the image."""
    box: Floats | None
    """Left, top, right, bottom."""
    parts: tuple[Floats, ...]
    """Its polygons, M×2 each."""
    flat: tuple[Floats, ...]
    """Its polygons without an area, which readers tolerate: two corners, or all on a line."""
    bits: Bits | None
    points: Floats
    """K×2; those that are not labelled are 0, 0."""
    states: Wholes
    """K: 0, 1 or 2."""
    category: str = ""
    """The name of its category."""

    @property
    def located(self) -> bool:
        """Whether it says anything of places; a caption does not."""
        return self.bounds() is not None

    @property
    def crowd(self) -> bool:
        """Whether it is a region with a mask, and no single object."""
        return bool(self.given.get("iscrowd")) and self.bits is not None and bool(self.bits.any())

    @property
    def area(self) -> float:
        """The area of its polygons or its mask; 0 if it has neither."""
        if self.bits is not None:
            return float(self.bits.sum(dtype=np.int64))
        return float(Rings.of(list(self.parts)).areas().sum()) if self.parts else 0.0

    def bounds(self) -> Floats | None:
        """Return its box, or else that of whatever it has; None if it has nothing."""
        if self.box is not None:
            return self.box
        corners = [*(self.parts or self.flat), *([self.points[self.states > 0]])]
        if self.bits is not None and self.bits.any():
            corners.append(bounds_of(self.bits).reshape(2, 2))
        joined = np.concatenate(corners) if corners else np.empty((0, 2))
        return np.concatenate([joined.min(axis=0), joined.max(axis=0)]) if len(joined) else None


def bounds_of(bits: Bits) -> Floats:
    """Return left, top, right and bottom of a mask that is not empty."""
    x, y, width, height = cv2.boundingRect(bits)
    return np.array([x, y, x + width, y + height], np.float64)


def read_shape(given: Mapping[str, Any], place: int, size: Size, category: str = "") -> Shape:
    """Read an annotation of an image of this size; raise BadImageError if it cannot be used."""
    parts, flat, bits = _read_segmentation(given.get("segmentation"), size)
    points, states = _read_keypoints(given.get("keypoints"))
    box = _read_box(given.get("bbox"))
    return Shape(given, place, box, tuple(parts), tuple(flat), bits, points, states, category)


def numbers(values: list[Any], what: str) -> Floats:
    """Return numbers, which may be texts; raise BadImageError if they are not finite numbers."""
    try:
        array = np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise BadImageError(f"its {what} must be numbers, got {shown(values)}") from None
    if array.ndim != 1 or not np.isfinite(array).all():
        raise BadImageError(f"its {what} must be finite numbers, got {shown(values)}")
    return array


def _read_box(given: Any) -> Floats | None:
    if given is None or given == []:
        return None
    box = numbers(given, "bbox") if isinstance(given, list) else None
    if box is None or len(box) != 4:
        raise BadImageError(f"its bbox must be 4 numbers, got {shown(given)}")
    if (box[2:] < 0).any():
        raise BadImageError(f"its bbox has a negative width or height: {shown(given)}")
    return np.concatenate([box[:2], box[:2] + box[2:]])


def _read_segmentation(given: Any, size: Size) -> tuple[list[Floats], list[Floats], Bits | None]:
    if isinstance(given, Mapping):
        return [], [], decode(given, size)
    if given is None:
        return [], [], None
    if not isinstance(given, list) or not all(isinstance(each, list) for each in given):
        raise BadImageError(
            f"its segmentation must be a list of polygons or an RLE mask, got {shown(given)}"
        )
    parts: list[Floats] = []
    flat: list[Floats] = []
    for each in filter(None, given):
        values = numbers(each, "segmentation")
        if len(values) % 2:
            raise BadImageError(f"its segmentation has a polygon of {len(values)} numbers")
        ring = values.reshape(-1, 2)
        solid = len(ring) > 2 and Rings.of([ring]).areas()[0] >= SPECK
        (parts if solid else flat).append(ring)
    return parts, flat, None


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
