"""Shapes that a row can hold: one ring of corners, and an oriented box that readers accept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expand.geometry import Size
from expand.layouts.labelled.yolo.rows.verify import upright
from expand.targets import Boxes
from expand.targets.clip import clip_rings
from expand.targets.rings import Floats, Rings

RECTANGLE = 2.0
"""Pixels by which the corners of an oriented box may miss those of a rectangle."""
STRETCHED = 0.01
"""Pixels by which they miss them more if a technique stretches one axis."""
MOST_CORNERS = 2048
"""Corners of a part that are compared for the shortest link; of more, an even sample."""


def join_parts(parts: Sequence[Floats]) -> Floats:
    """Return the parts of an object, each M×2, as one ring.

    A row of YOLO is one polygon. The parts are linked where they are nearest to each other; the
    ring runs along a link twice, so that it has no area. Ultralytics' converter from COCO does the
    same (merge_multi_segment in ultralytics/data/converter.py). All parts run the same way round,
    so that their areas add up.
    """
    if len(parts) == 1:
        return parts[0]
    ring, *others = sorted(map(_clockwise, parts), key=len, reverse=True)
    while others:
        links = [_nearest(ring, part) for part in others]
        chosen = min(range(len(others)), key=lambda index: links[index][0])
        _, at, start = links[chosen]
        part = others.pop(chosen)
        turned = np.concatenate([part[start:], part[: start + 1]])
        ring = np.concatenate([ring[: at + 1], turned, ring[at:]])
    return ring


def _clockwise(ring: Floats) -> Floats:
    x, y = (ring - ring[0]).T
    return ring if x @ np.roll(y, -1) >= y @ np.roll(x, -1) else ring[::-1]


def _nearest(ring: Floats, part: Floats) -> tuple[float, int, int]:
    """Return the squared distance of the nearest corners of two rings, and the index of each."""
    first, second = (1 + len(each) // MOST_CORNERS for each in (ring, part))
    here, there = ring[::first], part[::second]
    squares = ((here[:, None] - there[None]) ** 2).sum(axis=-1)
    at, start = divmod(int(squares.argmin()), len(there))
    return float(squares[at, start]), at * first, start * second


def rectangle_error(corners: Floats) -> float:
    """Return how far, in pixels, four corners (4×2) are from a rectangle of that order.

    Both diagonals of a rectangle have one middle and one length.
    """
    first, second = corners[2] - corners[0], corners[3] - corners[1]
    middles = (corners[0] + corners[2] - corners[1] - corners[3]) / 2
    lengths = np.hypot(*first) - np.hypot(*second)
    return float(max(np.hypot(*middles), abs(lengths)) / 2)


def as_rectangle(corners: Floats, before: Floats) -> Floats:
    """Return the corners of an oriented box (4×2) that was a rectangle `before`, as one again.

    Where one axis of the image is stretched it is a parallelogram: it becomes the rectangle along
    its longer side that holds it. Boxes that were none, as people draw them, stay what they are.
    """
    error = rectangle_error(before)
    if error > RECTANGLE or rectangle_error(corners) <= error + STRETCHED:
        return corners
    first, second = corners[1] - corners[0], corners[3] - corners[0]
    long = first if np.hypot(*first) >= np.hypot(*second) else second
    x, y = long / np.hypot(*long)
    across = np.array([-y, x])
    axes = np.stack([[x, y], across] if long is first else [across, [x, y]])
    axes *= np.where((axes * np.stack([first, second])).sum(axis=1) < 0, -1, 1)[:, None]
    along = corners @ axes.T
    (left, top), (right, bottom) = along.min(axis=0), along.max(axis=0)
    rectangle: Floats = (
        np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ axes
    )
    return rectangle


def oriented_corners(corners: Floats, size: Size) -> tuple[Floats, bool]:
    """Return the corners (4×2) of an oriented box of a view, and whether they had to be changed.

    Its corners may lie outside the view. But if its centre does, or if it is wider or taller than
    the view, Ultralytics leaves out the whole image; then it becomes the upright box around its
    visible part, which never cuts the object.
    """
    box = upright(corners / np.array(size, np.float64))
    if (box >= 0).all() and (box <= 1).all():
        return corners, False
    pieces = clip_rings(Rings.quadrilaterals(corners[None]), size).pieces.corners
    if not len(pieces):
        pieces = corners.clip(0, [float(size.width), float(size.height)])
    edges = np.concatenate([pieces.min(axis=0), pieces.max(axis=0)])
    return Boxes(edges[None]).corners()[0], True
