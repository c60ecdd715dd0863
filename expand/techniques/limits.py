"""The largest result of a technique."""

from __future__ import annotations

MAX_PIXELS = 178_956_970
"""Pixels of the largest view; the limit of Pillow, above which it takes an image for an attack."""
