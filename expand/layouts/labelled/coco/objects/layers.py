"""Layers: many masks of an image as few label images, so that they are moved together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expand.geometry import Size
from expand.layouts.labelled.coco.objects.rle import Bits
from expand.targets import Mask

MOST = 255
"""Masks in a layer: its values are uint8, and 0 is the background."""


def stack(masks: Sequence[Bits | None], size: Size) -> tuple[Mask, ...]:
    """Return the masks of N objects as layers, each with masks that do not overlap."""
    layers: list[Mask] = []
    for index, bits in enumerate(masks):
        if bits is None or not bits.any():
            continue
        found = bits.view(bool)
        layer = next((each for each in layers if _fits(each, bits)), None)
        if layer is None:
            pixels = np.zeros((int(size.height), int(size.width)), np.uint8)
            layer = Mask(pixels, objects=np.full(len(masks), -1))
            layers.append(layer)
        assert layer.objects is not None
        layer.objects[index] = layer.objects.max(initial=0) + 1
        layer.pixels[found] = layer.objects[index]
    return tuple(layers)


def _fits(layer: Mask, bits: Bits) -> bool:
    assert layer.objects is not None
    return int(layer.objects.max()) < MOST and not layer.pixels[bits.view(bool)].any()


def unlinked(layers: Sequence[Mask]) -> tuple[Mask, ...]:
    """Return layers whose masks are no objects: no view drops any of them."""
    return tuple(Mask(layer.pixels) for layer in layers)


def bits_of(index: int, layers: Sequence[Mask], moved: Sequence[Mask]) -> Bits | None:
    """Return the mask of object `index` in moved layers; None if it has none.

    `layers` say which value it has in which of them.
    """
    for layer, carried in zip(layers, moved, strict=True):
        if layer.objects is not None and (value := int(layer.objects[index])) > 0:
            bits: Bits = (carried.pixels == value).view(np.uint8)
            return bits
    return None
