"""The interface of a technique: it chooses parameters, applies them, and describes itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import fields, replace
from typing import Any, ClassVar, NamedTuple, TypeAlias, TypeVar

import numpy as np

from expand.errors import ExpandError
from expand.geometry import Number, Placement, Size
from expand.images.pixels import Pixels

Choice: TypeAlias = "dict[str, Any]"
Self = TypeVar("Self", bound="Technique")


class Strength(NamedTuple):
    """One strength of a technique: its label and its parameters.

    A choice of None stands for parameters drawn as in a view.
    """

    label: str
    choice: Choice | None


class Technique(ABC):
    """One kind of change: a frozen dataclass whose fields are its settings in a recipe file.

    `factor` is the number of variants, of which variant 0 changes nothing. None means unlimited:
    every view draws a new one. 1 means always on. `choose` takes `spread` numbers from the evenly
    spread sequence, then `seeds` numbers from an independent source.
    `changes_size` says that its views have another size than the source.
    """

    name: ClassVar[str]
    spread: ClassVar[int] = 0
    seeds: ClassVar[int] = 0
    changes_size: ClassVar[bool] = False
    factor: int | None

    @abstractmethod
    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn a variant and `spread` + `seeds` numbers in [0, 1) into parameters.

        All numbers may be arrays of N instead, for N views; the parameters are then arrays of N.
        """

    def with_factor(self: Self, factor: int) -> Self:
        """Return this technique with another factor."""
        return replace(self, factor=factor)  # type: ignore[type-var]

    def neutral(self) -> Choice:
        """Return the choice that changes nothing, with the same keys as any other."""
        off = self
        if self.factor in (None, 1):
            # not `replace`: one that changes nothing can have no factor of 2
            off = copy(self)
            object.__setattr__(off, "factor", 2)
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
        """Return what an ablation switches on and off separately; by default the whole."""
        return (self,)

    def merge(self, other: Technique) -> Technique | None:
        """Return this part and another as one technique, or None if they remain two."""
        return None


class GeometricTechnique(Technique):
    """A technique that is one matrix, which maps pixels and points alike."""

    @abstractmethod
    def place(self, choice: Mapping[str, Any], size: Size) -> Placement:
        """Return the output-to-input map for an image of `size`, and the size of the output."""


class PixelTechnique(Technique):
    """A technique that changes pixel values."""

    @abstractmethod
    def apply(self, pixels: Pixels, choice: Choice) -> tuple[Pixels, Choice]:
        """Return the changed pixels (H×W or H×W×C, 8 or 16 bits) and the choice.

        The choice comes back with whatever was drawn while it was applied.
        """

    def movers(self) -> tuple[str, ...]:
        """Return the names of what moves pixels or may move them; targets would not follow.

        Empty for a technique that changes values only, or paints over an area (see `painted`).
        """
        return (self.name,)

    def painted(self, choice: Choice, size: Size) -> tuple[float, float, float, float] | None:
        """Return the box that it paints over in an image of `size`: left, top, right, bottom."""
        return None

    def apply_batch(self, pixels: Pixels, choices: Choice) -> Pixels:
        """Return N changed images of one size (N×H×W or N×H×W×C); `choices` holds arrays of N.

        The result must be equal to `apply` on each image.
        """
        count = len(pixels)
        each = [
            {key: np.broadcast_to(value, count)[i].item() for key, value in choices.items()}
            for i in range(count)
        ]
        changed = [self.apply(image, choice)[0] for image, choice in zip(pixels, each, strict=True)]
        if len({image.shape for image in changed}) > 1:
            raise ExpandError(
                f"{self.name} gives views of one batch different sizes; give images one size with "
                "--image-size, and leave out what cuts or scales them by chance"
            )
        return np.stack(changed)

    def apply_within(
        self, pixels: Pixels, choice: Choice, _source: Pixels
    ) -> tuple[Pixels, Choice]:
        """Apply the technique in a view of a source, the image before the view's first technique.

        Pixels that are not in the memory of the source may be changed in place.
        """
        return self.apply(pixels, choice)

    def apply_batch_within(self, pixels: Pixels, choices: Choice, _source: Pixels) -> Pixels:
        """Apply the technique in views of N sources, as `apply_within` does in each."""
        return self.apply_batch(pixels, choices)
