"""Extents: how much of each object a view shows, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.geometry import Placement
from expand.targets.clip import (
    SPECK,
    TOLERANCE,
    Clipped,
    clip_convex,
    clip_rings,
    frame_corners,
    in_convex,
)
from expand.targets.masks import covered, mask_bounds
from expand.targets.points import ABSENT, Points
from expand.targets.rings import Floats, Rings, Wholes, move_points
from expand.targets.values import Mask
from expand.targets.windows import Windows


class Extent(NamedTuple):
    """What a view shows of each of N objects."""

    amounts: Floats
    """3×N, in one unit (square pixels, pixels or points): the whole object (0 if nothing is known
    of it), its part inside the border of the view, and that part without what is painted over."""
    bounds: Floats
    """Left, top, right and bottom of the part inside, N×4; not a number where there is none."""

    @classmethod
    def unknown(cls, count: int) -> Extent:
        """Return the extent of objects of which nothing is known."""
        return cls(np.zeros((3, count)), np.full((count, 4), np.nan))

    @classmethod
    def join(cls, extents: Sequence[Extent]) -> Extent:
        """Return the extents of all objects, in order; there is at least one extent."""
        amounts = np.concatenate([each.amounts for each in extents], axis=1)
        return cls(amounts, np.concatenate([each.bounds for each in extents]))

    @property
    def known(self) -> NDArray[np.bool_]:
        """Of which objects something is known."""
        known: NDArray[np.bool_] = self.amounts[0] > 0
        return known

    @property
    def cut(self) -> NDArray[np.bool_]:
        """Which objects are not wholly inside the border; rounding of areas is not a cut."""
        cut: NDArray[np.bool_] = self.amounts[1] < self.amounts[0] * (1 - 1e-9)
        return cut

    def shares(self) -> Floats:
        """Return the visible share of each object, 0 … 1; 1 if nothing is known of it."""
        whole = np.where(self.known, self.amounts[0], 1.0)
        return np.where(self.known, self.amounts[2] / whole, 1.0).clip(0, 1)

    def otherwise(self, other: Extent) -> Extent:
        """Return this extent, and another one for the objects of which nothing is known here."""
        return Extent(
            np.where(self.known, self.amounts, other.amounts),
            np.where(self.known[:, None], self.bounds, other.bounds),
        )


def ring_extent(moved: Rings, owners: Wholes, windows: Windows) -> tuple[Clipped, Extent]:
    """Clip moved rings, each of one object, and return what they show of all objects."""
    count, clipped = windows.total, clip_rings(moved, windows.sizes(owners))
    owner, bounds = owners[clipped.ring], clipped.pieces.bounds()
    amounts = np.zeros((3, count))
    amounts[0] = np.bincount(owners, clipped.whole, count)
    amounts[1] = amounts[2] = np.bincount(owner, clipped.areas, count)
    if any(len(window.hidden) for window in windows.each):
        hidden = _hidden_areas(clipped.pieces, owner, bounds, windows)
        amounts[2] -= np.bincount(owner, hidden, count)
    if (amounts[0] < SPECK).any():
        flat = np.flatnonzero(amounts[0] < SPECK)
        amounts[:, flat] = _count_corners(moved, owners, windows)[:, flat]
        # a line along the border of which nothing is left, by rounding
        amounts[1:, flat[~np.isin(flat, owner)]] = 0
    limits = np.full((count, 4), np.nan)
    if len(owner) == count and (owner == np.arange(count)).all():
        return clipped, Extent(amounts, bounds)
    if len(owner):
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        limits[owner[first], :2] = np.minimum.reduceat(bounds[:, :2], first)
        limits[owner[first], 2:] = np.maximum.reduceat(bounds[:, 2:], first)
    return clipped, Extent(amounts, limits)


def _hidden_areas(pieces: Rings, owner: Wholes, bounds: Floats, windows: Windows) -> Floats:
    """Return the area of each piece that is painted over."""
    areas, views = np.zeros(len(bounds)), windows.views[owner]
    for view, area in windows.painted():
        low, high = area.min(axis=0), area.max(axis=0)
        apart = (bounds[:, 2:] <= low).any(axis=1) | (bounds[:, :2] >= high).any(axis=1)
        near = np.flatnonzero(~apart & (views == view))
        if len(near):
            covered_parts, part = clip_convex(pieces.take(near), area)
            areas += np.bincount(near[part], covered_parts.areas(), len(areas))
    return areas


def _count_corners(moved: Rings, owners: Wholes, windows: Windows) -> Floats:
    """Return amounts in corners (3×VN), for objects without an area: lines and single points."""
    owner, count = np.repeat(owners, moved.ends - moved.begins), windows.total
    sides = windows.sides[owner]
    framed = ((moved.corners >= -TOLERANCE) & (moved.corners <= sides + TOLERANCE)).all(axis=1)
    seen, views = framed.copy(), windows.views[owner]
    for view, area in windows.painted():
        seen &= ~((views == view) & in_convex(moved.corners, area))
    return np.stack([np.bincount(owner, each, count) for each in (owner >= 0, framed, seen)])


def mask_extents(carried: Sequence[tuple[Mask, ...]], number: int, windows: Windows) -> Extent:
    """Return what views show of the objects of a linked mask, in pixels of the source.

    It is the mask of that number in each window; `carried` are all masks of each view.
    """
    extents = [
        _mask_extent(window.targets.masks[number], masks[number], window.placement, window.hidden)
        for window, masks in zip(windows.each, carried, strict=True)
    ]
    return Extent.join(extents)


def _mask_extent(
    mask: Mask, carried: Mask, placement: Placement, hidden: Sequence[Floats]
) -> Extent:
    (source, size), shape = placement, mask.pixels.shape
    framed = covered([move_points(frame_corners(size), source)], shape)
    amounts = [mask.counts, mask.count(framed)]
    if hidden:
        framed &= ~covered([move_points(area, source) for area in hidden], shape)
    amounts.append(mask.count(framed) if hidden else amounts[1])
    missing = [np.nan] * 4
    bounds = [mask_bounds(carried, index) or missing for index in range(len(amounts[0]))]
    return Extent(np.stack(amounts), np.array(bounds, np.float64).reshape(-1, 4))


def point_extent(source: Points, carried: Points, hidden: NDArray[np.bool_]) -> Extent:
    """Return how many of the labelled points of each object a view shows; `hidden` is N×K."""
    labelled, framed = source.visibility != ABSENT, carried.visibility != ABSENT
    amounts = np.stack([each.sum(axis=1) for each in (labelled, framed, framed & ~hidden)])
    return Extent(amounts.astype(np.float64), np.full((len(labelled), 4), np.nan))
