"""The places of all objects of an image as targets, which are carried into its views."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expand.geometry import Size
from expand.layouts.labelled.voc.annotations.annotation import Labelled
from expand.targets import Boxes, OrientedBoxes, Points, Polygons, Targets


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


def _edges(row: Labelled) -> Sequence[float]:
    """Return the box of an object: its own, or that around all else that tells its place."""
    if row.box:
        return row.box.edges
    corners = [each.corners for each in row.polygons]
    if row.oriented and not corners:
        corners = [row.oriented.corners]
    if row.point and not corners:
        corners = [np.array([row.point.place])]
    joined = np.concatenate(corners)
    return [*joined.min(axis=0).tolist(), *joined.max(axis=0).tolist()]


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
