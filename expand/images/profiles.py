"""Colour profiles (ICC): which pixels they fit, CMYK through them, and large ones in JPEG."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from expand.images.pixels import Pixels

SEGMENT = 65519
"""The largest piece of a profile that a segment of a JPEG file holds."""
SPACES = {1: b"GRAY", 3: b"RGB "}
"""The colour space of a profile that fits pixels with so many channels of colour."""


def fits(profile: bytes, colours: int) -> bool:
    """Whether a profile is complete and describes pixels with so many channels of colour."""
    whole = len(profile) >= 128 and int.from_bytes(profile[:4], "big") <= len(profile)
    return whole and profile[36:40] == b"acsp" and profile[16:20] == SPACES.get(colours)


def cmyk_to_rgb(image: Image.Image) -> Pixels:
    """Convert an opened CMYK image to sRGB: through its profile, or plainly if it has none."""
    from PIL import ImageCms

    image.load()
    profile = image.info.get("icc_profile")
    if profile and profile[16:20] == b"CMYK":
        try:
            return np.array(ImageCms.applyTransform(image, _to_srgb(profile, image.mode)))
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a damaged profile says nothing about the colours
    return np.array(image.convert("RGB"))


@lru_cache(4)
def _to_srgb(profile: bytes, mode: str) -> Any:
    """Return the conversion from a profile, which takes longer to make than to use."""
    from PIL import ImageCms

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")


def insert_into_jpeg(file: bytes, profile: bytes) -> bytes:
    """Insert a profile of any size into a JPEG file, in as many segments as it needs."""
    pieces = [profile[at : at + SEGMENT] for at in range(0, len(profile), SEGMENT)]
    segments = [
        b"\xff\xe2"
        + (len(piece) + 16).to_bytes(2, "big")
        + b"ICC_PROFILE\0"
        + bytes([number, len(pieces)])
        + piece
        for number, piece in enumerate(pieces, 1)
    ]
    # after the first segment, which the format wants at the front
    at = 4 + int.from_bytes(file[4:6], "big") if file[2:4] == b"\xff\xe0" else 2
    return file[:at] + b"".join(segments) + file[at:]
