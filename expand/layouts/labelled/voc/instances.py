"""Instances in a mask: whether they are the objects of the annotation, and how far they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from expand.images.pixels import Pixels
from expand.layouts.labelled.voc.annotations.annotation import Labelled
from expand.layouts.labelled.voc.read import IGNORED, ReadMask
from expand.targets import Mask, Targets
from expand.targets.masks import mask_bounds
from expand.targets.rings import Floats, Wholes

NEAR = 1.0
"""Pixels between the sides of a box and of its instance, so that they are surely the same."""
BORDER = 8.0
"""Pixels between them where the instance has a border of ignored pixels; that of VOC has 5."""


def link(mask: ReadMask, rows: Sequence[Labelled], targets: Targets) -> ReadMask:
    """Return a mask of instances with what is certain of them: value i is object i.

    That is certain if the pixels of each object lie in its box and nearly reach its sides. An
    object whose pixels reach all of them is linked to them, so that its box becomes tight.
    """
    pixels, boxes = mask.mask.pixels, targets.boxes
    if not mask.shows_instances or pixels.ndim > 2 or boxes is None:
        return mask
    numbers = np.array([-1 if row.is_part else row.number for row in rows])
    if numbers.max() > np.iinfo(pixels.dtype).max or (numbers == IGNORED).any():
        return mask
    gaps = _gaps(Mask(pixels, 0, numbers), boxes.edges)
    if not ((gaps >= -NEAR) & (gaps <= BORDER))[numbers > 0].all():
        return mask
    mask = replace(mask, numbered=True)
    if not (pixels == IGNORED).any():
        return replace(mask, mask=_linked(mask.mask, numbers, gaps))
    whole = Mask(_with_borders(pixels, boxes.edges, numbers), 0, numbers)
    return replace(mask, extents=_linked(whole, numbers, _gaps(whole, boxes.edges)))


def _linked(mask: Mask, numbers: Wholes, gaps: Floats) -> Mask:
    """Link a mask to the objects whose pixels reach the sides of their box."""
    reach = (np.abs(gaps) <= NEAR).all(axis=1)
    return replace(mask, objects=np.where(reach, numbers, -1))


def _gaps(mask: Mask, edges: Floats) -> Floats:
    """Return how far the pixels of each object are from the sides of its box (N×4).

    They are negative outside the box, and not a number for an object without pixels.
    """
    bounds = [mask_bounds(mask, index) or [np.nan] * 4 for index in range(len(edges))]
    gaps: Floats = (np.array(bounds) - edges) * np.array([1, 1, -1, -1])
    return gaps


def _with_borders(pixels: Pixels, edges: Floats, numbers: Wholes) -> Pixels:
    """Return instances with the ignored pixels that are nearest to each, in its box.

    The outline of an object is somewhere in them.
    """
    ignored = pixels == IGNORED
    instances = (pixels != 0) & ~ignored
    _, nearest = cv2.distanceTransformWithLabels(
        (~instances).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    values = np.zeros(nearest.max() + 1, pixels.dtype)
    values[nearest[instances]] = pixels[instances]
    whole = np.where(instances, pixels, 0).astype(pixels.dtype)
    for number, box in zip(numbers.tolist(), edges, strict=True):
        if number > 0:
            left, top, right, bottom = (round(side) for side in box.tolist())
            inside = (slice(top, bottom), slice(left, right))
            own = ignored[inside] & (values[nearest[inside]] == number)
            whole[inside][own] = number
    return whole
