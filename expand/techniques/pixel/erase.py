"""Erase: paint over a box, so that a network learns from the rest ("random erasing", "cutout")."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from expand.errors import SettingError, shown
from expand.geometry import Number, Size, each, larger, smaller
from expand.images.pixels import Pixels
from expand.techniques.box import centred_box, place_box
from expand.techniques.ranges import Range, check_factor, is_whole, parse_range, share_of, switch
from expand.techniques.technique import Choice, PixelTechnique, Strength

AREA, ASPECT = Range(0.02, 0.2), Range(0.5, 2.0)


@dataclass(frozen=True)
class Erase(PixelTechnique):
    """Paint a random box of all channels with one grey level (0 … 255; scaled for 16 bits).

    `area` is the box's fraction of the image, `aspect` its width over height relative to the image.
    Zhong et al. 2017 (arXiv 1708.04896) draw the area from 0.02 … 0.4, in half of the images;
    DeVries & Taylor 2017 (arXiv 1708.04552) cut a square of a quarter of the area out of every
    image. The default is half of Zhong's largest area: small images show little.
    """

    name: ClassVar[str] = "erase"
    spread: ClassVar[int] = 4
    area: Range = AREA
    aspect: Range = ASPECT
    level: int = 128
    factor: int | None = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "area", parse_range(self.area, "area", within=(0.001, 1)))
        object.__setattr__(self, "aspect", parse_range(self.aspect, "aspect", within=(0.01, 100)))
        if not is_whole(self.level) or not 0 <= self.level <= 255:
            raise SettingError(
                f'"level" of erase must be a whole number, 0 … 255, got {shown(self.level)}',
                "level",
            )
        check_factor(self.name, self.factor, drawn=self.area != (1, 1))

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn four numbers into a box, in fractions of the width and height.

        The logarithm of the aspect is uniform. The aspect is limited so that a box of the drawn
        area fits into the image.
        """
        area = self.area.at(share_of(variant, numbers[0], self.factor))
        aspect = each(
            math.exp, Range(math.log(self.aspect.low), math.log(self.aspect.high)).at(numbers[1])
        )
        wide = each(math.sqrt, area * larger(smaller(aspect, 1 / area), area))
        width = switch(variant, self.factor, wide, off=0.0)
        height = switch(variant, self.factor, smaller(area / wide, 1.0), off=0.0)
        return place_box(numbers[2], numbers[3], width, height)

    def apply(self, pixels: Pixels, choice: Choice) -> tuple[Pixels, Choice]:
        """Return the pixels with the box painted: at least one pixel."""
        if not choice["width"]:
            return pixels, choice
        left, right, top, bottom = map(int, box(choice, pixels.shape[0], pixels.shape[1]))
        painted = pixels.copy()
        painted[top:bottom, left:right] = self._level(pixels)
        return painted, choice

    def movers(self) -> tuple[str, ...]:
        """Return nothing: no pixel moves."""
        return ()

    def painted(self, choice: Choice, size: Size) -> tuple[float, float, float, float] | None:
        """Return the box that it paints over in an image of `size`: left, top, right, bottom."""
        if not choice["width"]:
            return None
        left, right, top, bottom = map(float, box(choice, int(size.height), int(size.width)))
        return left, top, right, bottom

    def apply_batch(self, pixels: Pixels, choices: Choice) -> Pixels:
        """Return N images (N×H×W or N×H×W×C) with a box painted in each that is not off."""
        painted, level = pixels.copy(), self._level(pixels)
        edges = (
            np.broadcast_to(edge, len(pixels)).tolist()
            for edge in box(choices, pixels.shape[1], pixels.shape[2])
        )
        for image, left, right, top, bottom in zip(painted, *edges, strict=True):
            image[top:bottom, left:right] = level
        return painted

    @property
    def label(self) -> str:
        """The name with the largest area: erase up to 20 %."""
        return f"erase up to {100 * self.area.high:g} %"

    def caption(self, choice: Choice) -> str:
        """Describe a box by its sides in percent of the image's."""
        if not choice["width"]:
            return ""
        return f"erase {100 * choice['width']:.0f} % by {100 * choice['height']:.0f} %"

    def strengths(self) -> list[Strength]:
        """Return boxes in the middle, of the smallest, the middle and the largest area."""
        areas = sorted({self.area.low, self.area.middle, self.area.high})
        return [
            Strength(f"{100 * area:.0f} % of the area, in the middle", centred_box(area))
            for area in areas
        ]

    def _level(self, pixels: Pixels) -> int:
        return self.level if pixels.dtype == np.uint8 else self.level * 257


def box(choice: Mapping[str, Any], height: int, width: int) -> tuple[NDArray[np.int64], ...]:
    """Return the pixel box of one image or N images: left, right, top, bottom.

    Right and bottom are exclusive; the box is empty where the technique is off.
    """
    on = np.asarray(choice["width"]) > 0
    sides = []
    for start, length, side in (("x", "width", width), ("y", "height", height)):
        begin = np.asarray(choice[start], np.float64)
        first = np.minimum(np.floor(begin * side + 0.5), side - 1)
        end = np.maximum(np.floor((begin + choice[length]) * side + 0.5), first + 1)
        sides += [first.astype(np.int64), np.where(on, end, first).astype(np.int64)]
    return tuple(sides)
