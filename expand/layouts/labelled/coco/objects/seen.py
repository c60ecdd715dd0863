"""Seen: what a view shows of each object, rounded as COCO files have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from expand.geometry import Affine, Size
from expand.layouts.labelled.coco.objects.rle import Runs
from expand.targets import Points, Polygons, Targets
from expand.targets.rings import Floats, Wholes

DECIMALS = 2
"""Of coordinates, as in COCO's own files."""
CENTRE = 0.5
"""COCO's keypoints are indices of pixels, and its boxes and polygons edges: what is added to them.

https://github.com/facebookresearch/detectron2/pull/175
"""
NO_POINTS: Floats = np.empty((0, 2))
NO_STATES: Wholes = np.empty(0, np.int64)


class Seen(NamedTuple):
    """What a view shows of an object."""

    size: Size
    """That of the view."""
    forward: Affine
    """From pixels in which the object was drawn to those of the view."""
    edges: Sequence[float]
    """Left, top, right and bottom of its box."""
    share: float
    """Its visible share."""
    parts: Sequence[list[float]] = ()
    """Its polygons: x and y of each corner."""
    area: float = 0.0
    """The area of its polygons."""
    runs: Runs | None = None
    points: Floats = NO_POINTS
    """K×2, as indices of pixels; not below 0, which is half a pixel inside the border."""
    states: Wholes = NO_STATES


@dataclass(frozen=True)
class View:
    """The targets of a view, prepared so that each object is quickly read from them."""

    size: Size
    forward: Affine
    edges: list[list[float]]
    shares: list[float]
    corners: list[float]
    """x and y of each corner of all rings."""
    rings: list[tuple[int, int]]
    """Where the corners of each ring begin and end."""
    first: list[int]
    """The first ring of each object, and the number of rings."""
    areas: list[float]
    points: Floats | None
    states: Wholes | None

    @classmethod
    def of(cls, targets: Targets, shares: Sequence[float], size: Size, forward: Affine) -> View:
        """Return a view of this size with these targets, of which it shows some `shares`."""
        edges = _rounded(targets.boxes.edges).tolist() if targets.boxes else []
        corners, rings, first, areas = _rings(targets.polygons)
        points, states = _points(targets.points)
        return cls(size, forward, edges, list(shares), corners, rings, first, areas, points, states)

    def seen(self, place: int, columns: slice, runs: Runs | None) -> Seen:
        """Return what is seen of the object at a place; `columns` are those of its keypoints."""
        parts: list[list[float]] = []
        area = 0.0
        if self.first:
            rings = self.rings[self.first[place] : self.first[place + 1]]
            parts = [self.corners[begin:end] for begin, end in rings]
            area = self.areas[place]
        points, states = NO_POINTS, NO_STATES
        if self.points is not None and self.states is not None:
            points, states = self.points[place, columns], self.states[place, columns]
        edges, share = self.edges[place], self.shares[place]
        return Seen(self.size, self.forward, edges, share, parts, area, runs, points, states)


def _rounded(values: Floats) -> Floats:
    rounded: Floats = np.round(values, DECIMALS) + 0.0  # no -0.0
    return rounded


def _rings(
    polygons: Polygons | None,
) -> tuple[list[float], list[tuple[int, int]], list[int], list[float]]:
    if polygons is None:
        return [], [], [], []
    rings, count = polygons.rings, len(polygons)
    first: list[int] = np.searchsorted(polygons.objects, np.arange(count + 1)).tolist()
    ends = zip((2 * rings.begins).tolist(), (2 * rings.ends).tolist(), strict=True)
    areas: list[float] = np.bincount(polygons.objects, rings.areas(), count).tolist()
    corners: list[float] = _rounded(rings.corners).ravel().tolist()
    return corners, list(ends), first, areas


def _points(points: Points | None) -> tuple[Floats | None, Wholes | None]:
    if points is None:
        return None, None
    places = (points.places - CENTRE).clip(0, None)
    return _rounded(np.where(points.visibility[..., None] > 0, places, 0.0)), points.visibility
