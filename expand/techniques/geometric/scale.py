"""Scale: zoom an image about its centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from expand.geometry import Number, Placement, Size, linear_about_centres
from expand.techniques.ranges import Range, check_factor, parse_range, share_of, switch
from expand.techniques.technique import Choice, GeometricTechnique, Strength

SCALE = Range(0.9, 1.1)


@dataclass(frozen=True)
class Scale(GeometricTechnique):
    """Zoom about the centre by a factor from a range: above 1 crops, below 1 pads."""

    name: ClassVar[str] = "scale"
    spread: ClassVar[int] = 1
    zoom: Range = SCALE
    factor: int | None = None

    def __post_init__(self) -> None:
        zoom = parse_range(self.zoom, "zoom", within=(0.01, 100))
        object.__setattr__(self, "zoom", zoom)
        check_factor(self.name, self.factor, drawn=not zoom.is_point, neutral=zoom == (1, 1))

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn one number into a zoom."""
        share = share_of(variant, numbers[0], self.factor)
        return {"zoom": switch(variant, self.factor, self.zoom.at(share), off=1.0)}

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that zooms an image of `size` about its centre."""
        step = 1.0 / choice["zoom"]
        return Placement(linear_about_centres(step, 0.0, 0.0, step, size, size), size)

    @property
    def label(self) -> str:
        """The name with the range: scale × 0.9 … 1.1."""
        return f"scale × {self.zoom.low:g} … {self.zoom.high:g}"

    def caption(self, choice: Choice) -> str:
        """Describe a zoom by its factor."""
        return f"zoom {choice['zoom']:.2f}" if choice["zoom"] != 1 else ""

    def strengths(self) -> list[Strength]:
        """Return a few zooms towards both ends of the range."""
        return [Strength(f"× {zoom:.2f}", {"zoom": zoom}) for zoom in self.zoom.towards_ends(1.0)]
