"""Carry: move targets by the placement of a view, clip them, and drop what is hardly visible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.errors import ExpandError, shown
from expand.geometry import Affine, Placement
from expand.targets.clip import in_convex
from expand.targets.extents import Extent, Window, mask_extent, point_extent, ring_extent
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
    if not 0 <= visible <= 1:
        raise ExpandError(f"the visible share must be 0 … 1, got {shown(visible)}")
    window = Window.of(placement, hidden)
    polygons, oriented, points = targets.polygons, targets.oriented, targets.points
    masks = tuple(move_mask(mask, placement) for mask in targets.masks)
    extent = Extent.unknown(len(targets))
    if polygons:
        polygons, extent = _polygons(polygons, window)
    for mask, moved_mask in zip(targets.masks, masks, strict=True):
        if mask.objects is not None:
            extent = extent.otherwise(mask_extent(mask, moved_mask, window))
    if oriented:
        oriented, tilted = _oriented(oriented, window)
        extent = extent.otherwise(tilted)
    boxes, extent = _boxes(targets.boxes, extent, window)
    if points:
        points, at_points = _points(points, window)
        extent = extent.otherwise(at_points)
    moved = Targets(boxes, oriented, polygons, points, masks)
    return _without_invisible(targets, moved, extent, visible)


def _polygons(polygons: Polygons, window: Window) -> tuple[Polygons, Extent]:
    moved, count = polygons.rings.moved(window.forward), len(polygons)
    clipped, extent = ring_extent(moved, polygons.objects, count, window)
    return Polygons.of(clipped.pieces, polygons.objects[clipped.ring], count), extent


def _oriented(oriented: OrientedBoxes, window: Window) -> tuple[OrientedBoxes, Extent]:
    """Return moved oriented boxes; those that are cut fit what is visible, at their own angle."""
    count = len(oriented)
    rings = Rings.quadrilaterals(oriented.corners).moved(window.forward)
    clipped, extent = ring_extent(rings, np.arange(count), count, window)
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


def _boxes(boxes: Boxes | None, extent: Extent, window: Window) -> tuple[Boxes | None, Extent]:
    """Return the box of what is visible of each object, and the extent with that of the boxes.

    Where axes stay axes and the border does not cut the object, that is its own box, moved: it may
    be larger than its polygon.
    """
    straight = _is_straight(window.forward)
    if boxes is None or (extent.known.all() and not straight):
        return boxes and Boxes(np.nan_to_num(extent.bounds)), extent
    count = len(boxes)
    rings = Rings.quadrilaterals(boxes.corners()).moved(window.forward)
    own = ring_extent(rings, np.arange(count), count, window)[1]
    extent = extent.otherwise(own)
    lost = extent.cut | np.isnan(own.bounds[:, 0]) | (not straight)
    # what has no bounds is dropped
    edges = np.nan_to_num(np.where(lost[:, None], extent.bounds, own.bounds))
    return Boxes(edges), extent


def _is_straight(forward: Affine) -> bool:
    """Return whether axes stay axes: no turn, or one by quarters."""
    return forward.b == forward.d == 0 or forward.a == forward.e == 0


def _points(points: Points, window: Window) -> tuple[Points, Extent]:
    moved = points.moved(window.forward, window.placement.size)
    behind = np.zeros(moved.visibility.shape, bool)
    for area in window.hidden:
        behind |= in_convex(moved.places, area)
    return moved.behind(behind), point_extent(points, moved, behind)


def _without_invisible(source: Targets, moved: Targets, extent: Extent, visible: float) -> Carried:
    shares, outside = extent.shares(), extent.known & (extent.amounts[1] <= 0)
    bounds = extent.bounds if moved.boxes is None else moved.boxes.edges
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
    return Carried(targets, kept, shares, extent.cut, dropped)


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
