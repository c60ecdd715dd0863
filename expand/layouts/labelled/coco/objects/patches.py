"""Patches: the keys of an annotation that change in a view, with their new values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from expand.layouts.labelled.coco.objects.rle import encode, no_runs
from expand.layouts.labelled.coco.objects.seen import DECIMALS, Seen
from expand.layouts.labelled.coco.objects.shapes import Shape, is_number
from expand.targets.rings import move_points

AREA_DECIMALS = 4


def patch(shape: Shape, seen: Seen) -> dict[str, Any]:
    """Return the new values of those keys of an annotation that say something of places."""
    given, new = shape.given, dict[str, Any]()
    if shape.box is not None:
        new["bbox"] = _box(seen, whole="bbox" in shape.whole)
    if (segmentation := given.get("segmentation")) is not None:
        new["segmentation"] = _segmentation(shape, seen, segmentation)
    if len(shape.states):
        new["keypoints"] = _keypoints(shape, seen)
        if "num_keypoints" in given:
            new["num_keypoints"] = int((seen.states > 0).sum())
    if is_number(given.get("area")):
        new["area"] = _area(shape, seen, given["area"])
    return new


def apply(patch: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an annotation with the new values of a patch.

    A patch says only what changes within an RLE, and within the segments of a panoptic annotation.
    """
    new = {**given, **patch}
    if isinstance(rle := given.get("segmentation"), dict) and "segmentation" in patch:
        new["segmentation"] = {**rle, **patch["segmentation"]}
    if "segments_info" in patch:
        segments = given["segments_info"]
        new["segments_info"] = [
            {**segments[index], **changed} for index, changed in patch["segments_info"]
        ]
    return new


def _listed(values: list[float], *, whole: bool) -> list[float]:
    """Return rounded numbers; whole ones as such if the source has no others."""
    if whole and all(value.is_integer() for value in values):
        return list(map(int, values))
    return values


def _box(seen: Seen, *, whole: bool) -> list[float]:
    """Return left, top, width and height; their sums do not exceed the view's size."""
    left, top, right, bottom = seen.edges
    sides = round(right - left, DECIMALS), round(bottom - top, DECIMALS)
    values = _listed([left, top, *sides], whole=whole)
    for axis, most in enumerate(seen.size):
        while values[axis] + values[axis + 2] > most:
            values[axis + 2] = math.nextafter(values[axis + 2], -1)
    return values


def _segmentation(shape: Shape, seen: Seen, given: Any) -> Any:
    if shape.runs is not None:
        empty = no_runs(int(seen.size.height), int(seen.size.width))
        return encode(seen.runs or empty, compressed=isinstance(given["counts"], str))
    parts = seen.parts
    if not shape.parts:
        sides = np.array([seen.size.width, seen.size.height], np.float64)
        lines = [move_points(ring, seen.forward).clip(0, sides) for ring in shape.flat]
        parts = [(np.round(line, DECIMALS) + 0.0).ravel().tolist() for line in lines]
    return [_listed(part, whole="segmentation" in shape.whole) for part in parts] or given


def _keypoints(shape: Shape, seen: Seen) -> list[float]:
    """Return x, y and visibility of each."""
    if not len(seen.states):
        return [0] * (3 * len(shape.states))
    places = _listed(seen.points.ravel().tolist(), whole="keypoints" in shape.whole)
    listed: list[float] = []
    for index, state in enumerate(seen.states.tolist()):
        listed += [places[2 * index], places[2 * index + 1], state] if state else [0, 0, 0]
    return listed


def _area(shape: Shape, seen: Seen, given: float) -> float:
    """Return the area: it changes as that of the box, if it was that, or of the object."""
    before = shape.area
    if shape.is_box_area:
        left, top, right, bottom = seen.edges
        area = (right - left) * (bottom - top)
    elif before > 0:
        area = given * (seen.area if seen.runs is None else float(seen.runs.area)) / before
    else:
        area = given * abs(float(seen.forward.determinant)) * seen.share
    rounded = round(area, AREA_DECIMALS)
    return int(rounded) if type(given) is int and rounded.is_integer() else rounded
