"""Flip: mirror an image left-right, top-bottom, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from expand.errors import SettingError, shown
from expand.geometry import Number, Placement, Size, linear_about_centres
from expand.techniques.ranges import is_whole
from expand.techniques.technique import Choice, GeometricTechnique, Strength, Technique

AXES = ("horizontal", "vertical")


@dataclass(frozen=True)
class Flip(GeometricTechnique):
    """Mirror left-right (horizontal), top-bottom (vertical), or both; factor 2 or 4."""

    name: ClassVar[str] = "flip"
    axes: tuple[str, ...] = ()
    factor: int = 0

    def __post_init__(self) -> None:
        if not is_whole(self.factor) or self.factor not in (0, 2, 4):
            raise SettingError(
                f'"factor" of flip must be 2 (one axis) or 4 (both), got {shown(self.factor)}',
                "factor",
            )
        axes = self._sorted_axes()
        if self.factor and self.factor != 2 ** len(axes):
            raise SettingError(
                f'"factor" of flip along {" and ".join(axes)} is {2 ** len(axes)}, '
                f"got {self.factor}",
                "factor",
            )
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "factor", 2 ** len(axes))

    def _sorted_axes(self) -> tuple[str, ...]:
        """Return the axes in the order of `AXES`; those of the factor if none are given."""
        given: object = (self.axes,) if isinstance(self.axes, str) else self.axes
        if given == ():
            return AXES[: max(self.factor // 2, 1)]
        axes = list(given) if isinstance(given, list | tuple) else []
        if not axes or any(axis not in AXES or axes.count(axis) > 1 for axis in axes):
            raise SettingError(
                '"axes" of flip must be horizontal, vertical or both, each once, '
                f"got {shown(self.axes)}",
                "axes",
            )
        return tuple(axis for axis in AXES if axis in axes)

    def with_factor(self, factor: int) -> Flip:
        """Return a flip with this factor; it keeps its axis if it has one and needs one."""
        return self if factor == self.factor else Flip(factor=factor)

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn a variant into one bit for each axis; variant 0 changes nothing."""
        bits = {axis: variant // 2**bit % 2 == 1 for bit, axis in enumerate(self.axes)}
        return {axis: bits.get(axis, variant < 0) for axis in AXES}

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that mirrors an image of `size`."""
        across, down = 1 - 2 * choice["horizontal"], 1 - 2 * choice["vertical"]
        return Placement(linear_about_centres(across, 0.0, 0.0, down, size, size), size)

    @property
    def label(self) -> str:
        """The name with the axes: flip horizontal."""
        return f"flip {' + '.join(self.axes)}"

    def caption(self, choice: Choice) -> str:
        """Describe a choice by the axes that are mirrored."""
        mirrored = " + ".join(axis for axis in AXES if choice[axis])
        return f"flip {mirrored}" if mirrored else ""

    def strengths(self) -> list[Strength]:
        """Return the one strength of a flip: mirrored along its axes."""
        return [Strength("mirrored", {axis: axis in self.axes for axis in AXES})]

    def parts(self) -> tuple[Technique, ...]:
        """Return a flip for each axis."""
        return tuple(Flip((axis,)) for axis in self.axes)

    def merge(self, other: Technique) -> Technique | None:
        """Return the flip along the axes of both, or None if the other is not a flip."""
        return Flip((*self.axes, *other.axes)) if isinstance(other, Flip) else None
