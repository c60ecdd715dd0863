"""Fill: what a view shows where the source has no pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError, SettingError, shown
from expand.images.pixels import Pixels
from expand.techniques.ranges import is_whole

MODES = {
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "background": cv2.BORDER_CONSTANT,
}


@dataclass(frozen=True)
class Fill:
    """How the uncovered area of a view is filled.

    `value` is a mode of `MODES`, or a colour of 0 … 255: one number, or one each for red, green and
    blue. "background" is the median colour of the image's border: a network would learn a fill that
    stands out as a feature. Raises `SettingError`, key "fill".
    """

    value: str | tuple[int, ...] = "background"

    def __post_init__(self) -> None:
        value: object = self.value
        colour = (value,) if isinstance(value, int) else value
        if isinstance(colour, list | tuple):
            if not colour or not all(is_whole(level) and 0 <= level <= 255 for level in colour):
                raise SettingError(
                    f'"fill" must be whole numbers 0 … 255, got {shown(value)}', "fill"
                )
            object.__setattr__(self, "value", tuple(colour))
        elif not isinstance(value, str) or value not in MODES:
            raise SettingError(
                f'"fill" must be {", ".join(MODES)}, a number or [red, green, blue], got '
                f"{shown(value)}",
                "fill",
            )

    @property
    def mode(self) -> int:
        """OpenCV's border mode."""
        return MODES[self.value] if isinstance(self.value, str) else cv2.BORDER_CONSTANT

    def colour(self, pixels: Pixels) -> list[int]:
        """Return the fill of each channel of an H×W or H×W×C image, in its own units."""
        channels = 1 if pixels.ndim == 2 else pixels.shape[2]
        if self.value == "background":
            return border_colour(pixels)
        if isinstance(self.value, str):
            return [0] * channels
        return fit_colour(self.value, channels, np.iinfo(pixels.dtype).max)


DEFAULT_FILL = Fill()


def border_colour(pixels: Pixels) -> list[int]:
    """Return the median of the outermost pixels of an H×W or H×W×C image, for each channel."""
    return cast("list[int]", border_colours(pixels[None])[0].tolist())


def border_colours(pixels: Pixels) -> NDArray[np.int64]:
    """Return the border colour of each of N images (N×H×W or N×H×W×C), as N×C."""
    ring = [pixels[:, 0], pixels[:, -1], pixels[:, 1:-1, 0], pixels[:, 1:-1, -1]]
    border = np.concatenate(ring, axis=1)
    border = border.reshape(*border.shape[:2], -1).transpose(0, 2, 1)
    middle = (border.shape[2] - 1) // 2
    median = np.partition(np.ascontiguousarray(border), middle, axis=2)[..., middle]
    return median.astype(np.int64)


def fit_colour(colour: Sequence[int], channels: int, white: int) -> list[int]:
    """Convert an 8-bit colour to `channels` values of 0 … `white`.

    Grey images get the Rec. 601 luma of the colour, an alpha channel (the second of two, the fourth
    of four) gets opaque. Raises `BadImageError` if the colour has another number of channels.
    """
    alpha = [255] if channels in (2, 4) and len(colour) in (1, 3) else []
    visible = channels - len(alpha)
    if len(colour) == 3 and visible == 1:
        colour = [round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])]
    if len(colour) not in (1, visible):
        raise BadImageError(f'has {channels} channels, "fill" has {len(colour)} numbers')
    values = list(colour) * (visible if len(colour) == 1 else 1) + alpha
    return [value * (white // 255) for value in values]
