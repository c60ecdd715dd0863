"""Pixels: the array type of images in every module."""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[Any]"
"""H×W (grey) or H×W×C, 8 or 16 bits; three channels are RGB, four RGBA."""
