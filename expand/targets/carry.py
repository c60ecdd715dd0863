"""Carry: move targets by the placement of a view, clip them, and drop what is hardly visible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from expand.errors import ExpandError, shown
from expand.geometry import Affine, Placement
from expand.targets.clip import in_convex
from expand.targets.extents import Extent, Windows, mask_extents, point_extent, ring_extent
from expand.targets.masks import mask_bounds, move_mask
from expand.targets.points import Points
from expand.targets.rings import Floats, Rings, Wholes
from expand.targets.targets import Targets
from expand.targets.values import Boxes, Mask, OrientedBoxes, Polygons

VISIBLE = 0.1
"""Share of an object that must be visible."""
SMALLEST = 2.0
"""Pixels that the shorter side of an object must have, unless it had fewer before."""
Reason = Literal["outside the view", "too little visible", "smaller than 2 pixels"]
REASONS: tuple[Reason, ...] = get_args(Reason)


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
    return carry_all(targets, [placement], visible, [hidden])[0]


def carry_all(
    targets: Targets,
    placements: Sequence[Placement],
    visible: float = VISIBLE,
    hidden: Sequence[Sequence[Floats]] | None = None,
) -> list[Carried]:
    """Move the targets of an image into several of its views at once, as `carry` does into one.

    For small images, that takes a fraction of the time.
    """
    if not 0 <= visible <= 1:
        raise ExpandError(f"the visible share must be 0 … 1, got {shown(visible)}")
    windows = Windows.of(placements, hidden or [()] * len(placements), len(targets))
    moved, extent = _move(targets, windows)
    return _without_invisible(targets, moved, extent, windows, visible)


class Moved(NamedTuple):
    """The targets of all views, one view after the other: V·N objects."""

    boxes: Floats | None
    oriented: Floats | None
    polygons: Polygons | None
    points: Points | None
    masks: list[tuple[Mask, ...]]
    """Those of each view."""


def _move(targets: Targets, windows: Windows) -> tuple[Moved, Extent]:
    masks = [
        tuple(move_mask(mask, placement) for mask in targets.masks)
        for placement in windows.placements
    ]
    polygons, points = targets.polygons, targets.points
    oriented = None if targets.oriented is None else targets.oriented.corners
    extent = Extent.unknown(windows.total)
    if polygons:
        polygons, extent = _polygons(polygons, windows)
    for number, mask in enumerate(targets.masks):
        if mask.objects is not None:
            extent = extent.otherwise(mask_extents(mask, [each[number] for each in masks], windows))
    if targets.oriented:
        oriented, tilted = _oriented(targets.oriented, windows)
        extent = extent.otherwise(tilted)
    boxes, extent = _boxes(targets.boxes, extent, windows)
    if points:
        points, at_points = _points(points, windows)
        extent = extent.otherwise(at_points)
    return Moved(boxes, oriented, polygons, points, masks), extent


def _polygons(polygons: Polygons, windows: Windows) -> tuple[Polygons, Extent]:
    owners = windows.owners(polygons.objects)
    clipped, extent = ring_extent(windows.move(polygons.rings), owners, windows)
    return Polygons.of(clipped.pieces, owners[clipped.ring], windows.total), extent


def _oriented(oriented: OrientedBoxes, windows: Windows) -> tuple[Floats, Extent]:
    """Return moved oriented boxes; those that are cut fit what is visible, at their own angle."""
    rings = windows.move(Rings.quadrilaterals(oriented.corners))
    clipped, extent = ring_extent(rings, np.arange(windows.total), windows)
    corners = rings.corners.reshape(-1, 4, 2).copy()
    for index in clipped.cut.tolist():
        pieces = np.flatnonzero(clipped.ring == index).tolist()
        if pieces:
            inside = np.concatenate([clipped.pieces.ring(piece) for piece in pieces])
            corners[index] = _fit(corners[index], inside)
    return corners, extent


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


def _boxes(boxes: Boxes | None, extent: Extent, windows: Windows) -> tuple[Floats | None, Extent]:
    """Return the box of what is visible of each object, and the extent with that of the boxes.

    Where axes stay axes and the border does not cut the object, that is its own box, moved: it may
    be larger than its polygon.
    """
    if boxes is None:
        return None, extent
    straight = np.array([_is_straight(forward) for forward in windows.forwards])
    if extent.known.all() and not straight.any():
        return np.nan_to_num(extent.bounds), extent
    rings = windows.move(Rings.quadrilaterals(boxes.corners()))
    own = ring_extent(rings, np.arange(windows.total), windows)[1]
    extent = extent.otherwise(own)
    tilted = ~np.repeat(straight, windows.objects)
    lost = extent.cut | np.isnan(own.bounds[:, 0]) | tilted
    # what has no bounds is dropped
    return np.nan_to_num(np.where(lost[:, None], extent.bounds, own.bounds)), extent


def _is_straight(forward: Affine) -> bool:
    """Return whether axes stay axes: no turn, or one by quarters."""
    return forward.b == forward.d == 0 or forward.a == forward.e == 0


def _points(points: Points, windows: Windows) -> tuple[Points, Extent]:
    views, extents = [], []
    for placement, forward, areas in zip(
        windows.placements, windows.forwards, windows.hidden, strict=True
    ):
        moved = points.moved(forward, placement.size)
        behind = np.zeros(moved.visibility.shape, bool)
        for area in areas:
            behind |= in_convex(moved.places, area)
        views.append(moved.behind(behind))
        extents.append(point_extent(points, moved, behind))
    amounts = np.concatenate([each.amounts for each in extents], axis=1)
    bounds = np.concatenate([each.bounds for each in extents])
    return views[0].followed_by(views[1:]), Extent(amounts, bounds)


def _without_invisible(
    source: Targets, moved: Moved, extent: Extent, windows: Windows, visible: float
) -> list[Carried]:
    """Return the targets of each view, without the objects that it does not show."""
    shares, cut = extent.shares(), extent.cut
    outside = extent.known & (extent.amounts[1] <= 0)
    bounds = extent.bounds if moved.boxes is None else moved.boxes
    sides = bounds[:, 2:] - bounds[:, :2]
    gone = outside | (shares < visible)
    small = ~(sides >= SMALLEST).all(axis=1) & ~gone
    for index in np.flatnonzero(small).tolist():
        small[index] = _shrank(source, index % windows.objects, bounds[index])
    count, every = windows.objects, np.arange(windows.objects)
    reason = np.where(outside, 0, np.where(gone, 1, 2))
    dropped = gone | small
    result = []
    for view in range(len(windows.placements)):
        first = view * count
        here = slice(first, first + count)
        lost = np.flatnonzero(dropped[here]).tolist() if dropped[here].any() else []
        kept = every if not lost else np.flatnonzero(~dropped[here])
        result.append(
            Carried(
                _targets(moved, view, windows, kept),
                kept,
                shares[here],
                cut[here],
                tuple(
                    Dropped(row, float(shares[first + row]), REASONS[reason[first + row]])
                    for row in lost
                ),
            )
        )
    return result


def _targets(moved: Moved, view: int, windows: Windows, kept: Wholes) -> Targets:
    """Return the targets of one view: those of the objects that are kept."""
    rows = view * windows.objects + kept
    return Targets.of(
        len(kept),
        boxes=None if moved.boxes is None else Boxes.of(moved.boxes[rows]),
        oriented=None if moved.oriented is None else OrientedBoxes(moved.oriented[rows]),
        polygons=None if moved.polygons is None else moved.polygons.take(rows),
        points=None if moved.points is None else moved.points.take(rows),
        masks=tuple(mask.take(kept) for mask in moved.masks[view]),
    )


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
