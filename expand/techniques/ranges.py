"""Ranges of a technique's settings: how they are read, checked, drawn from and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from expand.errors import SettingError, shown
from expand.geometry import Number

MOST_FACTOR = 1_000_000
"""The largest factor of a technique, and of a run."""
SHARES = (0.25, 0.5, 1.0)
"""How far from neutral to the end of its range an ablation tries a technique."""


class Range(NamedTuple):
    """An interval of values to draw from."""

    low: float
    high: float

    def at(self, share: Number) -> Number:
        """Return the value at `share` (0 … 1) of the way from low to high."""
        return self.low + (self.high - self.low) * share

    @property
    def is_point(self) -> bool:
        """Whether the range is a single value."""
        return self.low == self.high

    @property
    def middle(self) -> float:
        """The value half-way from low to high."""
        return (self.low + self.high) / 2

    def times(self, number: float) -> Range:
        """Return the range in another unit: both ends multiplied by `number`."""
        return Range(number * self.low, number * self.high)

    def towards_ends(self, neutral: float, *, whole: bool = False) -> list[float]:
        """Return values at the `SHARES` of the way from `neutral` to either end, in rising order.

        `neutral` changes nothing and is left out; `whole` rounds the values to whole numbers.
        """
        values = {neutral + share * (end - neutral) for end in self for share in SHARES}
        values = {float(round(value)) for value in values} if whole else values
        return sorted(value for value in values if value != neutral)

    @property
    def ends(self) -> str:
        """The range as part of a label: ±15, or −5 … 30."""
        if self.low == -self.high:
            return f"±{self.high:g}"
        return f"{self.low:g} … {self.high:g}".replace("-", "−")

    def __str__(self) -> str:
        return f"{self.low:g}" if self.is_point else f"{self.low:g} … {self.high:g}"


def parse_range(
    value: object, key: str, *, within: tuple[float, float], symmetric: bool = False
) -> Range:
    """Read a range from a recipe: [low, high], or one number, which means ± that if `symmetric`.

    Raises `SettingError` with `key` for anything else, and for values outside `within`.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = [-abs(value), abs(value)] if symmetric else [value, value]
    if not _is_pair(value):
        raise SettingError(f'"{key}" must be a number or [low, high], got {shown(value)}', key)
    low, high = value
    if not (within[0] <= low <= high <= within[1]):
        raise SettingError(
            f'"{key}" must rise from at least {within[0]:g} to at most {within[1]:g}, '
            f"got {shown(list(value))}",
            key,
        )
    return Range(float(low) + 0.0, float(high) + 0.0)  # -0.0 becomes 0.0


def _is_pair(value: object) -> TypeGuard[Sequence[float]]:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and len(value) == 2
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    )


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number; True and 2.0 are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_factor(
    name: str,
    factor: int | None,
    *,
    most: int | None = None,
    drawn: bool = True,
    neutral: bool = False,
) -> None:
    """Refuse a factor that a technique cannot have.

    `most` is its largest factor, where it has one of its own. Without `drawn`, it has one strength:
    its factor is 1 or 2. If that is `neutral`, it changes nothing: its factor is 1.
    """
    if factor is not None and (not is_whole(factor) or factor < 1):
        raise SettingError(
            f'"factor" of {name} must be a whole number, at least 1, got {shown(factor)}', "factor"
        )
    if (most is not None and factor is None) or (factor or 1) > (most or MOST_FACTOR):
        raise SettingError(
            f'"factor" of {name} can be at most {most or MOST_FACTOR:,}, got {shown(factor)}',
            "factor",
        )
    if neutral and factor != 1:
        raise SettingError(
            f'{name} changes nothing at this strength: give it another or a range, or "factor: 1"',
            "factor",
        )
    if not drawn and factor not in (1, 2):
        raise SettingError(
            f'{name} has one strength only: give it a range, or "factor: 2" (without and with), '
            "or 1 (always)",
            "factor",
        )


def check_unit(name: str, unit: str) -> None:
    """Refuse a unit of lengths that is neither fraction (of the image's sides) nor pixel."""
    if not isinstance(unit, str) or unit not in ("fraction", "pixel"):
        raise SettingError(f'"unit" of {name} must be fraction or pixel, got {shown(unit)}', "unit")


def switch(variant: Number, factor: int | None, value: Number, off: float) -> Number:
    """Return `off` for variant 0, which changes nothing, and `value` for any other.

    A technique with factor 1, or without one, has no such variant: it is always on.
    """
    if factor is None or factor == 1:
        return value
    return off + (variant > 0) * (value - off)


def share_of(variant: Number, number: Number, factor: int | None) -> Number:
    """Return how far into its range (0 … 1) a variant is; `number` (0 … 1) is drawn in its stratum.

    Variants 1 … factor − 1 divide the range evenly; variant 0 changes nothing.
    """
    if factor is None or factor == 1:
        return number
    return ((variant - 1 + number) / (factor - 1)) * (variant > 0)


def signed(value: float) -> str:
    """Return a number with its sign, to three digits: +7.5, −30."""
    return f"{value:+.3g}".replace("-", "−")


def whole(number: Number) -> int | NDArray[np.int64]:
    """Return the whole part of a number, or of each element of an array."""
    return number.astype(np.int64) if isinstance(number, np.ndarray) else int(number)
