"""Read PNG: every kind of pixels; no animations."""

from __future__ import annotations

import io
import struct
import zlib
from functools import lru_cache, partial
from typing import NamedTuple, cast

import numpy as np
from PIL import PngImagePlugin
from PIL.PngImagePlugin import PngImageFile

from expand.errors import BadImageError
from expand.images.formats import Encoding
from expand.images.pixels import Pixels
from expand.images.readers.picture import (
    AS_RGB,
    DAMAGED_HEADER,
    TRUNCATED,
    Picture,
    load_as,
    load_with_opencv,
    load_with_pillow,
    read_orientation,
)

# each text and profile may be as large as Pillow lets all of them be: its limit for one of them
# refuses large profiles
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY
CHUNK_HEADER = struct.Struct(">I4s").unpack_from
START = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"
"""The bytes before the size."""
SIZE = struct.Struct(">II").unpack_from
CHECK = struct.Struct(">I")
SMALLEST = 33
"""Bytes of a file up to the end of its header's first chunk."""
REMEMBERED, LARGEST = 512, 4096
"""How many headers are remembered, and how many bytes each of them has at most."""
LARGEST_RATIO = 1032
"""How many bytes deflate makes of one, at most."""
CHANNELS = {2: 3, 4: 2, 6: 4}
"""The channels of colour types that have several."""
GREY, RGB, PALETTE, GREY_ALPHA = 0, 2, 3, 4
"""Colour types in a PNG's header."""


class Header(NamedTuple):
    """What the header of a PNG file says beside the size."""

    encoding: Encoding
    orientation: int
    transparent: bytes | None
    """The colour that is transparent, None if there is none."""


def open_png(data: bytes) -> Picture:
    """Open a PNG file. Bytes after its end are ignored."""
    first, whole = _walk(data)
    header = _by_bytes(data, first) if whole and first else None
    if header:
        width, height = SIZE(data, 16)
    else:
        opened = _open(data)
        width, height = opened.size
        header = _describe(opened, data)
    load = partial(_load, data, width, height, header.transparent, whole)
    return Picture(width, height, header.encoding, load, header.orientation)


def _walk(data: bytes) -> tuple[int, bool]:
    """Return where the first chunk of pixels is, 0 for nowhere, and whether chunks lead to an end.

    OpenCV would take memory for a chunk of any length.
    """
    at, end, first = 8, len(data) - 12, 0
    while at <= end:
        length, kind = CHUNK_HEADER(data, at)
        if kind == b"IDAT":
            first = first or at
        elif kind == b"IEND":
            return first, at + 12 + length <= len(data)
        at += 12 + length
    return first, False


def _by_bytes(data: bytes, first: int) -> Header | None:
    """Return the header if it is a usual one; Pillow reads only those that are not known."""
    if not data.startswith(START) or not SMALLEST <= first <= LARGEST or _may_have_exif(data):
        return None
    if zlib.crc32(data[12:29]) != CHECK.unpack_from(data, 29)[0] or not all(SIZE(data, 16)):
        return None
    return _known(data[24:29], data[SMALLEST:first])


def _may_have_exif(data: bytes) -> bool:
    # without a tag, Pillow would decode the whole file to find that there is none
    return b"eXIf" in data or b"Raw profile type exif" in data


@lru_cache(REMEMBERED)
def _known(kind: bytes, chunks: bytes) -> Header | None:
    """Return the header of an image of this kind, with these chunks before its pixels.

    None if they tell of an animation, whose parts have sizes too.
    """
    if b"acTL" in chunks or b"fcTL" in chunks:
        return None
    first = START[12:] + SIZE_OF_ONE + kind
    check = CHECK.pack(zlib.crc32(first))
    header = START[:12] + first + check + chunks + CHECK.pack(0) + b"IDAT"
    return _describe(_open(header), header)


SIZE_OF_ONE = b"\0\0\0\1\0\0\0\1"


def _open(data: bytes) -> PngImageFile:
    header = PngImageFile(io.BytesIO(data))
    if data[12:16] != b"IHDR":
        raise BadImageError(DAMAGED_HEADER)
    if header.is_animated:
        raise BadImageError(f"is an animation of {header.n_frames} frames; give single images")
    return header


def _describe(opened: PngImageFile, data: bytes) -> Header:
    orientation = read_orientation(opened) if _may_have_exif(data) else 1
    profile = cast("bytes | None", opened.info.get("icc_profile"))
    return Header(Encoding("PNG", profile=profile), orientation, _transparent(data))


def _transparent(data: bytes) -> bytes | None:
    """Return the colour that a file declares transparent, as it is stored; b"" if too short."""
    at, found = 8, None
    while at + 10 <= len(data):
        length, kind = CHUNK_HEADER(data, at)
        if kind == b"IDAT":
            break
        if kind == b"tRNS":
            found = b""
            if length >= 2:
                return data[at + 8 : at + 8 + length]
        at += 12 + length
    return found


def _load(data: bytes, width: int, height: int, transparent: bytes | None, whole: bool) -> Pixels:
    depth, colour = data[24], data[25]
    # rows have so many bytes at least: a damaged size takes no time
    smallest = height * ((width * depth * CHANNELS.get(colour, 1) + 7) // 8)
    if not whole or smallest > LARGEST_RATIO * len(data):
        raise BadImageError(TRUNCATED)
    if colour == PALETTE or (colour == GREY_ALPHA and depth == 8):
        if colour == PALETTE and b"PLTE" not in data:
            raise BadImageError("cannot be decoded: it has no palette")
        return load_with_pillow(_open(data))
    if colour == RGB and depth == 8 and transparent is None:
        return load_as(data, AS_RGB)
    pixels = load_with_opencv(data)
    if colour == GREY_ALPHA:
        return np.ascontiguousarray(pixels[..., [0, 3]])
    if colour == GREY and transparent:
        return _with_alpha(pixels, int.from_bytes(transparent[:2], "big"), depth)
    return pixels


def _with_alpha(pixels: Pixels, level: int, depth: int) -> Pixels:
    """Add alpha to grey pixels: 0 where they have the transparent level, else opaque.

    Pixels of 1, 2 and 4 bits are stretched to 8 bits already, the level is not.
    """
    white = np.iinfo(pixels.dtype).max
    largest = (1 << depth) - 1
    transparent = pixels == (level & largest) * white // largest
    return np.dstack([pixels, np.where(transparent, 0, white).astype(pixels.dtype)])
