"""What no change of an image may alter: the type of its pixels, its channels and its layout."""

from __future__ import annotations

import numpy as np

from expand.images.pixels import Pixels


def broken_by(before: Pixels, after: object) -> str | None:
    """Return what a change of an image (H×W or H×W×C) broke, in words; None if it kept all.

    The width and height may differ; there is at least one pixel.
    """
    if not isinstance(after, np.ndarray):
        return f"the image becomes a {type(after).__name__}"
    if after.dtype != before.dtype:
        return f"{bits(before)} pixels become {bits(after)}"
    if after.ndim != before.ndim or after.shape[2:] != before.shape[2:]:
        verb = "becomes" if before.ndim == 2 else "become"
        return f"{channels(before)} {verb} {channels(after)}"
    if after.size == 0:
        return "no pixels are left"
    return None


def bits(pixels: Pixels) -> str:
    """Name the type of an image's pixels: 8-bit, or float32."""
    kind = pixels.dtype
    return f"{kind.itemsize * 8}-bit" if kind.kind == "u" else str(kind)


def channels(pixels: Pixels) -> str:
    """Count the channels of an image: 3 channels."""
    if pixels.ndim == 2:
        return "1 channel"
    if pixels.ndim == 3:
        return f"{pixels.shape[2]} channels"
    return f"{pixels.ndim} dimensions"
