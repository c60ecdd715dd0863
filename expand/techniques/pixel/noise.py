"""Salt-and-pepper noise: turn a fraction of the pixels white or black, in all channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from expand.geometry import Number
from expand.images.pixels import Pixels
from expand.techniques.ranges import (
    SHARES,
    Range,
    check_factor,
    parse_range,
    share_of,
    switch,
    whole,
)
from expand.techniques.technique import Choice, PixelTechnique, Strength

AMOUNT, SALT = Range(0.01, 0.02), Range(0.5, 0.5)
SEED_BITS = 52


@dataclass(frozen=True)
class Noise(PixelTechnique):
    """Hit each pixel with probability `amount`.

    A hit is salt (white) with probability `salt`, else pepper (black), in all channels.
    """

    name: ClassVar[str] = "noise"
    spread: ClassVar[int] = 2
    seeds: ClassVar[int] = 1
    amount: Range = AMOUNT
    salt: Range = SALT
    factor: int | None = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", parse_range(self.amount, "amount", within=(0, 1)))
        object.__setattr__(self, "salt", parse_range(self.salt, "salt", within=(0, 1)))
        check_factor(self.name, self.factor)

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn three numbers into an amount, a fraction of salt and the seed of the pattern."""
        amount = self.amount.at(share_of(variant, numbers[0], self.factor))
        return {
            "amount": switch(variant, self.factor, amount, off=0.0),
            "salt": self.salt.at(numbers[1]),
            "seed": whole(numbers[2] * 2.0**SEED_BITS),
        }

    def apply(self, pixels: Pixels, choice: Choice) -> tuple[Pixels, Choice]:
        """Return the pixels with noise; the pattern depends on the seed and the size only."""
        if not choice["amount"]:
            return pixels, choice
        numbers = pattern(int(choice["seed"]), pixels.shape[0] * pixels.shape[1])
        hits = np.flatnonzero(numbers < _threshold(choice["amount"]))
        salted = hits[numbers[hits] < _threshold(choice["amount"] * choice["salt"])]
        noisy = pixels.reshape(numbers.size, -1).copy()
        noisy[hits] = 0
        noisy[salted] = 255 if pixels.dtype == np.uint8 else 65535
        return noisy.reshape(pixels.shape), choice

    def apply_batch(self, pixels: Pixels, choices: Choice) -> Pixels:
        """Return N images (N×H×W or N×H×W×C) with noise, as `apply` does for each."""
        (rows,) = np.nonzero(np.broadcast_to(choices["amount"], len(pixels)))
        amount, salt, seed = (
            np.broadcast_to(choices[key], len(pixels))[rows, None]
            for key in ("amount", "salt", "seed")
        )
        numbers = pattern(seed, pixels.shape[1] * pixels.shape[2])
        images, hits = np.nonzero(numbers < _threshold(amount))
        salted = numbers[images, hits] < _threshold(amount * salt)[images, 0]
        noisy = pixels.reshape(len(pixels), pixels.shape[1] * pixels.shape[2], -1).copy()
        white = np.array(255 if pixels.dtype == np.uint8 else 65535, pixels.dtype)
        noisy[rows[images], hits] = np.where(salted, white, 0).astype(pixels.dtype)[:, None]
        return noisy.reshape(pixels.shape)

    def caption(self, choice: Choice) -> str:
        """Describe noise by the fraction of pixels that it hits, and of salt among them."""
        if not choice["amount"]:
            return ""
        return f"noise {choice['amount']:.1%}, salt {choice['salt']:.0%}"

    def strengths(self) -> list[Strength]:
        """Return a few amounts up to the largest, with one pattern."""
        amounts = [self.amount.high * share for share in SHARES]
        salt = self.salt.middle
        return [
            Strength(f"{amount:.1%} of the pixels", {"amount": amount, "salt": salt, "seed": 7})
            for amount in amounts
        ]


def _threshold(share: Number) -> Any:
    """Return the 32-bit number that `share` of all 32-bit numbers are below."""
    return np.minimum(np.rint(np.asarray(share) * 2.0**32), 2.0**32 - 1).astype(np.uint32)


def pattern(seed: int | NDArray[np.int64], count: int) -> NDArray[np.uint32]:
    """Return `count` uniform 32-bit numbers, one for each pixel, row by row.

    They depend on the 52-bit `seed` and the pixel's position only. An N×1 array of seeds gives an
    N×count array. A hash of the position instead of a generator, so that a batch of patterns is the
    same arithmetic on any device. The rounds are those of Wellons' lowbias32 (2018; public domain);
    the seed enters before each multiplication.
    """
    low, high = (np.asarray(part).astype(np.uint32) for part in (seed & 0xFFFFFFFF, seed >> 32))
    hashed = positions(count) ^ low
    hashed *= np.uint32(0x7FEB352D)
    hashed ^= hashed >> np.uint32(15)
    hashed ^= high
    hashed *= np.uint32(0x846CA68B)
    hashed ^= hashed >> np.uint32(16)
    return hashed


def positions(count: int) -> NDArray[np.uint32]:
    """Return the first `count` hashed positions; the cached array doubles when it is too short."""
    rounded = 1 << max(count - 1, 1023).bit_length()
    return _hashed_positions(rounded)[:count]


@lru_cache(maxsize=4)
def _hashed_positions(count: int) -> NDArray[np.uint32]:
    positions = np.arange(count, dtype=np.uint32)
    positions ^= positions >> np.uint32(16)
    positions *= np.uint32(0x7FEB352D)
    positions ^= positions >> np.uint32(15)
    positions *= np.uint32(0x846CA68B)
    positions ^= positions >> np.uint32(16)
    return positions
