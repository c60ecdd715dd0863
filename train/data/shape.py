"""The shape that every image is brought to: one size, one number of channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from expand.errors import BadImageError
from expand.images.formats import max_pixels
from expand.images.pixels import Pixels
from train.errors import TrainError

LARGEST = 8192
"""The largest --image-size: such an image has as many pixels as a large photo."""
COLOURS = ("keep", "rgb", "grey")
BACKGROUND = 128
"""The grey level of 255 that shows through transparent parts: black and white stand out from it."""
FIRST_RULES, RULES = 1, 2
"""By the first rules only the high byte of 16 bits was used, and alpha was dropped. Runs, models
and studies that began by them end by them."""


@dataclass(frozen=True)
class Shape:
    """A side in pixels (None: the images' own size), and channels (keep, rgb or grey)."""

    side: int | None = None
    colour: str = "keep"
    rules: int = RULES

    def __post_init__(self) -> None:
        if self.side is not None and self.side < 1:
            raise TrainError(f"--image-size must be at least 1, got {self.side}")
        if self.side is not None and self.side > LARGEST:
            raise TrainError(f"--image-size must be at most {LARGEST:,}, got {self.side:,}")
        if self.colour not in COLOURS:
            raise TrainError(f"--colour must be {', '.join(COLOURS)}, got {self.colour!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return what a user chooses, as plain data; the rules are recorded apart from it."""
        return {"side": self.side, "colour": self.colour}

    def composites(self, channels: int) -> bool:
        """Whether images of so many channels lose their alpha, and with it the background."""
        return self.rules > FIRST_RULES and self.colour != "keep" and channels in (2, 4)


ANY_SHAPE = Shape()


def resize_crop(pixels: Pixels, shape: Shape) -> Pixels:
    """Convert an image to H×W×C, resize its shorter side and crop its centre square.

    Raise BadImageError if its channels cannot be converted to the colours that are asked for.
    """
    image = pixels[..., None] if pixels.ndim == 2 else pixels
    if shape.rules == FIRST_RULES and image.dtype != np.uint8:
        image = (image >> 8).astype(np.uint8)
    if shape.colour != "keep":
        image = _recolour(image, shape)
    return image if shape.side is None else centre_crop(image, shape.side)


def centre_crop(image: Pixels, side: int) -> Pixels:
    """Resize the shorter side of an image to `side` pixels, and crop the centre square.

    Pixels are averaged if the image shrinks, interpolated if it grows.
    """
    height, width, channels = image.shape
    scale = side / min(height, width)
    size = max(side, round(width * scale)), max(side, round(height * scale))
    if size[0] * size[1] > max_pixels():
        raise BadImageError(
            f"is {width:,}×{height:,} pixels: with its shorter side resized to {side:,} it has "
            f"{size[0] * size[1]:,} pixels, more than {max_pixels():,}; use a smaller --image-size"
        )
    if size != (width, height):
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        # OpenCV averages at most four channels at a time
        parts = [image[..., first : first + 4] for first in range(0, channels, 4)]
        resized = [
            cv2.resize(np.ascontiguousarray(part), size, interpolation=interpolation)
            for part in parts
        ]
        resized = [part.reshape(size[1], size[0], -1) for part in resized]
        image = resized[0] if len(resized) == 1 else np.dstack(resized)
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


def _recolour(image: Pixels, shape: Shape) -> Pixels:
    channels = image.shape[2]
    if channels > 4 and shape.rules > FIRST_RULES:
        raise BadImageError(
            f"has {channels} channels, which --colour {shape.colour} cannot convert; --colour keep"
        )
    if shape.composites(channels):
        image, channels = _on_background(image), channels - 1
    elif channels in (2, 4):
        image, channels = image[..., : channels - 1], channels - 1
    if shape.colour == "rgb":
        return np.repeat(image, 3, axis=2) if channels == 1 else image[..., :3]
    if channels == 1:
        return image
    grey: Pixels = cv2.cvtColor(np.ascontiguousarray(image[..., :3]), cv2.COLOR_RGB2GRAY)
    return grey[..., None]


def _on_background(image: Pixels) -> Pixels:
    """Show an image with alpha on a grey background; opaque pixels stay as they are."""
    top = np.iinfo(image.dtype).max
    alpha = image[..., -1:].astype(np.uint64)
    behind = (top - alpha) * (BACKGROUND * (top // 255))
    shown = (image[..., :-1] * alpha + behind + top // 2) // top
    return shown.astype(image.dtype)
