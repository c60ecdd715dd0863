"""Channels beyond colour, such as alpha: what a file says they are, and what is usual."""

from __future__ import annotations

UNSPECIFIED, PREMULTIPLIED, ALPHA = 0, 1, 2
"""Kinds of channels beyond colour, as the numbers of the TIFF tag ExtraSamples."""


def usual_extra(channels: int) -> tuple[int, ...]:
    """Return the kinds of the channels beyond colour, if nothing else is known of the pixels.

    Two channels are grey with alpha, three RGB, four RGBA; any other number is grey, and channels
    without a meaning.
    """
    if channels in (2, 4):
        return (ALPHA,)
    return () if channels == 3 else (UNSPECIFIED,) * (channels - 1)
