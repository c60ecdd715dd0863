"""The overlay: what labels say about an image, drawn on it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.images.pixels import Pixels
from expand.previews.areas import blend
from expand.previews.colours import Colour, colour
from expand.previews.sheet import CELL, fit
from expand.previews.tags import Tag, draw_tags
from expand.targets import Points, Targets
from expand.targets.points import ABSENT, VISIBLE
from expand.targets.rings import Floats

THICK = 1
"""Pixels of a line; a dark one that is wider by one is under it."""
FAINT = 0.2
"""How strongly the inside of a polygon covers the image."""
DARK: Colour = (0, 0, 0)
FARTHEST = 10_000.0
"""Pixels: OpenCV computes with whole numbers of 32 bits, with 16 bits for fractions."""


def draw(
    pixels: Pixels,
    targets: Targets,
    names: Sequence[str] = (),
    numbers: Sequence[int] | None = None,
    cell: int = CELL,
) -> Pixels:
    """Return an image with its targets drawn on it, RGB of 8 bits, its longer side about `cell`.

    The image (H×W or H×W×C, 8 or 16 bits) is enlarged by a whole factor or reduced before anything
    is drawn, so that lines and names are legible in any size. `names` are the classes of the N
    objects, empty where unknown. `numbers` choose the colours of the objects; objects of one name
    have one by default, and those without a name their own.
    """
    shown = np.array(fit(pixels, cell))
    scale = np.array([shown.shape[1] / pixels.shape[1], shown.shape[0] / pixels.shape[0]])
    chosen = [
        colour(number) for number in (_numbers(targets, names) if numbers is None else numbers)
    ]
    for mask in targets.masks:
        shown = blend(shown, mask, chosen)
    rings = _outlines(targets, scale)
    shown = _fill(shown, rings[: _parts(targets)], chosen)
    for _, ring in rings:
        _line(shown, ring, DARK, THICK + 1)
    for index, ring in rings:
        _line(shown, ring, chosen[index], THICK)
    if targets.points:
        _draw_points(shown, targets.points, scale, chosen)
    draw_tags(shown, _tags(rings, names, chosen, shown))
    return shown


def _numbers(targets: Targets, names: Sequence[str]) -> list[int]:
    known = {name: number for number, name in enumerate(dict.fromkeys(filter(None, names)))}
    return [
        known.get(names[index] if index < len(names) else "", len(known) + index)
        for index in range(len(targets))
    ]


def _parts(targets: Targets) -> int:
    return len(targets.polygons.objects) if targets.polygons else 0


def _outlines(targets: Targets, scale: Floats) -> list[tuple[int, Floats]]:
    """Return the lines to draw, each with its object: parts of polygons first, then boxes."""
    lines: list[tuple[int, Floats]] = []
    if targets.polygons:
        owners = targets.polygons.objects.tolist()
        lines += [(owner, targets.polygons.rings.ring(ring)) for ring, owner in enumerate(owners)]
    if targets.boxes:
        lines += list(enumerate(targets.boxes.corners()))
    if targets.oriented:
        lines += list(enumerate(targets.oriented.corners))
    return [(index, ring * scale) for index, ring in lines]


def _fill(shown: Pixels, parts: Sequence[tuple[int, Floats]], chosen: Sequence[Colour]) -> Pixels:
    if not parts:
        return shown
    filled = shown.copy()
    for index, ring in parts:
        cv2.fillPoly(filled, [_whole(ring)], chosen[index], cv2.LINE_AA)
    return cv2.addWeighted(filled, FAINT, shown, 1 - FAINT, 0)


def _line(shown: Pixels, ring: Floats, own: Colour, width: int) -> None:
    """Draw a closed line; what lies on the border of the image is drawn within it."""
    corners, last = _whole(ring), np.array([shown.shape[1], shown.shape[0]]) - 1
    if ((corners >= -1) & (corners <= last + 1)).all():
        corners = corners.clip(0, last).astype(np.int32)
    cv2.polylines(shown, [corners], True, own, width, cv2.LINE_AA)


def _whole(places: Floats) -> NDArray[np.int32]:
    """Return the pixels in which places are; lines along whole pixels have their full colour."""
    return (places - 0.5).clip(-FARTHEST, FARTHEST).round().astype(np.int32)


def _draw_points(shown: Pixels, points: Points, scale: Floats, chosen: Sequence[Colour]) -> None:
    """Draw points: a disc if visible, a ring if hidden.

    Where objects have several points, the first, second … of all objects have one colour, so that
    a mirrored view shows whether left and right were swapped.
    """
    count = points.places.shape[1]
    for index, (places, states) in enumerate(zip(points.places, points.visibility, strict=True)):
        for number, place in enumerate(_whole(places * scale).tolist()):
            own = chosen[index] if count == 1 else colour(number)
            if states[number] == VISIBLE:
                _disc(shown, place, 4, DARK)
                _disc(shown, place, 3, own)
            elif states[number] != ABSENT:
                _disc(shown, place, 5, DARK)
                _disc(shown, place, 4, own)
                _disc(shown, place, 2, DARK)


def _disc(shown: Pixels, place: Sequence[int], radius: int, own: Colour) -> None:
    cv2.circle(shown, place, radius, own, -1, cv2.LINE_AA)


def _tags(
    rings: Sequence[tuple[int, Floats]],
    names: Sequence[str],
    chosen: Sequence[Colour],
    shown: Pixels,
) -> list[Tag]:
    """Return a tag for each object with a name and an outline: at its last outline, a box.

    It is placed at the highest or the lowest corner that is in the image.
    """
    last = np.array([shown.shape[1], shown.shape[0]])
    tags = []
    for index, ring in dict(rings).items():
        if index < len(names) and names[index]:
            seen = ring[((ring >= 0) & (ring <= last)).all(axis=1)]
            corners = (seen if len(seen) else ring.clip(0, last)).round().astype(int).tolist()
            top = min(corners, key=lambda corner: (corner[1], corner[0]))
            bottom = min(corners, key=lambda corner: (-corner[1], corner[0]))
            area = float(np.ptp(ring, axis=0).prod())
            tags.append(Tag(names[index], chosen[index], tuple(top), tuple(bottom), area))
    return tags
