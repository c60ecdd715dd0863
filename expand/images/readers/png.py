"""Read PNG: every kind of pixels; no animations."""

from __future__ import annotations

import io
import struct
from typing import cast

import numpy as np
from PIL import PngImagePlugin
from PIL.PngImagePlugin import PngImageFile

from expand.errors import BadImageError
from expand.images.formats import Encoding
from expand.images.pixels import Pixels
from expand.images.readers.picture import (
    DAMAGED_HEADER,
    TRUNCATED,
    Picture,
    load_with_opencv,
    load_with_pillow,
    read_orientation,
)

# each text and profile may be as large as Pillow lets all of them be: its limit for one of them
# refuses large profiles
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY
CHUNK_HEADER = struct.Struct(">I4s").unpack_from
LARGEST_RATIO = 1032
"""How many bytes deflate makes of one, at most."""
CHANNELS = {2: 3, 4: 2, 6: 4}
"""The channels of colour types that have several."""
GREY, PALETTE, GREY_ALPHA = 0, 3, 4
"""Colour types in a PNG's header."""


def open_png(data: bytes) -> Picture:
    """Open a PNG file. Bytes after its end are ignored."""
    header = PngImageFile(io.BytesIO(data))
    if data[12:16] != b"IHDR":
        raise BadImageError(DAMAGED_HEADER)
    if header.is_animated:
        raise BadImageError(f"is an animation of {header.n_frames} frames; give single images")
    # without a tag, Pillow would decode the whole file to find that there is none
    tagged = b"eXIf" in data or b"Raw profile type exif" in data
    orientation = read_orientation(header) if tagged else 1
    profile = cast("bytes | None", header.info.get("icc_profile"))
    encoding = Encoding("PNG", profile=profile)
    return Picture(*header.size, encoding, lambda: _load(header, data), orientation)


def _smallest(size: tuple[int, int], data: bytes) -> int:
    """Return how many bytes the rows have at least, so that a damaged size takes no time."""
    return size[1] * ((size[0] * data[24] * CHANNELS.get(data[25], 1) + 7) // 8)


def _has_end(data: bytes) -> bool:
    """Whether the chunks of a file lead to its end.

    OpenCV would take memory for a chunk of any length.
    """
    at, end = 8, len(data) - 12
    while at <= end:
        length, kind = CHUNK_HEADER(data, at)
        at += 12 + length
        if kind == b"IEND":
            return bool(at <= len(data))
    return False


def _load(header: PngImageFile, data: bytes) -> Pixels:
    if _smallest(header.size, data) > LARGEST_RATIO * len(data) or not _has_end(data):
        raise BadImageError(TRUNCATED)
    depth, colour = data[24], data[25]
    if colour == PALETTE or (colour == GREY_ALPHA and depth == 8):
        if colour == PALETTE and b"PLTE" not in data:
            raise BadImageError("cannot be decoded: it has no palette")
        return load_with_pillow(header)
    pixels = load_with_opencv(data)
    if colour == GREY_ALPHA:
        return np.ascontiguousarray(pixels[..., [0, 3]])
    level = _transparent_level(data) if colour == GREY else None
    return pixels if level is None else _with_alpha(pixels, level, depth)


def _transparent_level(data: bytes) -> int | None:
    """Return the grey level that a file declares transparent, None if there is none."""
    at = 8
    while at + 10 <= len(data):
        length, kind = CHUNK_HEADER(data, at)
        if kind == b"IDAT":
            return None
        if kind == b"tRNS" and length >= 2:
            return int.from_bytes(data[at + 8 : at + 10], "big")
        at += 12 + length
    return None


def _with_alpha(pixels: Pixels, level: int, depth: int) -> Pixels:
    """Add alpha to grey pixels: 0 where they have the transparent level, else opaque.

    Pixels of 1, 2 and 4 bits are stretched to 8 bits already, the level is not.
    """
    white = np.iinfo(pixels.dtype).max
    largest = (1 << depth) - 1
    transparent = pixels == (level & largest) * white // largest
    return np.dstack([pixels, np.where(transparent, 0, white).astype(pixels.dtype)])
