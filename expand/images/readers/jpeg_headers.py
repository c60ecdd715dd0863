"""JPEG headers: quantisation tables, quality and chroma subsampling."""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from expand.images.formats import Tables


def quantisation_tables(jpeg: Any) -> Tables:
    """Return the quantisation tables of an opened JPEG, sorted by number."""
    return tuple((number, tuple(table)) for number, table in sorted(jpeg.quantization.items()))


@lru_cache(maxsize=1)
def standard_tables() -> dict[Tables, int]:
    """Return the quality of libjpeg for each of its quantisation tables, colour and grey.

    libjpeg scales its tables of quality 50, those of the standard (ISO/IEC 10918-1, annex K), by
    the rule of its function `jpeg_quality_scaling`.
    """
    file = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    middle = quantisation_tables(JpegImageFile(io.BytesIO(file.tobytes())))
    numbers, tables = zip(*middle, strict=True)
    known: dict[Tables, int] = {}
    for quality in range(1, 101):
        percent = 5000 // quality if quality < 50 else 200 - 2 * quality
        scaled = ((np.array(tables) * percent + 50) // 100).clip(1, 255).tolist()
        colour = tuple(zip(numbers, map(tuple, scaled), strict=True))
        for each in (colour, colour[:1]):
            known.setdefault(each, quality)
    return known


def chroma_sampling(jpeg: Any) -> int | None:
    """Return OpenCV's number of a JPEG's chroma subsampling (0x221111: 4:2:0), None if unknown."""
    factors = [(layer[1], layer[2]) for layer in jpeg.layer]
    if len(factors) != 3 or factors[1:] != [(1, 1), (1, 1)]:
        return None
    number = factors[0][0] << 20 | factors[0][1] << 16 | 0x1111
    return number if number in (0x111111, 0x211111, 0x221111, 0x121111, 0x411111) else None


class Split(NamedTuple):
    """A header, split into what images of one maker share and what differs."""

    shared: bytes
    """The header of an image of one pixel, without Huffman tables and comments."""
    size_at: int
    """Where height and width are, two bytes each."""
    end: int
    """Where the header ends, and the first scan begins."""


ONE_PIXEL = b"\0\1\0\1"
SEGMENT = struct.Struct(">HH").unpack_from
FRAMES, SCAN = (0xFFC0, 0xFFC1, 0xFFC2), 0xFFDA
LEFT_OUT = (0xFFC4, 0xFFFE)
"""Huffman tables and comments."""
KEPT = frozenset((0xFFDB, 0xFFDD, *range(0xFFE0, 0xFFF0)))
"""Quantisation tables, restart intervals, and what programs add."""


def split_header(data: bytes) -> Split | None:
    """Split the header of a JPEG file; None if it is unusual, as with bytes between segments."""
    shared, start, at, size_at = b"", 0, 2, 0
    try:
        while True:
            marker, length = SEGMENT(data, at)
            end = at + 2 + length
            if marker in LEFT_OUT:
                shared += data[start:at]
                start = end
            elif marker in FRAMES and not size_at:
                size_at = at + 5
                shared += data[start:size_at] + ONE_PIXEL
                start = size_at + 4
            elif marker not in KEPT and marker != SCAN:
                return None
            if length < 2 or end > len(data):
                return None
            if marker == SCAN:
                return Split(shared + data[start:end], size_at, end) if size_at else None
            at = end
    except struct.error:
        return None
