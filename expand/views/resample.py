"""One resampling: read an image through an affine map, with something to fill what the map leaves uncovered."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError
from expand.geometry import IDENTITY, Affine, Placement, shift, stretch
from expand.images.pixels import Pixels
from expand.recipes.fill import Fill

EXACT_CHANNELS = (1, 3, 4)
"""OpenCV 5 interpolates these exactly; with 2, or 5 and more, it works in steps of 1/32 pixel (off by up to 18 of 255)."""


def resample(pixels: Pixels, placement: Placement, fill: Fill, colour: Sequence[int]) -> Pixels:
    """Return an image read bilinearly through a map; flips, quarter turns and whole-pixel shifts come out exact.

    `placement` maps output to input; `colour` is what `fill.colour` gave for this image. A map that shrinks by two or
    more averages whole blocks first, or it would skip pixels.
    """
    source, size = placement
    width, height = int(size.width), int(size.height)
    if source == IDENTITY and (height, width) == pixels.shape[:2]:
        return pixels
    if width < 1 or height < 1:
        raise BadImageError(f"would become {width}×{height} pixels")
    pixels, source = _average_blocks(pixels, source)
    matrix = np.array(by_centres(source), dtype=np.float64).reshape(2, 3)
    return warp(pixels, matrix, (width, height), fill.mode, colour)


def by_centres(source: Affine) -> Affine:
    """Return a map in coordinates that put pixel centres at whole numbers, as OpenCV does, not the pixels' corners."""
    return shift(-0.5, -0.5).after(source).after(shift(0.5, 0.5))


def warp(
    pixels: Pixels,
    matrix: NDArray[np.float64],
    size: tuple[int, int],
    mode: int,
    colour: Sequence[int],
) -> Pixels:
    """Return an image of `size` (width, height) read bilinearly through a 2×3 matrix from output to input centres."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if pixels.ndim == 2 or pixels.shape[2] in EXACT_CHANNELS:
        out = cv2.warpAffine(pixels, matrix, size, flags=flags, borderMode=mode, borderValue=colour)
        return out if pixels.ndim == 2 or pixels.shape[2] > 1 else out[..., None]
    planes = [
        cv2.warpAffine(
            np.ascontiguousarray(pixels[..., i]),
            matrix,
            size,
            flags=flags,
            borderMode=mode,
            borderValue=[value],
        )
        for i, value in enumerate(colour)
    ]
    return np.stack(planes, axis=-1)


def _average_blocks(pixels: Pixels, source: Affine) -> tuple[Pixels, Affine]:
    """Shrink by whole numbers where the map would step over pixels; return the image and the map into it."""
    steps = (int(hypot(source.a, source.b) + 1e-9), int(hypot(source.d, source.e) + 1e-9))
    if max(steps) <= 1:
        return pixels, source
    across, down = (
        max(1, min(step, side)) for step, side in zip(steps, pixels.shape[1::-1], strict=True)
    )
    width, height = -(-pixels.shape[1] // across), -(-pixels.shape[0] // down)
    extra = width * across - pixels.shape[1], height * down - pixels.shape[0]
    padded = np.pad(
        pixels, ((0, extra[1]), (0, extra[0]), *((0, 0),) * (pixels.ndim - 2)), mode="edge"
    )
    mean = cv2.resize(padded, (width, height), interpolation=cv2.INTER_AREA)
    return mean.reshape(height, width, *pixels.shape[2:]), stretch(1 / across, 1 / down).after(
        source
    )
