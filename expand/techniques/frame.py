"""Crop, pad and resize: the techniques that choose what part of the plane the output shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from expand.affine import Affine, Number, Placement, Size, each, shift, smaller, stretch
from expand.errors import ExpandError
from expand.techniques.spread import Range, check_factor, parse_range, share_of, switch
from expand.techniques.technique import Choice, Geometric

AREA, ASPECT = Range(0.6, 1.0), Range(0.75, 4 / 3)


@dataclass(frozen=True)
class Crop(Geometric):
    """Cut a box of a drawn area and aspect out of the image and stretch it to the image's size ("random resized crop").

    `area` is the box's share of the image, `aspect` its width over height in units of the image's own (1 keeps the
    proportions). Szegedy et al. 2015 draw the area from 0.08 … 1 and the aspect from 3/4 … 4/3; the default area is
    milder, so that most crops still show what the label says.
    """

    name: ClassVar[str] = "crop"
    spread: ClassVar[int] = 4
    area: Range = AREA
    aspect: Range = ASPECT
    factor: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "area", parse_range(self.area, "area", within=(0.001, 1)))
        object.__setattr__(self, "aspect", parse_range(self.aspect, "aspect", within=(0.01, 100)))
        check_factor(self.name, self.factor, drawn=not (self.area.is_point and self.area.high == 1))

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn four numbers into a box, in fractions of the width and height; the aspect is drawn evenly in its logarithm."""
        logs = Range(math.log(self.aspect.low), math.log(self.aspect.high))
        area = switch(variant, self.factor, self.area.at(share_of(variant, numbers[0], self.factor)), off=1.0)
        aspect = each(math.exp, switch(variant, self.factor, logs.at(numbers[1]), off=0.0))
        width = smaller(each(math.sqrt, area * aspect), 1.0)
        height = smaller(area / width, 1.0)
        return {"x": numbers[2] * (1.0 - width), "y": numbers[3] * (1.0 - height), "width": width, "height": height}

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that shows the chosen box of an image at the image's own size."""
        box = shift(choice["x"] * size.width, choice["y"] * size.height)
        return Placement(box.after(stretch(choice["width"], choice["height"])), size)


@dataclass(frozen=True)
class Pad(Geometric):
    """Put a margin around the image: fractions of its width and height, or whole pixels on each side; factor 1 or 2."""

    name: ClassVar[str] = "pad"
    by: float = 0.1
    unit: str = "fraction"
    factor: int | None = 1

    def __post_init__(self) -> None:
        if self.unit not in ("fraction", "pixel"):
            raise ExpandError(f'"unit" of pad must be fraction or pixel, got {self.unit!r}')
        by = parse_range(self.by, "by", within=(0, 10 if self.unit == "fraction" else 65535)).low
        if self.unit == "pixel" and by % 1:
            raise ExpandError(f'"by" of pad must be a whole number of pixels, got {by!r}')
        object.__setattr__(self, "by", by)
        check_factor(self.name, self.factor, drawn=False)

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn a variant into a margin: none, or the one that is set."""
        return {"by": switch(variant, self.factor, self.by, off=0.0)}

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that adds the margin, in whole pixels, to an image of `size`."""
        width, height = size if self.unit == "fraction" else (1.0, 1.0)
        x, y = (choice["by"] * width + 0.5) // 1, (choice["by"] * height + 0.5) // 1
        return Placement(shift(-x, -y), Size(size.width + 2 * x, size.height + 2 * y))


@dataclass(frozen=True)
class Resize(Geometric):
    """Give the image another size: [width, height], or one number for the shorter side; factor 1 or 2."""

    name: ClassVar[str] = "resize"
    size: int | Sequence[int] = 64
    factor: int | None = 1

    def __post_init__(self) -> None:
        sides = [self.size] if isinstance(self.size, int) else list(self.size)
        if len(sides) not in (1, 2) or not all(isinstance(side, int) and 1 <= side <= 65535 for side in sides):
            raise ExpandError(f'"size" of resize must be a whole number of pixels or [width, height], got {self.size!r}')
        object.__setattr__(self, "size", sides[0] if len(sides) == 1 else tuple(sides))
        check_factor(self.name, self.factor, drawn=False)

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn a variant into a decision."""
        return {"resized": switch(variant, self.factor, 1.0, off=0.0) == 1}

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that stretches an image of `size` to the size that is set."""
        on = choice["resized"] * 1.0
        if isinstance(self.size, int):
            step = self.size / smaller(size.width, size.height)
            target = Size((size.width * step + 0.5) // 1, (size.height * step + 0.5) // 1)
        else:
            target = Size(float(self.size[0]), float(self.size[1]))
        out = Size(size.width + on * (target.width - size.width), size.height + on * (target.height - size.height))
        scale: Affine = stretch(size.width / out.width, size.height / out.height)
        return Placement(scale, out)
