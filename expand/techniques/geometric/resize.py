"""Resize: change the size of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from expand.errors import SettingError, shown
from expand.geometry import Affine, Number, Placement, Size, smaller, stretch
from expand.techniques.ranges import check_factor, is_whole, switch
from expand.techniques.technique import Choice, GeometricTechnique


@dataclass(frozen=True)
class Resize(GeometricTechnique):
    """Resize to [width, height] in pixels, or to one number of pixels for the shorter side.

    Factor 1: every view is resized; factor 2: without and with resizing.
    """

    name: ClassVar[str] = "resize"
    changes_size: ClassVar[bool] = True
    size: int | Sequence[int] = 64
    factor: int | None = 1

    def __post_init__(self) -> None:
        given: object = (self.size,) if is_whole(self.size) else self.size
        sides = tuple(given) if isinstance(given, list | tuple) else ()
        if len(sides) not in (1, 2) or not all(
            is_whole(side) and 1 <= side <= 65535 for side in sides
        ):
            raise SettingError(
                '"size" of resize must be a whole number of pixels or [width, height], '
                f"each 1 … 65535, got {shown(self.size)}",
                "size",
            )
        object.__setattr__(self, "size", sides[0] if len(sides) == 1 else sides)
        check_factor(self.name, self.factor, drawn=False)

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn a variant into whether to resize."""
        return {"resized": switch(variant, self.factor, 1.0, off=0.0) == 1}

    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the map that stretches an image of `size` to the size of the settings."""
        on = choice["resized"] * 1.0
        if isinstance(self.size, int):
            step = self.size / smaller(size.width, size.height)
            target = Size((size.width * step + 0.5) // 1, (size.height * step + 0.5) // 1)
        else:
            target = Size(float(self.size[0]), float(self.size[1]))
        out = Size(
            size.width + on * (target.width - size.width),
            size.height + on * (target.height - size.height),
        )
        scale: Affine = stretch(size.width / out.width, size.height / out.height)
        return Placement(scale, out)

    def caption(self, choice: Choice) -> str:
        """Tell whether the image was resized."""
        return "resized" if choice["resized"] else ""
