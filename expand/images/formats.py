"""Image formats: which files are images, and how a file stores its pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from expand.errors import BadImageError

FORMATS = {"png": (".png",), "jpg": (".jpg", ".jpeg"), "webp": (".webp",)}
"""The values of `--format` other than "keep", and the suffixes of their files."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".pgm", ".ppm"})
"""The suffixes of image files: those that torchvision's ImageFolder reads."""
DEFAULT_QUALITY = {"JPEG": 95, "WEBP": 90}
Tables = tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Encoding:
    """How a file stores its pixels; enough to write others like it.

    `quality` is None if the encoding is lossless. `tables` are JPEG quantisation tables that no
    quality of libjpeg gives, `sampling` is OpenCV's number of the chroma subsampling, and `profile`
    is an ICC colour profile.
    """

    format: str
    quality: int | None = None
    tables: Tables | None = None
    sampling: int | None = None
    profile: bytes | None = None

    def override(self, format_: str, quality: int | None) -> Encoding:
        """Return the encoding for `--format` and `--quality`; "keep" and None leave it as it is."""
        asked = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}.get(format_, self.format)
        if asked == self.format:
            if quality is None or self.quality is None:
                return self
            return replace(self, quality=quality, tables=None)
        lossy = DEFAULT_QUALITY.get(asked)
        return Encoding(asked, None if lossy is None else quality or lossy, profile=self.profile)


def check_fits(kind: str, channels: int, depth: np.dtype[Any]) -> None:
    """Refuse pixels that a format cannot hold."""
    holds = {
        "JPEG": (1, 3),
        "PPM": (1, 3),
        "BMP": (1, 3, 4),
        "WEBP": (3, 4),
        "PNG": (1, 2, 3, 4),
    }.get(kind)
    if holds and channels not in holds:
        what = "is grey" if channels == 1 else f"has {channels} channels"
        raise BadImageError(f"{what}, which {kind} cannot hold")
    if depth == np.uint16 and (
        kind in ("JPEG", "BMP", "WEBP") or (kind == "PNG" and channels == 2)
    ):
        raise BadImageError(f"has 16 bits, which {kind} cannot hold")
