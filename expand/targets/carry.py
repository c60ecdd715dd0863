"""Carry: move targets by the placement of a view, clip them, and drop what is hardly visible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from expand.errors import ExpandError, shown
from expand.geometry import Affine, Placement
from expand.targets.clip import in_convex
from expand.targets.extents import Extent, mask_extents, point_extent, ring_extent
from expand.targets.masks import mask_bounds, move_mask
from expand.targets.points import Points
from expand.targets.rings import Floats, Rings, Wholes
from expand.targets.targets import Targets
from expand.targets.values import Boxes, Mask, OrientedBoxes, Polygons
from expand.targets.windows import VISIBLE, Window, Windows

SMALLEST = 2.0
"""Pixels that the shorter side of an object must have, unless it had fewer before."""
Reason = Literal["outside the view", "too little visible", "smaller than 2 pixels"]
REASONS: tuple[Reason, ...] = get_args(Reason)
Given = TypeVar("Given", Boxes, OrientedBoxes, Polygons, Points)


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
    return carry_all([Window(targets, placement, hidden, visible)])[0]


def carry_all(windows: Sequence[Window]) -> list[Carried]:
    """Move targets into several views at once, as `carry` does into one.

    For small images, that takes a fraction of the time. The targets are of one image, or of several
    that have targets of the same kinds, and no masks.
    """
    for window in windows:
        if not 0 <= window.visible <= 1:
            raise ExpandError(f"the visible share must be 0 … 1, got {shown(window.visible)}")
    together = Windows(windows)
    moved, extent = _move(together)
    return _without_invisible(moved, extent, together)


class Moved(NamedTuple):
    """The targets of all windows, those of one after those of the other."""

    boxes: Floats | None
    oriented: Floats | None
    polygons: Polygons | None
    points: list[Points] | None
    """Those of each window; and so the masks."""
    masks: list[tuple[Mask, ...]]


def _move(windows: Windows) -> tuple[Moved, Extent]:
    targets = [window.targets for window in windows.each]
    masks = [
        tuple(move_mask(mask, window.placement) for mask in window.targets.masks)
        for window in windows.each
    ]
    extent = Extent.unknown(windows.total)
    moved, oriented, points = None, None, None
    if polygons := _given(each.polygons for each in targets):
        moved, extent = _polygons(polygons, windows)
    for number, mask in enumerate(targets[0].masks):
        if mask.objects is not None:
            extent = extent.otherwise(mask_extents(masks, number, windows))
    if tilted := _given(each.oriented for each in targets):
        oriented, found = _oriented(tilted, windows)
        extent = extent.otherwise(found)
    boxes, extent = _boxes(_given(each.boxes for each in targets), extent, windows)
    if marks := _given(each.points for each in targets):
        points, found = _points(marks, windows)
        extent = extent.otherwise(found)
    return Moved(boxes, oriented, moved, points, masks), extent


def _given(values: Iterable[Given | None]) -> list[Given]:
    """Return what each window has; empty if they have nothing of the kind."""
    return [value for value in values if value is not None]


def _polygons(polygons: Sequence[Polygons], windows: Windows) -> tuple[Polygons, Extent]:
    owners = windows.owners([each.objects for each in polygons])
    corners = [len(each.rings.corners) for each in polygons]
    rings = windows.move(Rings.join([each.rings for each in polygons]), corners)
    clipped, extent = ring_extent(rings, owners, windows)
    return Polygons.of(clipped.pieces, owners[clipped.ring], windows.total), extent


def _oriented(boxes: Sequence[OrientedBoxes], windows: Windows) -> tuple[Floats, Extent]:
    """Return moved oriented boxes; those that are cut fit what is visible, at their own angle."""
    every = np.ones(len(boxes), bool)
    rings = windows.move_quadrilaterals(np.concatenate([each.corners for each in boxes]), every)
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


def _boxes(
    boxes: Sequence[Boxes], extent: Extent, windows: Windows
) -> tuple[Floats | None, Extent]:
    """Return the box of what is visible of each object, and the extent with that of the boxes.

    Where axes stay axes and the border does not cut the object, that is its own box, moved: it may
    be larger than its polygon.
    """
    if not boxes:
        return None, extent
    # where axes do not stay axes, the box of an object is needed if nothing else is known of it
    needed = windows.straight | (not extent.known.all())
    if not needed.any():
        return np.nan_to_num(extent.bounds), extent
    objects = np.flatnonzero(needed[windows.views])
    edges = np.concatenate([each.edges for each in boxes])[objects]
    rings = windows.move_quadrilaterals(Boxes.of(edges).corners(), needed)
    own = ring_extent(rings, objects, windows)[1]
    extent = extent.otherwise(own)
    lost = extent.cut | np.isnan(own.bounds[:, 0]) | ~windows.straight[windows.views]
    # what has no bounds is dropped
    return np.nan_to_num(np.where(lost[:, None], extent.bounds, own.bounds)), extent


def _points(points: Sequence[Points], windows: Windows) -> tuple[list[Points], Extent]:
    views, extents = [], []
    forwards = np.stack(windows.forwards, axis=-1).tolist()
    for own, window, forward in zip(points, windows.each, forwards, strict=True):
        moved = own.moved(Affine(*forward), window.placement.size)
        behind = np.zeros(moved.visibility.shape, bool)
        for area in window.hidden:
            behind |= in_convex(moved.places, area)
        views.append(moved.behind(behind))
        extents.append(point_extent(own, moved, behind))
    return views, Extent.join(extents)


def _without_invisible(moved: Moved, extent: Extent, windows: Windows) -> list[Carried]:
    """Return the targets of each window, without the objects that it does not show."""
    shares, cut = extent.shares(), extent.cut
    outside = extent.known & (extent.amounts[1] <= 0)
    bounds = extent.bounds if moved.boxes is None else moved.boxes
    sides = bounds[:, 2:] - bounds[:, :2]
    gone = outside | (shares < windows.visible)
    small = ~(sides >= SMALLEST).all(axis=1) & ~gone
    for index in np.flatnonzero(small).tolist():
        view = int(windows.views[index])
        first = int(windows.firsts[view])
        small[index] = _shrank(windows.each[view].targets, index - first, bounds[index])
    reason, dropped = np.where(outside, 0, np.where(gone, 1, 2)), gone | small
    result, some = [], bool(dropped.any())
    polygons = None if moved.polygons is None else moved.polygons.split(windows.firsts)
    for view, (first, last) in enumerate(pairwise(windows.firsts.tolist())):
        here = slice(first, last)
        kept, lost = np.arange(last - first), tuple[Dropped, ...]()
        if some and dropped[here].any():
            kept = np.flatnonzero(~dropped[here])
            lost = tuple(
                Dropped(row, float(shares[first + row]), REASONS[reason[first + row]])
                for row in np.flatnonzero(dropped[here]).tolist()
            )
        own = None if polygons is None else polygons[view].take(kept)
        targets = _targets(moved, view, here, kept, own)
        result.append(Carried(targets, kept, shares[here], cut[here], lost))
    return result


def _targets(
    moved: Moved, view: int, here: slice, kept: Wholes, polygons: Polygons | None
) -> Targets:
    """Return the targets of one window, whose objects are `here`: those that are kept."""
    boxes, oriented, _, points, masks = moved
    return Targets.of(
        len(kept),
        boxes=None if boxes is None else Boxes.of(boxes[here][kept]),
        oriented=None if oriented is None else OrientedBoxes(oriented[here][kept]),
        polygons=polygons,
        points=None if points is None else points[view].take(kept),
        masks=tuple(mask.take(kept) for mask in masks[view]),
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
