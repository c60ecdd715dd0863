"""Numbers as text with six decimals, all of a view at once.

Python's own formatting takes several times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from expand.targets.rings import Floats

MILLION = 1_000_000
POWERS = np.array([MILLION, 1, 100_000, 10_000, 1_000, 100, 10, 1, 1], np.int32)
"""What divides a number of millionths so that a digit is last; point and blank have one too."""
WIDTH = len(POWERS)
POINT, BLANK = 1, 8
"""The places of a point and of a blank in the text of a number: "0.123456 "."""


def decimals(shares: Floats) -> str:
    """Return numbers with six decimals, a blank after each.

    Those of 0 … 1 take `WIDTH` characters each.
    """
    numbers = shares.ravel()
    if numbers.size and (numbers.min() < 0 or numbers.max() > 1):
        rounded = numbers.round(6) + 0.0  # adding 0 makes −0 a 0
        return "%.6f " * rounded.size % tuple(rounded.tolist())
    return digits(np.rint(numbers * MILLION).astype(np.int32))


def digits(millionths: NDArray[np.int32]) -> str:
    """Return numbers of 0 … 1, given in millionths, as `decimals` does."""
    text = (millionths.reshape(-1, 1) // POWERS % 10 + ord("0")).astype(np.uint8)
    text[:, POINT], text[:, BLANK] = ord("."), ord(" ")
    return text.tobytes().decode("ascii")


def split_decimals(text: str, counts: Sequence[int]) -> list[str]:
    """Return the text of several numbers each, from that of `decimals` of all."""
    ends = [*accumulate(counts, initial=0)]
    if len(text) == WIDTH * ends[-1]:
        return [text[WIDTH * start : WIDTH * end - 1] for start, end in pairwise(ends)]
    words = text.split()
    return [" ".join(words[start:end]) for start, end in pairwise(ends)]
