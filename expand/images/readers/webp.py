"""Read WebP: lossy and lossless, with or without alpha; no animations."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import cast

from PIL.WebPImagePlugin import WebPImageFile

from expand.errors import BadImageError
from expand.images.formats import FORMATS, Encoding
from expand.images.readers.picture import (
    DAMAGED_HEADER,
    Picture,
    load_with_opencv,
    read_orientation,
)

ANIMATED = 0x02
"""The flag of an animation in the extended header."""


def open_webp(data: bytes) -> Picture:
    """Open a WebP file."""
    if data[8:12] != b"WEBP":
        raise BadImageError("is not an image")
    chunks = dict(reversed(list(_chunks(data))))  # the first of each kind counts
    if b"ANIM" in chunks or (b"VP8X" in chunks and data[chunks[b"VP8X"]] & ANIMATED):
        raise BadImageError("is an animation; give single images")
    width, height = _size(data, chunks)
    quality = FORMATS["WEBP"].quality if b"VP8 " in chunks else None

    tagged = b"EXIF" in chunks or b"XMP " in chunks or b"ICCP" in chunks
    info = WebPImageFile(io.BytesIO(data)) if tagged else None
    profile = cast("bytes | None", info.info.get("icc_profile")) if info else None
    orientation = read_orientation(info) if info else 1
    encoding = Encoding("WEBP", quality, profile=profile)
    return Picture(width, height, encoding, lambda: load_with_opencv(data), orientation)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the kind of each chunk, and where its content begins."""
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, at + 8
        at += 8 + length + length % 2


def _size(data: bytes, chunks: dict[bytes, int]) -> tuple[int, int]:
    """Return width and height, from whichever header the file has."""
    if at := chunks.get(b"VP8X"):
        fields = (data[at + 4 : at + 7], data[at + 7 : at + 10])
        width, height = (int.from_bytes(field, "little") + 1 for field in fields)
    elif at := chunks.get(b"VP8L"):
        bits = int.from_bytes(data[at + 1 : at + 5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif at := chunks.get(b"VP8 "):
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, at + 6))
    else:
        raise BadImageError(DAMAGED_HEADER)
    return width, height
