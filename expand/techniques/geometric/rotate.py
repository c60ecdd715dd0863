"""Rotate: turn an image about its centre by an angle from a range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from expand.geometry import Number, Placement, Size, each, turn
from expand.techniques.ranges import Range, check_factor, parse_range, share_of, signed, switch
from expand.techniques.technique import Choice, GeometricTechnique, Strength

DEGREES = Range(-15.0, 15.0)


@dataclass(frozen=True)
class Rotate(GeometricTechnique):
    """Turn by an angle from a range of degrees, counter-clockwise positive."""

    name: ClassVar[str] = "rotate"
    spread: ClassVar[int] = 1
    degrees: Range = DEGREES
    factor: int | None = None

    def __post_init__(self) -> None:
        degrees = parse_range(self.degrees, "degrees", within=(-360, 360), symmetric=True)
        object.__setattr__(self, "degrees", degrees)
        point = degrees.is_point
        check_factor(self.name, self.factor, drawn=not point, neutral=degrees == (0, 0))

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn one number into degrees."""
        share = share_of(variant, numbers[0], self.factor)
        return {"degrees": switch(variant, self.factor, self.degrees.at(share), off=0.0)}

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that turns an image of `size` about its centre."""
        radians = choice["degrees"] * (math.pi / 180)
        return Placement(turn(each(math.cos, radians), each(math.sin, radians), size, size), size)

    @property
    def label(self) -> str:
        """The name with the range: rotate ±15°."""
        return f"rotate {self.degrees.ends}°"

    def caption(self, choice: Choice) -> str:
        """Describe a turn by its degrees, counter-clockwise positive."""
        return f"rotate {choice['degrees']:+.1f}°" if choice["degrees"] else ""

    def strengths(self) -> list[Strength]:
        """Return a few turns in both directions of the range."""
        angles = self.degrees.towards_ends(0.0)
        return [Strength(f"{signed(angle)}°", {"degrees": angle}) for angle in angles]
