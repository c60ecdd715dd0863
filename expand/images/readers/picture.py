"""Pictures: opened image files, with what the header says and a way to load the pixels."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple, cast

import cv2
import numpy as np
from PIL import Image

from expand.errors import BadImageError
from expand.images.formats import Encoding
from expand.images.pixels import Pixels

ORIENTATION = 0x0112
FROM_OPENCV = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
AS_RGB = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
"""The flags that load 8-bit RGB as it is; other kinds of pixels would lose bits or alpha."""
DAMAGED_HEADER = "cannot be decoded: its header is damaged"
DAMAGED = "cannot be decoded: the file is truncated or damaged"
TRUNCATED = "cannot be decoded: the file is truncated"


class Picture(NamedTuple):
    """An opened file: its size, its encoding, and a function that loads its pixels.

    `orientation` is the EXIF orientation of the loaded pixels; `turned` is set if `load` applies
    the orientation itself.
    """

    width: int
    height: int
    encoding: Encoding
    load: Callable[[], Pixels]
    orientation: int = 1
    turned: bool = False


def load_with_opencv(data: bytes) -> Pixels:
    """Load an image with OpenCV; colours are RGB or RGBA."""
    pixels = load_as(data, cv2.IMREAD_UNCHANGED)
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, FROM_OPENCV[pixels.shape[2]])


def load_as(data: bytes, flags: int) -> Pixels:
    """Load an image with OpenCV as its flags say."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None:
        raise BadImageError(DAMAGED)
    return pixels


def load_with_pillow(header: Image.Image) -> Pixels:
    """Load an image with Pillow: palettes as colours, one bit as grey, no premultiplied alpha."""
    if header.mode in ("P", "PA"):
        alpha = header.mode == "PA" or "transparency" in header.info
        header = header.convert("RGBA" if alpha else "RGB")
    elif header.mode in TO_MODE:
        header = header.convert(TO_MODE[header.mode])
    if header.mode not in ("L", "LA", "RGB", "RGBA"):
        raise BadImageError(f"has pixels of the kind {header.mode}, which is not supported")
    return np.array(header)


TO_MODE = {"1": "L", "La": "LA", "RGBa": "RGBA", "YCbCr": "RGB"}
"""What Pillow's other modes become."""


def read_orientation(header: Image.Image) -> int:
    """Return the EXIF orientation, 1 … 8; 1 if there is none, or none that can be understood."""
    try:
        value = header.getexif().get(ORIENTATION, 1)
    except (*EXIF_ERRORS, struct.error):
        return 1
    return int(cast(int, value)) if value in range(1, 9) else 1


EXIF_ERRORS = (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError)
"""What Pillow raises for damaged EXIF data."""
