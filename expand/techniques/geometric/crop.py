"""Crop: cut out a random box and resize it to the image's size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from expand.geometry import Number, Placement, Size, each, shift, smaller, stretch
from expand.techniques.box import centred_box, place_box
from expand.techniques.ranges import Range, check_factor, parse_range, share_of, switch
from expand.techniques.technique import Choice, GeometricTechnique, Strength

AREA, ASPECT = Range(0.6, 1.0), Range(0.75, 4 / 3)


@dataclass(frozen=True)
class Crop(GeometricTechnique):
    """Cut a random box out of the image and resize it to the image's size ("random resized crop").

    `area` is the box's fraction of the image, `aspect` its width over height relative to the image
    (1 keeps the proportions). Szegedy et al. 2015 draw the area from 0.08 … 1 and the aspect from
    3/4 … 4/3; the default area is larger, so that most crops still show what the label says.
    """

    name: ClassVar[str] = "crop"
    spread: ClassVar[int] = 4
    area: Range = AREA
    aspect: Range = ASPECT
    factor: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "area", parse_range(self.area, "area", within=(0.001, 1)))
        object.__setattr__(self, "aspect", parse_range(self.aspect, "aspect", within=(0.01, 100)))
        whole = self.area == (1, 1)
        neutral = whole and self.aspect.low >= 1
        check_factor(self.name, self.factor, drawn=not whole, neutral=neutral)

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn four numbers into a box, in fractions of the width and height.

        The logarithm of the aspect is uniform, so that wide and tall boxes are equally likely.
        """
        logs = Range(math.log(self.aspect.low), math.log(self.aspect.high))
        area = switch(
            variant, self.factor, self.area.at(share_of(variant, numbers[0], self.factor)), off=1.0
        )
        aspect = each(math.exp, switch(variant, self.factor, logs.at(numbers[1]), off=0.0))
        width = smaller(each(math.sqrt, area * aspect), 1.0)
        height = smaller(area / width, 1.0)
        return place_box(numbers[2], numbers[3], width, height)

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that resizes the chosen box to the size of the image."""
        box = shift(choice["x"] * size.width, choice["y"] * size.height)
        return Placement(box.after(stretch(choice["width"], choice["height"])), size)

    @property
    def label(self) -> str:
        """The name with the smallest area: crop to 60 %."""
        return f"crop to {100 * self.area.low:g} %"

    def caption(self, choice: Choice) -> str:
        """Describe a box by its sides in percent of the image's."""
        if choice["width"] == choice["height"] == 1:
            return ""
        return f"crop {100 * choice['width']:.0f} % by {100 * choice['height']:.0f} %"

    def strengths(self) -> list[Strength]:
        """Return boxes in the middle, of a few areas."""
        areas = [area for area in self.area.towards_ends(1.0) if area < 1]
        return [
            Strength(f"{100 * area:.0f} % of the area, centred", centred_box(area))
            for area in areas
        ]
