"""Rings: closed lines of corners, many of them in one array."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.geometry import Affine

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]


def move_points(places: Floats, forward: Affine) -> Floats:
    """Return points (… × 2, x and y in pixels) moved by an input-to-output map."""
    x, y = places[..., 0], places[..., 1]
    a, b, c, d, e, f = forward
    moved = np.empty(places.shape)
    moved[..., 0], moved[..., 1] = a * x + b * y + c, d * x + e * y + f
    return moved


class Rings(NamedTuple):
    """R closed rings: P×2 corners in pixels, and the index of the first corner of each ring.

    Every ring has at least one corner; the last is joined to the first.
    """

    corners: Floats
    begins: Wholes

    @classmethod
    def of(cls, rings: Sequence[Floats]) -> Rings:
        """Join rings, each M×2."""
        if not rings:
            return cls(np.empty((0, 2)), np.empty(0, np.int64))
        lengths = [len(ring) for ring in rings]
        return cls(np.concatenate(rings), np.cumsum([0, *lengths[:-1]]))

    @classmethod
    def quadrilaterals(cls, corners: Floats) -> Rings:
        """Return N rings of four corners, N×4×2."""
        return cls(corners.reshape(-1, 2), np.arange(0, 4 * len(corners), 4))

    @property
    def ends(self) -> Wholes:
        """The index after the last corner of each ring."""
        ends = np.empty_like(self.begins)
        ends[:-1] = self.begins[1:]
        ends[-1:] = len(self.corners)
        return ends

    def ring(self, index: int) -> Floats:
        """Return the corners of one ring, M×2."""
        end = self.begins[index + 1] if index + 1 < len(self.begins) else len(self.corners)
        return self.corners[self.begins[index] : end]

    def moved(self, forward: Affine) -> Rings:
        """Return the rings moved by an input-to-output map."""
        return Rings(move_points(self.corners, forward), self.begins)

    def after(self) -> Wholes:
        """Return the index of the corner after each corner, round its ring."""
        after = np.arange(1, len(self.corners) + 1)
        after[self.ends - 1] = self.begins
        return after

    @classmethod
    def join(cls, groups: Sequence[Rings]) -> Rings:
        """Return several rings after each other; there is at least one group."""
        starts = accumulate((len(rings.corners) for rings in groups), initial=0)
        begins = [rings.begins + start for rings, start in zip(groups, starts, strict=False)]
        return cls(np.concatenate([rings.corners for rings in groups]), np.concatenate(begins))

    def between(self, first: int, last: int) -> Rings:
        """Return the rings from index `first` up to `last`."""
        begins = self.begins[first:last]
        if not len(begins):
            return Rings(self.corners[:0], begins)
        end = self.begins[last] if last < len(self.begins) else len(self.corners)
        return Rings(self.corners[begins[0] : end], begins - begins[0])

    def take(self, chosen: Wholes) -> Rings:
        """Return some rings, in the order of their indices in `chosen`."""
        lengths = (self.ends - self.begins)[chosen]
        begins = np.cumsum(lengths) - lengths
        corners = np.repeat(self.begins[chosen] - begins, lengths) + np.arange(lengths.sum())
        return Rings(self.corners.take(corners, axis=0), begins)

    def bounds(self) -> Floats:
        """Return left, top, right and bottom of each ring, R×4."""
        if not len(self.begins):
            return np.empty((0, 4))
        low = np.minimum.reduceat(self.corners, self.begins)
        return np.concatenate([low, np.maximum.reduceat(self.corners, self.begins)], axis=1)

    def areas(self) -> Floats:
        """Return the area of each ring in square pixels, whichever way round it runs."""
        if not len(self.begins):
            return np.empty(0)
        # about each ring's first corner: far from (0, 0) the products would lose digits
        firsts = self.corners[self.begins]
        here = self.corners - np.repeat(firsts, self.ends - self.begins, axis=0)
        after = here[self.after()]
        doubled = here[:, 0] * after[:, 1] - after[:, 0] * here[:, 1]
        return np.abs(np.add.reduceat(doubled, self.begins)) / 2
