"""Translate: shift an image by fractions of its size, or by whole pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from expand.errors import SettingError, shown
from expand.geometry import Number, Placement, Size, shift
from expand.techniques.ranges import (
    Range,
    check_factor,
    check_unit,
    parse_range,
    share_of,
    signed,
    switch,
)
from expand.techniques.technique import Choice, GeometricTechnique, Strength

SHIFT = Range(-0.1, 0.1)


@dataclass(frozen=True)
class Translate(GeometricTechnique):
    """Shift by fractions of the width and height, or by whole pixels.

    `x` is positive to the right, `y` downwards. Whole pixels are exact; their factor is the number
    of shifts by default.
    """

    name: ClassVar[str] = "translate"
    spread: ClassVar[int] = 2
    x: Range = SHIFT
    y: Range = SHIFT
    unit: str = "fraction"
    factor: int | None = None

    def __post_init__(self) -> None:
        check_unit(self.name, self.unit)
        limit = 1.0 if self.unit == "fraction" else 65535.0
        for axis in ("x", "y"):
            value = parse_range(getattr(self, axis), axis, within=(-limit, limit), symmetric=True)
            if self.unit == "pixel" and any(end % 1 for end in value):
                raise SettingError(
                    f'"{axis}" of translate must be whole numbers of pixels, '
                    f"got {shown(list(value))}",
                    axis,
                )
            object.__setattr__(self, axis, value)
        if self.unit == "pixel" and self.factor is None:
            object.__setattr__(self, "factor", self._count)
        drawn = not (self.x.is_point and self.y.is_point)
        most = self._count if self.unit == "pixel" else None
        neutral = self.x == self.y == (0, 0)
        check_factor(self.name, self.factor, most=most, drawn=drawn, neutral=neutral)

    @property
    def _columns(self) -> int:
        return int(self.x.high - self.x.low) + 1

    @property
    def _count(self) -> int:
        """The number of whole-pixel shifts, no shift included."""
        rows = int(self.y.high - self.y.low) + 1
        return self._columns * rows + (not self._holds_zero)

    @property
    def _holds_zero(self) -> bool:
        return self.x.low <= 0 <= self.x.high and self.y.low <= 0 <= self.y.high

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn two numbers into a shift along x and one along y."""
        if self.unit == "pixel":
            return self._choose_pixels(variant, numbers[0])
        x = self.x.at(share_of(variant, numbers[0], self.factor))
        y = self.y.at(numbers[1])
        return {
            "x": switch(variant, self.factor, x, off=0.0),
            "y": switch(variant, self.factor, y, off=0.0),
        }

    def _choose_pixels(self, variant: Number, number: Number) -> Choice:
        """Return one of the shifts; variants draw from disjoint groups, so all differ."""
        shifts, variants = self._count - 1, max((self.factor or 1) - 1, 1)
        first = (variant - 1) * shifts // variants
        index = first + number * (variant * shifts // variants - first) // 1
        if self._holds_zero:  # which is variant 0
            zero = -self.y.low * self._columns - self.x.low
            index = index + (index >= zero)
        x, y = self.x.low + index % self._columns, self.y.low + index // self._columns
        return {
            "x": switch(variant, self.factor, x, off=0.0),
            "y": switch(variant, self.factor, y, off=0.0),
        }

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that shifts an image of `size`."""
        width, height = size if self.unit == "fraction" else (1.0, 1.0)
        return Placement(shift(-choice["x"] * width, -choice["y"] * height), size)

    @property
    def label(self) -> str:
        """The name with the range along x: translate ±10 %."""
        return f"translate {self.x.times(self._shown).ends}{self._symbol}"

    def caption(self, choice: Choice) -> str:
        """Describe a shift by its pixels, or percents of the width and height."""
        x, y = choice["x"], choice["y"]
        if not x and not y:
            return ""
        if max(abs(x), abs(y)) >= 1:
            return f"move {x:+.0f} {y:+.0f} px"
        return f"move {round(100 * x) + 0:+d} % {round(100 * y) + 0:+d} %"

    def strengths(self) -> list[Strength]:
        """Return a few shifts along each axis alone."""
        return [
            Strength(f"{signed(self._shown * value)}{self._symbol} {way}", {**still, axis: value})
            for axis, way, values in (("x", "across", self.x), ("y", "down", self.y))
            for still in ({"x": 0.0, "y": 0.0},)
            for value in values.towards_ends(0.0, whole=self.unit == "pixel")
        ]

    @property
    def _shown(self) -> float:
        """What a shift is multiplied by when it is shown."""
        return 100.0 if self.unit == "fraction" else 1.0

    @property
    def _symbol(self) -> str:
        return " %" if self.unit == "fraction" else " px"
