"""The order in which an image walks through the variants of its techniques."""

from __future__ import annotations

from functools import cache, lru_cache
from math import gcd, lcm, prod

import numpy as np

from expand.views.keys import draw


@lru_cache(maxsize=4096)
def walk(position: int, radices: tuple[int, ...]) -> tuple[int, ...]:
    """Return one combination of variants; positions 0 … (product of radices) − 1 give each combination once.

    The walk goes along the diagonal, so that every technique passes through its own variants evenly all the way, and
    takes each technique's variants in steps near the golden section, so that a few in a row lie far apart.
    """
    digits = []
    for place in range(len(radices) - 1, -1, -1):
        before, radix = prod(radices[:place]), radices[place]
        digit = (position + position // lcm(before, radix)) % radix
        digits.append(digit * _golden_step(radix) % radix)
        position %= before
    return tuple(reversed(digits))


def mixed_radix(position: int, radices: tuple[int, ...]) -> tuple[int, ...]:
    """Return the digits of a number in a mixed radix system, the first radix first."""
    digits = []
    for radix in radices:
        position, digit = divmod(position, radix)
        digits.append(digit)
    return tuple(digits)


@cache
def _golden_step(radix: int) -> int:
    """Return the whole number nearest to radix × 0.618 that shares no divisor with it."""
    ideal = radix * (5**0.5 - 1) / 2
    return min(
        (n for n in range(1, radix + 1) if gcd(n, radix) == 1),
        key=lambda n: abs(n - ideal),
        default=1,
    )


@lru_cache(maxsize=1024)
def origin(seed: int, source_id: str, count: int) -> list[int]:
    """Return where an image starts: its place in the walk, its phase after the first round, its offsets in each range."""
    return draw(seed, "source", source_id, 0, count)


@lru_cache(maxsize=64)
def shuffled(seed: int, source_id: str, block: int, total: int) -> list[int]:
    """Return an independent order of all combinations for a block of views; the first block begins with the untouched."""
    order: list[int] = np.argsort(draw(seed, "order", source_id, block, total)).tolist()
    if block == 0:
        order.remove(0)
        order.insert(0, 0)
    return order
