"""The order in which an image walks through the variants of its techniques."""

from __future__ import annotations

from functools import cache, lru_cache
from math import floor, gcd, lcm, prod

import numpy as np

from expand.views.keys import draw


@lru_cache(maxsize=4096)
def walk(position: int, radices: tuple[int, ...]) -> tuple[int, ...]:
    """Return one combination of variants; positions 0 … (product of radices) − 1 are a permutation.

    The walk goes along the diagonal, so that every technique visits its own variants evenly. Steps
    near the golden ratio put a few variants in a row far apart.
    """
    digits = []
    for index in range(len(radices) - 1, -1, -1):
        before, radix = prod(radices[:index]), radices[index]
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
    low, high = floor(ideal), floor(ideal) + 1
    while True:
        nearest = low if ideal - low <= high - ideal else high
        if 1 <= nearest <= radix and gcd(nearest, radix) == 1:
            return nearest
        low, high = (low - 1, high) if nearest == low else (low, high + 1)


@lru_cache(maxsize=1024)
def origin(seed: int, source_id: str, count: int) -> list[int]:
    """Return where an image starts, as 64-bit numbers.

    Its position in the walk, its phase after the first round, and its offset in each range.
    """
    return draw(seed, "source", source_id, 0, count)


@lru_cache(maxsize=16)
def shuffled(seed: int, source_id: str, block: int, total: int) -> list[int]:
    """Return a random order of all combinations for a block of views.

    The first block begins with combination 0, the image itself.
    """
    order: list[int] = np.argsort(draw(seed, "order", source_id, block, total)).tolist()
    if block == 0:
        order.remove(0)
        order.insert(0, 0)
    return order
