"""What every technique is: a choice (numbers to a plain dict of parameters) and its application."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar, NamedTuple, TypeAlias, TypeVar

import numpy as np

from expand.geometry import Number, Placement, Size
from expand.images.pixels import Pixels

Choice: TypeAlias = "dict[str, Any]"
Self = TypeVar("Self", bound="Technique")


class Strength(NamedTuple):
    """One strength of a technique: its label, and the parameters of a view; None: as views draw them."""

    label: str
    choice: Choice | None


class Technique(ABC):
    """One kind of change.

    `factor` is the number of its variants, variant 0 changing nothing; None: as many as asked, every one of them drawn
    anew; 1: always on, and one variant only. `spread` counts the numbers in [0, 1) that a choice takes from the evenly
    spread sequence, `seeds` those that it takes after them from an independent source.
    """

    name: ClassVar[str]
    spread: ClassVar[int] = 0
    seeds: ClassVar[int] = 0
    factor: int | None

    @abstractmethod
    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn a variant and `spread` + `seeds` numbers in [0, 1) into parameters."""

    def with_factor(self: Self, factor: int) -> Self:
        """Return this technique with another factor."""
        return replace(self, factor=factor)  # type: ignore[type-var]

    def neutral(self) -> Choice:
        """Return the choice that changes nothing, with the same keys as any other."""
        off = replace(self, factor=2) if self.factor in (None, 1) else self  # type: ignore[type-var]
        return off.choose(0.0, [0.0] * (self.spread + self.seeds))

    def settings(self) -> dict[str, Any]:
        """Return what a recipe file holds for this technique, defaults written out."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}  # type: ignore[arg-type]
        return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}

    @property
    def label(self) -> str:
        """The name with the range: rotate ±15°."""
        return self.name

    def caption(self, choice: Choice) -> str:
        """Describe a choice in a few ASCII characters (and °); "" if it changes nothing."""
        return "" if choice == self.neutral() else self.name

    def strengths(self) -> list[Strength]:
        """Return the strengths at which an ablation tries the technique, from weak to strong."""
        return [Strength("as drawn", None)]

    def parts(self) -> tuple[Technique, ...]:
        """Return the techniques that can be switched on and off separately: itself, if it is one."""
        return (self,)

    def merge(self, other: Technique) -> Technique | None:
        """Return this part and another as one technique, or None if they remain two."""
        return None


class GeometricTechnique(Technique):
    """A technique that is one matrix, so that it maps pixels and, as well, points."""

    @abstractmethod
    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return where each output pixel comes from in an image of `size`, and the output's size."""


class PixelTechnique(Technique):
    """A technique that changes pixel values."""

    @abstractmethod
    def apply(self, pixels: Pixels, choice: Choice) -> tuple[Pixels, Choice]:
        """Return the changed H×W or H×W×C pixels, and the choice with whatever was drawn on the way added to it."""

    def apply_batch(self, pixels: Pixels, choices: Choice) -> Pixels:
        """Return N changed images of one size (N×H×W or N×H×W×C) for a choice whose values are arrays of N."""
        count = len(pixels)
        each = [
            {key: np.broadcast_to(value, count)[i].item() for key, value in choices.items()}
            for i in range(count)
        ]
        return np.stack(
            [self.apply(image, choice)[0] for image, choice in zip(pixels, each, strict=True)]
        )
