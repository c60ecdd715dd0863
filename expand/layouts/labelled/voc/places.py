"""The places of an annotation as targets, and how instances in a mask are linked to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from expand.geometry import Size
from expand.layouts.labelled.voc.annotations.annotation import Labelled
from expand.layouts.labelled.voc.read import ReadMask
from expand.targets import Boxes, Mask, OrientedBoxes, Points, Polygons, Targets
from expand.targets.masks import mask_bounds
from expand.targets.rings import Floats, Wholes

NEAR = 1.0
"""Pixels between the sides of a box and of its instance, so that they are surely the same."""
BORDER = 8.0
"""Pixels between them where the instance has a border of ignored pixels; that of VOC has 5."""


def targets_of(rows: Sequence[Labelled]) -> Targets:
    """Return the places of objects and parts, as they are drawn; all of them have a box."""
    if not rows:
        return Targets()
    oriented, polygons, points = None, None, None
    boxes = Boxes([_edges(row) for row in rows])
    if any(row.oriented for row in rows):
        oriented = OrientedBoxes(
            [
                row.oriented.corners if row.oriented else corners
                for row, corners in zip(rows, boxes.corners(), strict=True)
            ]
        )
    if any(row.polygons for row in rows):
        polygons = Polygons([[each.corners for each in row.polygons] for row in rows])
    if any(row.point for row in rows):
        points = Points(
            [[row.point.place if row.point else (0.0, 0.0)] for row in rows],
            [[2 if row.point else 0] for row in rows],
        )
    return Targets(boxes, oriented, polygons, points)


def _edges(row: Labelled) -> Floats:
    """Return the box of an object: its own, or that around all else that tells its place."""
    if row.box:
        return np.array(row.box.edges)
    corners = [each.corners for each in row.polygons]
    if row.oriented and not corners:
        corners = [row.oriented.corners]
    if row.point and not corners:
        corners = [np.array([row.point.place])]
    joined = np.concatenate(corners)
    return np.concatenate([joined.min(axis=0), joined.max(axis=0)])


def are_outside(targets: Targets, size: Size) -> bool:
    """Tell whether any place is outside the image."""
    if not len(targets):
        return False
    assert targets.boxes
    corners = [targets.boxes.edges.reshape(-1, 2)]
    if targets.polygons:
        corners.append(targets.polygons.rings.corners)
    if targets.oriented:
        corners.append(targets.oriented.corners.reshape(-1, 2))
    if targets.points:
        corners.append(targets.points.places.reshape(-1, 2))
    sides = np.array([size.width, size.height])
    return any(bool((each < 0).any() or (each > sides).any()) for each in corners)


def link(mask: ReadMask, rows: Sequence[Labelled], targets: Targets) -> ReadMask:
    """Return a mask of instances with what is certain of them; value i is object i.

    It is linked to the objects if the box of each is that of its pixels. A border of ignored pixels
    round them is part of them too: then their values are known, but not their extent.
    """
    pixels = mask.mask.pixels
    if not mask.shows_instances or pixels.ndim > 2 or targets.boxes is None:
        return mask
    numbers = np.array([-1 if row.is_part else row.number for row in rows])
    if numbers.max() > np.iinfo(pixels.dtype).max:
        return mask
    linked = Mask(pixels, mask.mask.fill, numbers)
    gaps = _gaps(linked, targets.boxes.edges, numbers)
    if gaps is None or gaps.min() < -NEAR or gaps.max() > BORDER:
        return mask
    return replace(mask, mask=linked if gaps.max() <= NEAR else mask.mask, numbered=True)


def _gaps(mask: Mask, edges: Floats, numbers: Wholes) -> Floats | None:
    """Return how far the pixels of each object are from the sides of its box; None if it has none.

    They are negative for pixels outside the box.
    """
    gaps = []
    for index in np.flatnonzero(numbers > 0).tolist():
        bounds = mask_bounds(mask, index)
        if bounds is None:
            return None
        gaps.append((np.array(bounds) - edges[index]) * [1, 1, -1, -1])
    return np.array(gaps)
