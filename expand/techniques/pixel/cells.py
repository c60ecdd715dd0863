"""Images as one cell a pixel, so that all channels of a pixel are written at once; their white."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.images.pixels import Pixels

WHITES = np.array([2**bits - 1 for bits in (8, 10, 12, 14, 16)])
"""The highest levels of the data that files of 16 bits hold: cameras and scanners have fewer."""


def own(pixels: Pixels, source: Pixels) -> Pixels:
    """Return pixels that may be changed: a copy, unless they lie apart from their source."""
    free = pixels.flags.c_contiguous and pixels.flags.writeable
    return pixels if free and not np.may_share_memory(pixels, source) else pixels.copy()


def as_cells(pixels: Pixels, count: int) -> NDArray[Any]:
    """Return a flat view of pixels of `own`, with one element for each of `count` pixels."""
    flat = pixels.reshape(-1)
    return flat if pixels.size == count else flat.view(f"V{pixels.nbytes // count}")


@lru_cache
def cell(dtype: np.dtype[Any], channels: int, level: int) -> Any:
    """Return the element of `as_cells` of a pixel that has one level in all channels."""
    values = np.full(channels, level, dtype)
    return values[0] if channels == 1 else values.view(f"V{values.nbytes}")[0]


def white_of(source: Pixels) -> int:
    """Return the white of an image: 255, or for 16 bits the lowest of `WHITES` above its levels."""
    return 255 if source.dtype == np.uint8 else int(whites_of(source[None])[0])


def whites_of(sources: Pixels) -> NDArray[np.int64]:
    """Return the white of each of N images, as `white_of` does."""
    if sources.dtype == np.uint8:
        return np.full(len(sources), 255)
    brightest = sources.reshape(len(sources), -1).max(axis=1)
    whites: NDArray[np.int64] = WHITES[np.searchsorted(WHITES, brightest)]
    return whites
