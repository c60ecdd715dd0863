"""What leaves a recipe, checked against what came in."""

from __future__ import annotations

from expand.errors import BadImageError
from expand.images.pixels import Pixels
from expand.techniques.invariants import broken_by


def check_kept(before: Pixels, after: Pixels, key: str) -> None:
    """Raise `BadImageError` if the technique `key` of a recipe changed more than pixel values.

    The type of the pixels and the channels stay what they are, and there is at least one pixel.
    """
    if broken := broken_by(before, after):
        raise BadImageError(f"{key} cannot change it: {broken}")
