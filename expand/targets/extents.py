"""Extents: how much of each object a view shows, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.geometry import Affine, Placement
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


class Window(NamedTuple):
    """A view that targets are moved into."""

    placement: Placement
    forward: Affine
    """From input to output, in pixels."""
    hidden: Sequence[Floats]
    """Convex areas that are painted over, each K×2."""

    @classmethod
    def of(cls, placement: Placement, hidden: Sequence[Floats]) -> Window:
        """Return the window of a placement."""
        source = Affine(*(float(part) for part in placement.source))
        return cls(Placement(source, placement.size), source.inverse(), hidden)


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

    @property
    def known(self) -> NDArray[np.bool_]:
        """Of which objects something is known."""
        known: NDArray[np.bool_] = self.amounts[0] > 0
        return known

    @property
    def cut(self) -> NDArray[np.bool_]:
        """Which objects are not wholly inside the border; rounding of areas is no cut."""
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


def ring_extent(moved: Rings, owners: Wholes, count: int, window: Window) -> tuple[Clipped, Extent]:
    """Clip moved rings, each of one object, and return what they show of `count` objects."""
    clipped = clip_rings(moved, window.placement.size)
    owner, bounds = owners[clipped.ring], clipped.pieces.bounds()
    framed = clipped.areas
    seen = framed - _hidden_areas(clipped.pieces, bounds, window.hidden)
    each = ((owners, clipped.whole), (owner, framed), (owner, seen))
    amounts = np.stack([np.bincount(of, values, count) for of, values in each], dtype=np.float64)
    if len(flat := np.flatnonzero(amounts[0] < SPECK)):
        amounts[:, flat] = _count_corners(moved, owners, count, window)[:, flat]
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, owner, bounds[:, :2])
    np.maximum.at(high, owner, bounds[:, 2:])
    limits = np.concatenate([low, high], axis=1)
    return clipped, Extent(amounts, np.where(np.isfinite(limits), limits, np.nan))


def _hidden_areas(pieces: Rings, bounds: Floats, hidden: Sequence[Floats]) -> Floats:
    """Return the area of each piece that is painted over."""
    areas = np.zeros(len(bounds))
    for area in hidden:
        low, high = area.min(axis=0), area.max(axis=0)
        apart = (bounds[:, 2:] <= low).any(axis=1) | (bounds[:, :2] >= high).any(axis=1)
        near = np.flatnonzero(~apart)
        if len(near):
            covered_parts, part = clip_convex(pieces.take(near), area)
            areas += np.bincount(near[part], covered_parts.areas(), len(areas))
    return areas


def _count_corners(moved: Rings, owners: Wholes, count: int, window: Window) -> Floats:
    """Return amounts in corners (3×N), for objects without an area: lines and single points."""
    owner = np.repeat(owners, moved.ends - moved.begins)
    size = window.placement.size
    sides = np.array([size.width, size.height], np.float64)
    framed = ((moved.corners >= -TOLERANCE) & (moved.corners <= sides + TOLERANCE)).all(axis=1)
    seen = framed.copy()
    for area in window.hidden:
        seen &= ~in_convex(moved.corners, area)
    return np.stack([np.bincount(owner, each, count) for each in (owner >= 0, framed, seen)])


def mask_extent(mask: Mask, carried: Mask, window: Window) -> Extent:
    """Return what a view shows of the objects of a linked mask, in pixels of the source."""
    (source, size), hidden, shape = window.placement, window.hidden, mask.pixels.shape
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
