"""Patches: the keys of an annotation that change in a view, with their new values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from expand.geometry import Affine, Size
from expand.layouts.labelled.coco.objects.rle import Bits, encode
from expand.layouts.labelled.coco.objects.shapes import CENTRE, Shape
from expand.targets.rings import Floats, Rings, Wholes, move_points

DECIMALS = 2
"""Of coordinates, as in COCO's own files."""
AREA_DECIMALS = 4
SAME = 0.01
"""Share by which an area that is that of the box may differ from it."""


@dataclass(frozen=True)
class Moved:
    """What a view shows of an object."""

    size: Size
    """That of the view."""
    forward: Affine
    """From pixels of the image to those of the view."""
    box: Floats
    parts: Sequence[Floats]
    bits: Bits | None
    points: Floats
    states: Wholes
    share: float
    """The visible share of the object."""


def patch(shape: Shape, moved: Moved) -> dict[str, Any]:
    """Return the new values of those keys of an annotation that say something of places."""
    given, new = shape.given, dict[str, Any]()
    if shape.box is not None:
        new["bbox"] = _box(moved, whole=_whole(given["bbox"]))
    if (segmentation := given.get("segmentation")) is not None:
        new["segmentation"] = _segmentation(shape, moved, segmentation)
    if len(shape.states):
        new["keypoints"] = _keypoints(moved, whole=_whole(given["keypoints"]))
    if "num_keypoints" in given:
        new["num_keypoints"] = int((moved.states > 0).sum())
    if _is_number(given.get("area")):
        new["area"] = _area(shape, moved, given["area"])
    return new


def _whole(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _listed(values: Floats, *, whole: bool) -> list[float]:
    """Return rounded numbers; whole ones as such if the source has no others."""
    rounded = (np.round(values, DECIMALS) + 0.0).ravel()  # no -0.0
    if whole and (rounded == np.round(rounded)).all():
        return list(map(int, rounded.tolist()))
    listed: list[float] = rounded.tolist()
    return listed


def _box(moved: Moved, *, whole: bool) -> list[float]:
    """Return left, top, width and height; their sums do not exceed the view's size."""
    edges = np.round(moved.box, DECIMALS)
    values = _listed(np.concatenate([edges[:2], edges[2:] - edges[:2]]), whole=whole)
    for axis, most in enumerate((float(moved.size.width), float(moved.size.height))):
        while values[axis] + values[axis + 2] > most:
            values[axis + 2] = math.nextafter(values[axis + 2], -1)
    return values


def _segmentation(shape: Shape, moved: Moved, given: Any) -> Any:
    if shape.bits is not None:
        size = int(moved.size.height), int(moved.size.width)
        bits = moved.bits if moved.bits is not None else np.zeros(size, np.uint8)
        return {**given, **encode(bits, compressed=isinstance(given["counts"], str))}
    whole = all(_whole(part) for part in given)
    if shape.parts:
        return [_listed(part, whole=whole) for part in moved.parts]
    sides = np.array([moved.size.width, moved.size.height], np.float64)
    lines = [move_points(ring, moved.forward).clip(0, sides) for ring in shape.flat]
    return [_listed(line, whole=whole) for line in lines] or given


def _keypoints(moved: Moved, *, whole: bool) -> list[float]:
    """Return x, y and visibility of each; one within half a pixel of the border is at index 0."""
    places = np.where(moved.states[:, None] > 0, (moved.points - CENTRE).clip(0, None), 0.0)
    listed: list[float] = []
    rows = zip(_listed(places, whole=whole)[::2], _listed(places, whole=whole)[1::2], strict=True)
    for (x, y), state in zip(rows, moved.states.tolist(), strict=True):
        listed += [x, y, state] if state else [0, 0, 0]
    return listed


def _area(shape: Shape, moved: Moved, given: float) -> float:
    """Return the area: it changes as that of the box, if it was that, or of the object."""
    before, after = shape.area, 0.0
    if moved.bits is not None:
        after = float(moved.bits.sum(dtype=np.int64))
    elif moved.parts:
        after = float(Rings.of(list(moved.parts)).areas().sum())
    area = given * abs(float(moved.forward.determinant)) * moved.share
    if before > 0:
        area = given * after / before
    if shape.box is not None and not math.isclose(given, before, rel_tol=SAME):
        width, height = shape.box[2:] - shape.box[:2]
        if math.isclose(given, width * height, rel_tol=SAME):
            new_width, new_height = moved.box[2:] - moved.box[:2]
            area = float(new_width * new_height)
    rounded = round(area, AREA_DECIMALS)
    return int(rounded) if type(given) is int and rounded == int(rounded) else rounded
