"""Pixels: the array type of images in every module."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[Any]"
"""H×W (grey) or H×W×C, 8 or 16 bits; three channels are RGB, four RGBA."""


def kind_of(pixels: Pixels) -> str:
    """Return the size, channels and depth of an image for a message."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    plural = "s" * (channels > 1)
    bits = 8 * pixels.dtype.itemsize
    return f"{width}×{height} pixels with {channels} channel{plural} of {bits} bits"


def has_memory(size: int) -> bool:
    """Tell whether `size` bytes can be allocated: libraries fail without a word if they cannot."""
    try:
        np.empty(size, np.uint8)
    except MemoryError:
        return False
    return True
