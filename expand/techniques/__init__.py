"""The techniques: each a value in two halves, choose (numbers to parameters) and apply (image + parameters to image)."""

from __future__ import annotations

from expand.techniques.erase import Erase
from expand.techniques.flips import Flip, Rotate90
from expand.techniques.frame import Crop, Pad, Resize
from expand.techniques.noise import Noise
from expand.techniques.similarity import Rotate, Scale, Translate
from expand.techniques.technique import Choice, Geometric, PixelChange, Pixels, Technique

NATIVE: dict[str, type[Technique]] = {
    kind.name: kind for kind in (Flip, Rotate90, Rotate, Translate, Scale, Crop, Pad, Resize, Noise, Erase)
}

__all__ = ["NATIVE", "Choice", "Geometric", "PixelChange", "Pixels", "Technique"]
