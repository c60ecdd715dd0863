"""The values that a mask file stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
    largest: int | None = None
    """The largest value that it can hold; None: that of the number type."""
    step: int = 1
    """The grey levels that it can hold are multiples of this."""

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
