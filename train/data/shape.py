"""The shape that every image is brought to: one size, one number of channels, 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError

COLOURS = ("keep", "rgb", "grey")


@dataclass(frozen=True)
class Shape:
    """A side in pixels (None: the images' own size), and channels (keep, rgb or grey)."""

    side: int | None = None
    colour: str = "keep"

    def __post_init__(self) -> None:
        if self.side is not None and self.side < 1:
            raise TrainError(f"--image-size must be at least 1, got {self.side}")
        if self.colour not in COLOURS:
            raise TrainError(f"--colour must be {', '.join(COLOURS)}, got {self.colour!r}")


ANY_SHAPE = Shape()


def resize_crop(pixels: NDArray[Any], shape: Shape) -> NDArray[np.uint8]:
    """Convert an image to H×W×C of 8 bits, resize its shorter side and crop its centre square."""
    image = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    image = image[..., None] if image.ndim == 2 else image
    if shape.colour != "keep":
        image = _recolour(image, shape.colour)
    return image if shape.side is None else centre_crop(image, shape.side)


def centre_crop(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Resize the shorter side of an image to `side` pixels, and crop the centre square.

    Pixels are averaged if the image shrinks, interpolated if it grows.
    """
    height, width, channels = image.shape
    scale = side / min(height, width)
    size = max(side, round(width * scale)), max(side, round(height * scale))
    if size != (width, height):
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        # OpenCV averages at most four channels at a time
        parts = [image[..., first : first + 4] for first in range(0, channels, 4)]
        resized = [
            cv2.resize(np.ascontiguousarray(part), size, interpolation=interpolation)
            for part in parts
        ]
        stacked = np.dstack([part.reshape(size[1], size[0], -1) for part in resized])
        image = stacked.astype(np.uint8, copy=False)
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


def _recolour(image: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    channels = image.shape[2]
    if channels in (2, 4):  # alpha is dropped, as if the image were opaque
        image, channels = image[..., : channels - 1], channels - 1
    if colour == "rgb":
        return np.repeat(image, 3, axis=2) if channels == 1 else image[..., :3]
    if channels == 1:
        return image
    grey: NDArray[Any] = cv2.cvtColor(np.ascontiguousarray(image[..., :3]), cv2.COLOR_RGB2GRAY)
    return grey[..., None]
