"""One resampling: read an image through an affine map, with something to fill what the map leaves uncovered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.affine import IDENTITY, Affine, Placement, shift, stretch
from expand.errors import BadImage, ExpandError
from expand.techniques.technique import Pixels

MODES = {"edge": cv2.BORDER_REPLICATE, "reflect": cv2.BORDER_REFLECT_101, "background": cv2.BORDER_CONSTANT}
EXACT_CHANNELS = (1, 3, 4)
"""OpenCV 5 interpolates these exactly; with 2, or 5 and more, it works in steps of 1/32 pixel (off by up to 18 of 255)."""


@dataclass(frozen=True)
class Fill:
    """What uncovered area gets: a colour (0 … 255: one number, or one each for red, green, blue), or a mode of `MODES`.

    `background` is the colour of the image's own border: a fill that stands out is a feature that a network learns.
    """

    value: str | tuple[int, ...] = "background"

    def __post_init__(self) -> None:
        value: object = self.value
        colour = (value,) if isinstance(value, int) else value
        if isinstance(colour, Sequence) and not isinstance(colour, str):
            if not colour or not all(isinstance(c, int) and not isinstance(c, bool) and 0 <= c <= 255 for c in colour):
                raise ExpandError(f'"fill" must be whole numbers 0 … 255, got {value!r}')
            object.__setattr__(self, "value", tuple(colour))
        elif value not in MODES:
            raise ExpandError(f'"fill" must be {", ".join(MODES)}, a number or [red, green, blue], got {value!r}')

    @property
    def mode(self) -> int:
        """Return OpenCV's border mode."""
        return MODES[self.value] if isinstance(self.value, str) else cv2.BORDER_CONSTANT

    def colour(self, pixels: Pixels) -> list[int]:
        """Return the fill's value for each channel of an image, in the image's own units."""
        channels = 1 if pixels.ndim == 2 else pixels.shape[2]
        if self.value == "background":
            return border_colour(pixels)
        if isinstance(self.value, str):
            return [0] * channels
        return fit_colour(self.value, channels, np.iinfo(pixels.dtype).max)


DEFAULT_FILL = Fill()


def border_colour(pixels: Pixels) -> list[int]:
    """Return the median of the outermost pixels, channel by channel."""
    return cast("list[int]", border_colours(pixels[None])[0].tolist())


def border_colours(pixels: Pixels) -> NDArray[np.int64]:
    """Return the same for each of N images (N×H×W or N×H×W×C), as N×C."""
    ring = [pixels[:, 0], pixels[:, -1], pixels[:, 1:-1, 0], pixels[:, 1:-1, -1]]
    border = np.concatenate(ring, axis=1)
    border = np.sort(border.reshape(*border.shape[:2], -1), axis=1)
    return border[:, (border.shape[1] - 1) // 2].astype(np.int64)


def fit_colour(colour: Sequence[int], channels: int, white: int) -> list[int]:
    """Return a colour of 8 bits as `channels` values up to `white`: grey by Rec. 601 luma, a fourth or second opaque."""
    alpha = [255] if channels in (2, 4) and len(colour) in (1, 3) else []
    visible = channels - len(alpha)
    if len(colour) == 3 and visible == 1:
        colour = [round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])]
    if len(colour) not in (1, visible):
        raise BadImage(f'has {channels} channels, "fill" has {len(colour)} numbers')
    values = list(colour) * (visible if len(colour) == 1 else 1) + alpha
    return [value * (white // 255) for value in values]


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
        raise BadImage(f"would become {width}×{height} pixels")
    pixels, source = _average_blocks(pixels, source)
    matrix = np.array(by_centres(source), dtype=np.float64).reshape(2, 3)
    return warp(pixels, matrix, (width, height), fill.mode, colour)


def by_centres(source: Affine) -> Affine:
    """Return a map in coordinates that put pixel centres at whole numbers, as OpenCV does, not the pixels' corners."""
    return shift(-0.5, -0.5).after(source).after(shift(0.5, 0.5))


def warp(pixels: Pixels, matrix: NDArray[np.float64], size: tuple[int, int], mode: int, colour: Sequence[int]) -> Pixels:
    """Return an image of `size` (width, height) read bilinearly through a 2×3 matrix from output to input centres."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if pixels.ndim == 2 or pixels.shape[2] in EXACT_CHANNELS:
        out = cv2.warpAffine(pixels, matrix, size, flags=flags, borderMode=mode, borderValue=colour)
        return out if pixels.ndim == 2 or pixels.shape[2] > 1 else out[..., None]
    planes = [
        cv2.warpAffine(np.ascontiguousarray(pixels[..., i]), matrix, size, flags=flags, borderMode=mode, borderValue=[value])
        for i, value in enumerate(colour)
    ]
    return np.stack(planes, axis=-1)


def _average_blocks(pixels: Pixels, source: Affine) -> tuple[Pixels, Affine]:
    """Shrink by whole numbers where the map would step over pixels; return the image and the map into it."""
    steps = (int(hypot(source.a, source.b) + 1e-9), int(hypot(source.d, source.e) + 1e-9))
    if max(steps) <= 1:
        return pixels, source
    across, down = (max(1, min(step, side)) for step, side in zip(steps, pixels.shape[1::-1], strict=True))
    width, height = -(-pixels.shape[1] // across), -(-pixels.shape[0] // down)
    extra = width * across - pixels.shape[1], height * down - pixels.shape[0]
    padded = np.pad(pixels, ((0, extra[1]), (0, extra[0]), *((0, 0),) * (pixels.ndim - 2)), mode="edge")
    mean = cv2.resize(padded, (width, height), interpolation=cv2.INTER_AREA)
    return mean.reshape(height, width, *pixels.shape[2:]), stretch(1 / across, 1 / down).after(source)
