"""JPEG headers: quantisation tables, quality and chroma subsampling."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from PIL import Image

from expand.images.formats import Tables


def quantisation_tables(jpeg: Any) -> Tables:
    """Return the quantisation tables of an opened JPEG, sorted by number."""
    return tuple((number, tuple(table)) for number, table in sorted(jpeg.quantization.items()))


@lru_cache(maxsize=1)
def standard_tables() -> dict[Tables, int]:
    """Return the quality of libjpeg for each of its quantisation tables, colour and grey."""
    known: dict[Tables, int] = {}
    for shape in ((8, 8, 3), (8, 8)):
        for quality in range(1, 101):
            file = cv2.imencode(
                ".jpg", np.zeros(shape, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality]
            )[1].tobytes()
            known.setdefault(quantisation_tables(Image.open(io.BytesIO(file))), quality)
    return known


def chroma_sampling(jpeg: Any) -> int | None:
    """Return OpenCV's number of a JPEG's chroma subsampling (0x221111: 4:2:0), None if unknown."""
    factors = [(layer[1], layer[2]) for layer in jpeg.layer]
    if len(factors) != 3 or factors[1:] != [(1, 1), (1, 1)]:
        return None
    number = factors[0][0] << 20 | factors[0][1] << 16 | 0x1111
    return number if number in (0x111111, 0x211111, 0x221111, 0x121111, 0x411111) else None
