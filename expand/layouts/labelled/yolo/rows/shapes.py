"""Shapes that a row can hold: one ring of corners, and an oriented box that readers accept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expand.geometry import Size
from expand.layouts.labelled.yolo.rows.ultralytics_check import upright
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


def rectangle_error(corners: Floats) -> Floats:
    """Return how far, in pixels, four corners (… × 4×2) are from a rectangle of that order.

    Both diagonals of a rectangle have one middle and one length.
    """
    first, second = corners[..., 2, :] - corners[..., 0, :], corners[..., 3, :] - corners[..., 1, :]
    middles = corners[..., [0, 2], :].sum(axis=-2) - corners[..., [1, 3], :].sum(axis=-2)
    lengths = np.linalg.norm(first, axis=-1) - np.linalg.norm(second, axis=-1)
    error: Floats = np.maximum(np.linalg.norm(middles, axis=-1) / 2, np.abs(lengths)) / 2
    return error


def write_corners(corners: Floats, before: Floats, size: Size) -> tuple[Floats, int]:
    """Return the corners of oriented boxes (N×4×2) of a view as rows hold them.

    `before` are those in the source. A box that was a rectangle and is none where a technique
    stretches one axis of the image becomes the rectangle along its longer side that holds it; boxes
    that were none, as people draw them, stay what they are. Return how many had to become upright,
    too: the corners may lie outside the view, but if the upright box around them has its centre
    outside, or is wider or taller than the view, Ultralytics leaves out the whole image. Such an
    object becomes the upright box around its visible part, which never cuts it.
    """
    errors = rectangle_error(before)
    stretched = (errors <= RECTANGLE) & (rectangle_error(corners) > errors + STRETCHED)
    corners = corners.copy()
    for index in np.flatnonzero(stretched).tolist():
        corners[index] = as_rectangle(corners[index])
    boxes = upright(corners / np.array(size, np.float64))
    refused = np.flatnonzero(((boxes < 0) | (boxes > 1)).any(axis=1)).tolist()
    for index in refused:
        corners[index] = upright_corners(corners[index], size)
    return corners, len(refused)


def as_rectangle(corners: Floats) -> Floats:
    """Return the rectangle along the longer side of a parallelogram (4×2) that holds it."""
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


def upright_corners(corners: Floats, size: Size) -> Floats:
    """Return the upright box, as corners (4×2), around the part of a box inside the view."""
    pieces = clip_rings(Rings.quadrilaterals(corners[None]), size).pieces.corners
    if not len(pieces):
        pieces = corners.clip(0, np.array(size, np.float64))
    edges = np.concatenate([pieces.min(axis=0), pieces.max(axis=0)])
    box: Floats = Boxes(edges[None]).corners()[0]
    return box
