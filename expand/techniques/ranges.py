"""Ranges of a technique's settings: how they are read, checked, drawn from and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from expand.errors import SettingError
from expand.geometry import Number

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
        raise SettingError(f'"{key}" must be a number or [low, high], got {value!r}', key)
    low, high = float(value[0]), float(value[1])
    if not (within[0] <= low <= high <= within[1]):
        raise SettingError(
            f'"{key}" must rise from at least {within[0]:g} to at most {within[1]:g}, '
            f"got {list(value)!r}",
            key,
        )
    return Range(low, high)


def _is_pair(value: object) -> TypeGuard[Sequence[float]]:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and len(value) == 2
        and all(map(_is_number, value))
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_factor(
    name: str, factor: int | None, *, most: int | None = None, drawn: bool = True
) -> None:
    """Refuse a factor that a technique cannot have.

    `most` is its largest factor. Without `drawn`, it has one strength: its factor is 1 or 2.
    """
    if factor is not None and (
        not isinstance(factor, int) or isinstance(factor, bool) or factor < 1
    ):
        raise SettingError(
            f'"factor" of {name} must be a whole number, at least 1, got {factor!r}', "factor"
        )
    if most is not None and (factor is None or factor > most):
        raise SettingError(f'"factor" of {name} can be at most {most}, got {factor}', "factor")
    if not drawn and factor not in (1, 2):
        raise SettingError(
            f'{name} has one strength only: give it a range, or "factor: 2" (without and with), '
            "or 1 (always)",
            "factor",
        )


def check_unit(name: str, unit: str) -> None:
    """Refuse a unit of lengths that is neither fraction (of the image's sides) nor pixel."""
    if unit not in ("fraction", "pixel"):
        raise SettingError(f'"unit" of {name} must be fraction or pixel, got {unit!r}', "unit")


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
