"""Carry: move targets by the placement of a view, clip them, and drop what is hardly visible."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.geometry import Affine, Placement
from expand.targets.clip import in_convex
from expand.targets.extents import Extent, mask_extent, point_extent, ring_extent
from expand.targets.masks import mask_bounds, move_mask
from expand.targets.points import Points
from expand.targets.rings import Floats, Rings, Wholes
from expand.targets.targets import Targets
from expand.targets.values import Boxes, OrientedBoxes, Polygons

VISIBLE = 0.1
"""Share of an object that must be visible."""
SMALLEST = 2.0
"""Pixels that the shorter side of an object must have, unless it had fewer before."""
Reason = Literal["outside the view", "too little visible", "smaller than 2 pixels"]


class Dropped(NamedTuple):
    """An object that a view does not show: its row in the source, its visible share, and why."""

    row: int
    share: float
    reason: Reason


class Carried(NamedTuple):
    """The targets of a view. N objects of the source became M."""

    targets: Targets
    kept: Wholes
    """The rows in the source of the M objects, ascending."""
    shares: Floats
    """The visible share of each of the N objects of the source, 0 … 1."""
    cut: NDArray[np.bool_]
    """Which of the N objects the border of the view cuts, or leaves out."""
    dropped: tuple[Dropped, ...]


def carry(
    targets: Targets,
    placement: Placement,
    visible: float = VISIBLE,
    hidden: Sequence[Floats] = (),
) -> Carried:
    """Move the targets of an image into one of its views.

    `placement` is the view's output-to-input map and its size. `hidden` are convex areas of the
    view (each K×2, in its pixels) that are painted over, which counts against visibility. An object
    is dropped if its visible share is below `visible` (0 … 1), or if its shorter side became
    smaller than 2 pixels.

    The share is by area: of its polygons if it has any, else of its mask, its oriented box, its
    box; and else by its labelled points. A box that is cut, or at an angle, becomes the tight box
    around what is visible of the object's polygons, its mask, its oriented box, or else of the
    box's own four corners, so it never cuts the object.
    """
    count, forward = len(targets), _plain(placement.source).inverse()
    masks = tuple(move_mask(mask, placement) for mask in targets.masks)
    extents, polygons, oriented = [], targets.polygons, targets.oriented
    if polygons:
        clipped, extent = ring_extent(
            polygons.rings.moved(forward), polygons.objects, count, placement, hidden
        )
        polygons = Polygons.of(clipped.pieces, polygons.objects[clipped.ring], count)
        extents.append(extent)
    for mask, carried in zip(targets.masks, masks, strict=True):
        if mask.objects is not None:
            extents.append(mask_extent(mask, carried, placement, hidden))
    if oriented:
        oriented, extent = _oriented(oriented, forward, placement, hidden)
        extents.append(extent)
    shown = own = reduce(Extent.otherwise, extents, Extent.unknown(count))
    boxes, points = targets.boxes, targets.points
    if boxes is not None and (_is_straight(forward) or not shown.known.all()):
        own = _box_extent(boxes, forward, placement, hidden)
        shown = shown.otherwise(own)
    if points is not None:
        points, extent = _points(points, forward, placement, hidden)
        shown = shown.otherwise(extent)
    boxes = None if boxes is None else _boxes(shown, own, forward)
    moved = Targets(boxes, oriented, polygons, points, masks)
    return _without_invisible(targets, moved, shown, visible)


def _plain(source: Affine) -> Affine:
    return Affine(*(float(part) for part in source))


def _oriented(
    oriented: OrientedBoxes, forward: Affine, placement: Placement, hidden: Sequence[Floats]
) -> tuple[OrientedBoxes, Extent]:
    """Return moved oriented boxes; those that are cut fit what is visible, at their own angle."""
    count = len(oriented)
    rings = Rings.quadrilaterals(oriented.corners).moved(forward)
    clipped, extent = ring_extent(rings, np.arange(count), count, placement, hidden)
    corners = rings.corners.reshape(-1, 4, 2).copy()
    for index in clipped.cut.tolist():
        pieces = np.flatnonzero(clipped.ring == index).tolist()
        if pieces:
            inside = np.concatenate([clipped.pieces.ring(piece) for piece in pieces])
            corners[index] = _fit(corners[index], inside)
    return OrientedBoxes(corners), extent


def _fit(corners: Floats, inside: Floats) -> Floats:
    """Return the part of a parallelogram (4×2), parallel to it, that just holds some points."""
    begin, axes = corners[0], np.stack([corners[1] - corners[0], corners[3] - corners[0]])
    if np.linalg.matrix_rank(axes) < 2:
        return corners
    shares = np.linalg.solve(axes.T, (inside - begin).T).T
    (left, top), (right, bottom) = shares.min(axis=0), shares.max(axis=0)
    fitted: Floats = (
        begin + np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ axes
    )
    return fitted


def _box_extent(
    boxes: Boxes, forward: Affine, placement: Placement, hidden: Sequence[Floats]
) -> Extent:
    count = len(boxes)
    rings = Rings.quadrilaterals(boxes.corners()).moved(forward)
    return ring_extent(rings, np.arange(count), count, placement, hidden)[1]


def _boxes(shown: Extent, own: Extent, forward: Affine) -> Boxes:
    """Return the box of what is visible of each object.

    Where axes stay axes and the border does not cut the object, that is its own box, moved: it may
    be larger than its polygon.
    """
    bounds = shown.bounds
    if _is_straight(forward):
        lost = shown.cut | np.isnan(own.bounds[:, 0])
        bounds = np.where(lost[:, None], bounds, own.bounds)
    return Boxes(np.nan_to_num(bounds))  # what has none is dropped


def _is_straight(forward: Affine) -> bool:
    """Return whether axes stay axes: no turn, or one by quarters."""
    return forward.b == forward.d == 0 or forward.a == forward.e == 0


def _points(
    points: Points, forward: Affine, placement: Placement, hidden: Sequence[Floats]
) -> tuple[Points, Extent]:
    moved = points.moved(forward, placement.size)
    behind = np.zeros(moved.visibility.shape, bool)
    for area in hidden:
        behind |= in_convex(moved.places, area)
    return moved.behind(behind), point_extent(points, moved, behind)


def _without_invisible(source: Targets, moved: Targets, shown: Extent, visible: float) -> Carried:
    shares, outside = shown.shares(), shown.known & (shown.amounts[1] <= 0)
    bounds = shown.bounds if moved.boxes is None else moved.boxes.edges
    sides = bounds[:, 2:] - bounds[:, :2]
    reasons: dict[int, Reason] = {
        index: "outside the view" if outside[index] else "too little visible"
        for index in np.flatnonzero(outside | (shares < visible)).tolist()
    }
    for index in np.flatnonzero(~(sides >= SMALLEST).all(axis=1)).tolist():
        if index not in reasons and _shrank(source, index, bounds[index]):
            reasons[index] = "smaller than 2 pixels"
    dropped = tuple(Dropped(i, float(shares[i]), reasons[i]) for i in sorted(reasons))
    kept = np.setdiff1d(np.arange(len(source)), list(reasons)).astype(np.int64)
    targets = moved if not dropped else moved.take(kept)
    return Carried(targets, kept, shares, shown.cut, dropped)


def _shrank(source: Targets, index: int, bounds: Floats) -> bool:
    """Return whether the shorter side of an object, now below 2 pixels, was longer before."""
    before = _source_bounds(source, index)
    if before is None:
        return False
    after = np.nan_to_num(bounds[2:] - bounds[:2]).min()
    return bool(after < (before[2:] - before[:2]).min() - 1e-6)


def _source_bounds(source: Targets, index: int) -> Floats | None:
    """Return left, top, right and bottom of an object in the source; None for points alone."""
    if source.boxes:
        edges: Floats = source.boxes.edges[index]
        return edges
    corners = source.polygons.parts(index) if source.polygons else []
    if source.oriented and not corners:
        corners = [source.oriented.corners[index]]
    if corners:
        joined = np.concatenate(corners)
        return np.concatenate([joined.min(axis=0), joined.max(axis=0)])
    found = (mask_bounds(mask, index) for mask in source.masks)
    return next((np.array(bounds) for bounds in found if bounds), None)
