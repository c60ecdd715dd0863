"""Which pixels noise hits: the first values of a keyed permutation of an image's positions.

A permutation gives each hit another pixel, so their count is exact, and the cost is that of the
hits, not that of the pixels. Rounds of 32-bit arithmetic alone (xor with a key, multiplication by
an odd number, xor with the high bits), so that a batch of images on any device gives the same hits
as each image alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from expand.geometry import Number, smaller
from expand.techniques.ranges import whole

FACTORS = (0x7FEB352D, 0x046CA68B, 0x1E3779B1, 0x05EBCA6B, 0x42B2AE35)
"""The odd multipliers of the keyed rounds. After four rounds, pairs of hits at some distances are
1 % too frequent in images of 32×32 pixels; after five, 300,000 patterns show no difference."""
START = (0x243F6A88, 0x05A308D3, 0x13198A2E)
"""The keys of three rounds that are equal for all images: they make an unordered start of 0, 1, 2 …
Without them, the five keyed rounds are not enough."""
FEWEST_BITS = 10
"""Smaller images take their hits from 1,024 positions: fewer bits mix badly."""
MOST_BITS = 31
BLOCK = 1 << 16
"""Positions that are computed at a time: they fit into a processor's cache."""
WORD, WORDS = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
STEPS = tuple(0x9E3779B97F4A7C15 * step & WORDS for step in (1, 2, 3, 4))
Tensor = TypeVar("Tensor", bound=Any)
Positions = NDArray[np.uint32]


class Draw(NamedTuple):
    """The hits of one image, or of N images as arrays.

    `count` pixels are hit, of which the first `salted` are white; `keys` are those of the rounds.
    """

    count: Any
    salted: Any
    keys: tuple[Any, ...]

    def of(self, row: int) -> Draw:
        """Return the hits of one of N images."""
        keys = tuple(int(key[row]) for key in self.keys)
        return Draw(int(self.count[row]), int(self.salted[row]), keys)


class Hits(NamedTuple):
    """The positions that are hit in an image: indices of pixels, row by row."""

    white: NDArray[Any]
    black: NDArray[Any]


class Rounds(NamedTuple):
    """The constants of a permutation's rounds: numbers, or arrays, which numpy handles faster."""

    factors: tuple[Any, ...]
    mask: Any
    shift: Any


def draw(seed: int | NDArray[np.int64], amount: Number, salt: Number, pixels: int) -> Draw:
    """Draw the hits of an image with so many pixels from a seed of 52 bits; all may be arrays of N.

    The counts are `amount` × pixels and `salt` × hits, rounded up or down by chance, so that each
    pixel is hit with probability `amount`, and each hit is white with probability `salt`.
    """
    bits = seed.astype(np.uint64) if isinstance(seed, np.ndarray) else seed
    mixed = [_mix(bits + step & WORDS) for step in STEPS]
    low, high = [word & WORD for word in mixed], [word >> 32 for word in mixed]
    count = smaller(whole(amount * pixels + low[3] * 2.0**-32), pixels)
    salted = smaller(whole(count * salt + high[3] * 2.0**-32), count)
    return Draw(count, salted, (low[0], high[0], low[1], high[1], low[2]))


def hits(drawn: Draw, pixels: int) -> Iterator[Hits]:
    """Yield the hits of one image, in blocks: they take the memory of one block."""
    bits = bits_of(pixels)
    left, salted, most = drawn.count, drawn.salted, tries(drawn.count, pixels)
    for first in range(0, most, BLOCK):
        start = _start(bits, first)[: most - first]
        found = permute(start, drawn.keys, rounds(bits))
        found = found[found < pixels][:left]
        yield Hits(found[:salted], found[salted:])
        left, salted = left - len(found), max(0, salted - len(found))


def hits_of_many(
    drawn: Draw, rows: NDArray[np.intp], pixels: int
) -> Iterator[tuple[NDArray[np.intp], Positions, NDArray[np.int64]]]:
    """Yield groups of `rows` with T×N positions, and the rank of each among the image's hits.

    Ranks count from 1; a position that is not a pixel has a rank beyond any count.
    """
    bits = bits_of(pixels)
    for group, most in groups(drawn, rows, pixels, BLOCK):
        keys = (key[group].astype(np.uint32) for key in drawn.keys)
        found = permute(start(bits, most)[:, None], keys, rounds(bits))
        valid = found < pixels
        yield group, found, np.where(valid, valid.cumsum(axis=0), len(valid) + 1)


def groups(
    drawn: Draw, rows: NDArray[np.intp], pixels: int, most: int
) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Yield groups of `rows` with how many tries each image of a group needs, `most` in all.

    Images with equally many hits are together. One image may need more tries than `most`.
    """
    rows = rows[np.argsort(-drawn.count[rows], kind="stable")]
    while len(rows):
        needed = tries(int(drawn.count[rows[0]]), pixels)
        group, rows = np.split(rows, [max(most // needed, 1)])
        yield group, needed


def permute(start: Tensor, keys: Iterable[Any], rounds: Rounds) -> Tensor:
    """Return the values of the permutation of these keys at positions `start`.

    numpy's arrays and torch's tensors give equal numbers. The keys may be arrays of N, and `start`
    then T×1, for T×N images.
    """
    for key, factor in zip(keys, rounds.factors, strict=True):
        start = start ^ key
        start *= factor
        start &= rounds.mask
        start ^= start >> rounds.shift
    return start


def bits_of(pixels: int) -> int:
    """Return on how many bits the permutation of an image with so many pixels works."""
    return max((pixels - 1).bit_length(), FEWEST_BITS)


def tries(count: int, pixels: int) -> int:
    """Return how many positions to permute for `count` hits, since some values are not pixels.

    At most one image in 10¹² gets fewer hits (8 standard deviations).
    """
    positions = 1 << bits_of(pixels)
    misses = 1 - pixels / positions
    needed = count + 8 * math.sqrt(count * misses) + 32 * misses
    return min(math.ceil(needed * positions / pixels), positions) if count else 0


def start(bits: int, count: int) -> Positions:
    """Return the first `count` positions, out of order, before any key."""
    blocks = [_start(bits, first)[: count - first] for first in range(0, count, BLOCK)]
    return np.concatenate(blocks) if len(blocks) > 1 else blocks[0]


@lru_cache(maxsize=MOST_BITS)
def rounds(bits: int) -> Rounds:
    """Return the constants of the keyed rounds as arrays without dimensions."""
    constants = (*FACTORS, (1 << bits) - 1, (bits + 1) // 2)
    *factors, mask, shift = (np.array(constant, np.uint32) for constant in constants)
    return Rounds(tuple(factors), mask, shift)


def _start(bits: int, first: int) -> Positions:
    """Return a block of the positions out of order; the first one is kept."""
    return _first_block(bits) if not first else _shuffled(bits, first)


@lru_cache(maxsize=MOST_BITS)
def _first_block(bits: int) -> Positions:
    block = _shuffled(bits, 0)
    block.flags.writeable = False
    return block


def _shuffled(bits: int, first: int) -> Positions:
    constants = rounds(bits)
    factors = constants.factors[: -len(START) - 1 : -1]
    block = np.arange(first, min(first + BLOCK, 1 << bits), dtype=np.uint32)
    return permute(block, START, Rounds(factors, constants.mask, constants.shift))


def _mix(number: Any) -> Any:
    """Return 64 mixed bits of a number, or of each of an array (splitmix64, public domain)."""
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & WORDS
    number = (number ^ number >> 27) * 0x94D049BB133111EB & WORDS
    return number ^ number >> 31
