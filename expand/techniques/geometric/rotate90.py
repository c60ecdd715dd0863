"""Rotate90: quarter turns, exact to the pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from expand.errors import SettingError, shown
from expand.geometry import Number, Placement, Size, turn
from expand.techniques.ranges import is_whole
from expand.techniques.technique import Choice, GeometricTechnique, Strength


@dataclass(frozen=True)
class Rotate90(GeometricTechnique):
    """Turn by 0, 90, 180 or 270 degrees, counter-clockwise; factor 4, or 2 for half turns only.

    A quarter turn swaps the width and height of an image.
    """

    name: ClassVar[str] = "rotate90"
    factor: int = 4

    def __post_init__(self) -> None:
        if not is_whole(self.factor) or self.factor not in (2, 4):
            raise SettingError(
                f'"factor" of rotate90 must be 4, or 2 (half turns only), got {shown(self.factor)}',
                "factor",
            )

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn a variant into degrees; variant 0 changes nothing."""
        return {"degrees": variant * (360 // self.factor)}

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that turns an image of `size`; exact, since all its sines are 0 or ±1."""
        degrees = choice["degrees"]
        cosine = (degrees == 0) * 1 - (degrees == 180) * 1
        sine = (degrees == 90) * 1 - (degrees == 270) * 1
        width = size.width + (size.height - size.width) * abs(sine)
        turned = Size(width, size.width + size.height - width)
        return Placement(turn(cosine, sine, turned, size), turned)

    def caption(self, choice: Choice) -> str:
        """Describe a turn by its degrees."""
        return f"turn {choice['degrees']:.0f}°" if choice["degrees"] else ""

    def strengths(self) -> list[Strength]:
        """Return every turn except 0°."""
        choices = [self.choose(variant, []) for variant in range(1, self.factor)]
        return [Strength(f"{choice['degrees']}°", choice) for choice in choices]
