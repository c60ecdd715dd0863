"""Targets: what labels say about places in an image, moved by the placement of a view."""

from __future__ import annotations

from expand.targets.carry import Carried, Dropped, carry
from expand.targets.points import Points, flip_by_names
from expand.targets.targets import Targets
from expand.targets.values import Boxes, Mask, OrientedBoxes, Polygons

__all__ = [
    "Boxes",
    "Carried",
    "Dropped",
    "Mask",
    "OrientedBoxes",
    "Points",
    "Polygons",
    "Targets",
    "carry",
    "flip_by_names",
]
