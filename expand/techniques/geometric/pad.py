"""Pad: add a margin around an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from expand.errors import SettingError, shown
from expand.geometry import Number, Placement, Size, shift
from expand.techniques.ranges import check_factor, check_unit, parse_range, switch
from expand.techniques.technique import Choice, GeometricTechnique


@dataclass(frozen=True)
class Pad(GeometricTechnique):
    """Add a margin on each side: a fraction of the width and height, or whole pixels.

    Factor 1: every view is padded; factor 2: without and with padding.
    """

    name: ClassVar[str] = "pad"
    changes_size: ClassVar[bool] = True
    by: float = 0.1
    unit: str = "fraction"
    factor: int | None = 1

    def __post_init__(self) -> None:
        check_unit(self.name, self.unit)
        limit = 10 if self.unit == "fraction" else 65535
        by, high = parse_range(self.by, "by", within=(0, limit))
        if by != high:
            raise SettingError(f'"by" of pad must be one number, got {shown(self.by)}', "by")
        if self.unit == "pixel" and by % 1:
            raise SettingError(f'"by" of pad must be a whole number of pixels, got {by:g}', "by")
        object.__setattr__(self, "by", by)
        check_factor(self.name, self.factor, drawn=False, neutral=by == 0)

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn a variant into a margin: none, or the one of the settings."""
        return {"by": switch(variant, self.factor, self.by, off=0.0)}

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that adds the margin, in whole pixels, to an image of `size`."""
        width, height = size if self.unit == "fraction" else (1.0, 1.0)
        x, y = (choice["by"] * width + 0.5) // 1, (choice["by"] * height + 0.5) // 1
        return Placement(shift(-x, -y), Size(size.width + 2 * x, size.height + 2 * y))

    def caption(self, choice: Choice) -> str:
        """Describe a margin by its width, in the unit of the settings."""
        return f"pad {choice['by']:g}" if choice["by"] else ""
