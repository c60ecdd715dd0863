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
    if (
        not (pixels.flags.c_contiguous or _is_padded(pixels))
        or not pixels.flags.writeable
        or np.may_share_memory(pixels, source)
    ):
        return pixels.copy()
    return pixels


def _is_padded(pixels: Pixels) -> bool:
    """Tell whether pixels (H×W×C) lie at equal steps, as the first channels of more do."""
    if pixels.ndim != 3:
        return False
    row, step, level = pixels.strides
    return level == pixels.itemsize and row == step * pixels.shape[1] and step >= 0


def as_cells(pixels: Pixels, count: int) -> NDArray[Any]:
    """Return a flat view of pixels of `own`, with one element for each of `count` pixels."""
    if pixels.size == count:
        return pixels.reshape(-1)
    if pixels.flags.c_contiguous:
        return pixels.reshape(-1).view(f"V{pixels.nbytes // count}")
    return pixels.reshape(count, -1).view(f"V{pixels.nbytes // count}")[:, 0]


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
