"""The codec of copies: the format that they are encoded in before training."""

from __future__ import annotations

from dataclasses import dataclass

from expand.images.formats import OPTIONS
from train.errors import TrainError


@dataclass(frozen=True)
class Codec:
    """The format of copies and its quality; png loses nothing."""

    format: str = "png"
    quality: int | None = None

    @classmethod
    def parse(cls, text: str) -> Codec:
        """Parse `keep`, `jpg:80`, `webp` and the like."""
        name, colon, quality = text.partition(":")
        known = name in ("keep", *OPTIONS) and (
            not colon or (quality.isdecimal() and 1 <= int(quality) <= 100)
        )
        if not known:
            raise TrainError(
                f"--codec must be keep, {', '.join(OPTIONS)}, with a quality of 1 … 100 as jpg:80, "
                f"got {text!r}"
            )
        return cls(name, int(quality) if quality else None)

    @property
    def lossless(self) -> bool:
        """Whether copies have exactly the pixels of their views."""
        return self.format == "png"


LOSSLESS = Codec()
