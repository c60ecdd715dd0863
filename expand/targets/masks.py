"""Masks: moved by nearest neighbour, and where the objects are in them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError
from expand.geometry import Placement, shift
from expand.images.pixels import Pixels
from expand.targets.clip import inward_lines
from expand.targets.rings import Floats
from expand.targets.values import Mask

MOST_CHANNELS = 4
"""Numbers of channels that all functions of OpenCV take."""
NUDGE = 2.0**-21
"""Share of a side by which samples are moved.

OpenCV rounds to even. A sample on the edge between two pixels (a shift by half a pixel) would take
even columns twice and odd ones never.
"""


def move_mask(mask: Mask, placement: Placement) -> Mask:
    """Return a mask in a view, by nearest neighbour: every value is one of the mask, or its fill.

    A pixel of the view takes the value of the pixel that its centre lies in. Flips, quarter turns
    and whole-pixel shifts are exact.
    """
    nudge = NUDGE * max(mask.pixels.shape[:2])
    source = shift(nudge - 0.5, nudge - 0.5).after(placement.source).after(shift(0.5, 0.5))
    matrix = np.array(source, np.float64).reshape(2, 3)
    size = int(placement.size.width), int(placement.size.height)
    planes = mask.pixels.reshape(*mask.pixels.shape[:2], -1)
    warped = [
        _warp(planes[..., first : first + MOST_CHANNELS], matrix, size, mask.fill)
        for first in range(0, planes.shape[2], MOST_CHANNELS)
    ]
    pixels = warped[0] if len(warped) == 1 else np.concatenate(warped, axis=2)
    return Mask(pixels.reshape(size[1], size[0], *mask.pixels.shape[2:]), mask.fill, mask.objects)


def _warp(planes: Pixels, matrix: NDArray[np.float64], size: tuple[int, int], fill: int) -> Pixels:
    try:
        moved = cv2.warpAffine(
            np.ascontiguousarray(planes),
            matrix,
            size,
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=[fill] * planes.shape[2],
        )
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise BadImageError(f"a mask cannot become {size[0]}×{size[1]} pixels") from error
    return moved.reshape(size[1], size[0], -1)


def covered(areas: Sequence[Floats], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which pixels (H×W) have their centre in one of some convex areas, each K×2."""
    height, width = shape[:2]
    rows = np.arange(height, dtype=np.float64) + 0.5
    inside = np.zeros((height, width), bool)
    columns = np.arange(width) + 0.5
    for area in areas:
        begins, ends = _spans(area, rows)
        inside |= (columns >= begins[:, None]) & (columns <= ends[:, None])
    return inside


def _spans(area: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """Return where each horizontal line (y) enters and leaves a convex area (K×2)."""
    begins, ends = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    for x, y, across, down in inward_lines(area):
        offset = down * (rows - y)
        if across > 0:
            begins = np.maximum(begins, x - offset / across)
        elif across < 0:
            ends = np.minimum(ends, x - offset / across)
        else:
            begins = np.where(offset < 0, np.inf, begins)
    return begins, ends


def mask_bounds(mask: Mask, index: int) -> list[float] | None:
    """Return left, top, right and bottom of one object in a linked mask; None if it has none."""
    if mask.objects is None or mask.objects[index] < 0:
        return None
    value = int(mask.objects[index])
    if mask.pixels.ndim == 2:
        found = cv2.inRange(mask.pixels, value, value)
    else:
        found = (mask.pixels[..., value] != 0).view(np.uint8)
    x, y, width, height = cv2.boundingRect(found)
    return [float(x), float(y), float(x + width), float(y + height)] if width else None
