"""Techniques: kinds of change, each a value that chooses parameters and applies them to an image.

`NATIVE` lists the techniques of this package by name. A new one is a file in `geometric` or
`pixel`, and its class in this list. `catalogue` adds the transforms of albumentations.
"""

from __future__ import annotations

from expand.techniques.geometric.crop import Crop
from expand.techniques.geometric.flip import Flip
from expand.techniques.geometric.pad import Pad
from expand.techniques.geometric.resize import Resize
from expand.techniques.geometric.rotate import Rotate
from expand.techniques.geometric.rotate90 import Rotate90
from expand.techniques.geometric.scale import Scale
from expand.techniques.geometric.translate import Translate
from expand.techniques.pixel.erase import Erase
from expand.techniques.pixel.noise import Noise
from expand.techniques.technique import (
    Choice,
    GeometricTechnique,
    PixelTechnique,
    Strength,
    Technique,
)

NATIVE: dict[str, type[Technique]] = {
    kind.name: kind
    for kind in (Flip, Rotate90, Rotate, Translate, Scale, Crop, Pad, Resize, Noise, Erase)
}
__all__ = ["NATIVE", "Choice", "GeometricTechnique", "PixelTechnique", "Strength", "Technique"]
