"""Areas: masks as translucent colours over an image."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.images.pixels import Pixels
from expand.previews.colours import Colour, colour, colours
from expand.targets import Mask

INSIDE, EDGE = 0.45, 0.9
"""How strongly a mask covers the image: within an area of one value, and along its edge."""
IGNORED: Colour = (128, 128, 128)
"""The fill of a mask, if it is not 0: a value that training ignores."""


def blend(shown: Pixels, mask: Mask, chosen: Sequence[Colour]) -> Pixels:
    """Return the image under a mask: translucent colours, stronger along the edges of areas."""
    size = (shown.shape[1], shown.shape[0])
    wide = mask.pixels if mask.pixels.ndim == 3 else mask.pixels[..., None]
    planes = [
        cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_NEAREST_EXACT)
        for plane in np.moveaxis(wide, 2, 0)
    ]
    result = shown.astype(np.float32)
    for covered, paint in _areas(mask, planes, chosen):
        share = np.where(_edges(paint, covered), EDGE, INSIDE) * covered
        result += (paint - result) * share[..., None]
    return result.round().astype(np.uint8)


def _areas(
    mask: Mask, planes: Sequence[Pixels], chosen: Sequence[Colour]
) -> list[tuple[NDArray[np.bool_], NDArray[np.uint8]]]:
    """Return what a mask covers, and the colour (H×W×3) there: of a value, or of an object.

    A mask of three channels that is not linked to objects holds colours itself.
    """
    linked = {} if mask.objects is None else dict(zip(mask.objects.tolist(), chosen, strict=True))
    if len(planes) == 3 and not linked:
        paint = np.stack([_eight_bits(plane) for plane in planes], axis=-1)
        return [(np.asarray(paint.any(axis=-1)), paint)]
    if len(planes) > 1:
        return [
            (plane.astype(bool), _plain(plane, linked.get(channel, colour(channel))))
            for channel, plane in enumerate(planes)
        ]
    plane = planes[0]
    paint = colours(plane.astype(np.int64))
    for value, own in linked.items():
        paint[plane == value] = own
    if mask.fill:
        paint[plane == mask.fill] = IGNORED
    return [(plane.astype(bool), paint)]


def _plain(plane: Pixels, own: Colour) -> NDArray[np.uint8]:
    return np.full((*plane.shape, 3), own, np.uint8)


def _eight_bits(plane: Pixels) -> NDArray[np.uint8]:
    return plane.astype(np.uint8) if plane.dtype == np.uint8 else (plane >> 8).astype(np.uint8)


def _edges(paint: NDArray[np.uint8], covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels (H×W) that have another colour than the next one, right or below."""
    area = np.where(covered[..., None], paint, 0).astype(np.int16)
    edges = np.zeros(covered.shape, bool)
    edges[:, :-1] |= (area[:, 1:] != area[:, :-1]).any(axis=-1)
    edges[:-1] |= (area[1:] != area[:-1]).any(axis=-1)
    return edges
