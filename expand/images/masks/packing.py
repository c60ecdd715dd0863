"""Pack values of less than 8 bits into bytes."""

from __future__ import annotations

import numpy as np

from expand.images.pixels import Pixels


def packed(values: Pixels, bits: int) -> Pixels:
    """Return rows of values (H×W, uint8) with 1, 2, 4 or 8 bits each as bytes, the first highest.

    The last byte of a row is filled with zeros.
    """
    if bits == 8:
        return values
    parts = 8 // bits
    filled = np.pad(values, ((0, 0), (0, -values.shape[1] % parts)))
    shifts = np.arange(parts - 1, -1, -1, dtype=np.uint8) * bits
    groups = filled.reshape(values.shape[0], -1, parts) << shifts
    joined: Pixels = np.bitwise_or.reduce(groups, axis=2)
    return joined
