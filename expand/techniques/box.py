"""Boxes inside an image, in fractions of its width and height: what crop and erase draw."""

from __future__ import annotations

from expand.geometry import Number
from expand.techniques.technique import Choice


def place_box(across: Number, down: Number, width: Number, height: Number) -> Choice:
    """Return a box of this size, `across` and `down` (0 … 1) of the way through the room left."""
    return {
        "x": across * (1.0 - width),
        "y": down * (1.0 - height),
        "width": width,
        "height": height,
    }


def centred_box(area: float) -> Choice:
    """Return the box in the middle that has this share of an image's area, and its proportions."""
    side: float = area**0.5
    return place_box(0.5, 0.5, side, side)
