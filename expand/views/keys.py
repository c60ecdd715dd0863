"""Random numbers from keyed hashes, the only ones of the package.

No order, worker or restart can change a draw.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from hashlib import blake2b
from math import isqrt

import numpy as np
from numpy.typing import NDArray

MASK = 2**64 - 1
UNIT = 2.0**-53
_EIGHT = struct.Struct("<8Q")
_PRIMES = (3, 2, 29, 53, 31, 71, 19, 43, 13, 7, 61, 67, 41, 11, 23, 59, 47, 17, 37, 5)
STEPS = tuple(isqrt(prime << 128) & MASK for prime in _PRIMES)
"""The fractional parts of square roots of primes, in units of 2^-64: a step for each dimension.

Multiples of such a step, modulo 1, are spread evenly from the first few on (Richtmyer 1951). The
order of the primes is measured over 2 to 15 views: it makes the first dimensions and their pairs
most even. With six dimensions and four views, the worst dimension of the R-sequence is *less* even
than random draws (`python -m benchmarks.coverage`).
"""


def draw(seed: int, kind: str, source_id: str, number: int, count: int) -> list[int]:
    """Return `count` independent 64-bit numbers for (seed, kind, source_id, number)."""
    key, person = seed.to_bytes(8, "little"), kind.encode("ascii")
    text = number.to_bytes(8, "little") + source_id.encode("utf-8")
    drawn: list[int] = []
    for block in range(-(-count // 8)):
        drawn += _EIGHT.unpack(
            blake2b(text, key=key, person=person, salt=block.to_bytes(8, "little")).digest()
        )
    return drawn[:count]


def draw_many(
    seed: int, kind: str, source_ids: Iterable[bytes], number: int, count: int
) -> NDArray[np.uint64]:
    """Return `draw` of each of N images, N × count; three times as fast.

    `source_ids` are the ids in UTF-8.
    """
    key, person, first = (
        seed.to_bytes(8, "little"),
        kind.encode("ascii"),
        number.to_bytes(8, "little"),
    )
    ids, parts = list(source_ids), []
    for block in range(-(-count // 8)):
        begun = blake2b(first, key=key, person=person, salt=block.to_bytes(8, "little"))
        copy, digests = begun.copy, []
        for source_id in ids:
            hashed = copy()
            hashed.update(source_id)
            digests.append(hashed.digest())
        parts.append(np.frombuffer(b"".join(digests), "<u8").reshape(len(ids), 8))
    drawn = np.concatenate(parts, axis=1)[:, :count] if parts else np.empty((len(ids), 0))
    return drawn.astype(np.uint64)


def unit(number: int) -> float:
    """Convert a 64-bit number to a float in [0, 1)."""
    return (number >> 11) * UNIT
