"""The values that a mask file stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from expand.images.pixels import Pixels


@dataclass(frozen=True, eq=False)
class Stored:
    """The values of a mask file and a function that encodes others of their kind."""

    values: Pixels
    """H×W or H×W×C, of any number type."""
    format: str
    write: Callable[[Pixels], bytes]
    lossless: bool = True
    turned: bool = False
    """Whether they were turned upright by an orientation tag."""
    alpha: bool = False
    """Whether the last channel is alpha."""
    largest: int | None = None
    """The largest value that it can hold; None: that of the number type."""
    step: int = 1
    """The grey levels that it can hold are multiples of this."""

    def without_alpha(self) -> Stored:
        """Return the other channels, if all pixels are opaque: what is written is opaque too."""
        opaque = np.iinfo(self.values.dtype).max if self.alpha else 0
        if not self.alpha or not (self.values[..., -1] == opaque).all():
            return self
        colours = np.ascontiguousarray(self.values[..., :-1])
        return replace(self, values=colours, write=partial(_write_opaque, self), alpha=False)

    @property
    def kind(self) -> str:
        """Say which values it can hold."""
        if self.step > 1:
            return f"only multiples of {self.step}"
        if self.values.dtype.kind == "f":
            return f"numbers of the type {self.values.dtype}"
        return f"values up to {self.largest_value}"

    @property
    def largest_value(self) -> int:
        """The largest whole number that it can hold."""
        if self.largest is not None:
            return self.largest
        if self.values.dtype.kind == "f":
            return 1 << (np.finfo(self.values.dtype).nmant + 1)
        return int(np.iinfo(self.values.dtype).max)

    def holds(self, value: int) -> bool:
        """Tell whether it can hold a value."""
        return 0 <= value <= self.largest_value and value % self.step == 0


def _write_opaque(stored: Stored, pixels: Pixels) -> bytes:
    shape = (*pixels.shape[:2], 1)
    opaque = np.full(shape, np.iinfo(pixels.dtype).max, pixels.dtype)
    return stored.write(np.concatenate([pixels.reshape(*shape[:2], -1), opaque], axis=2))
