"""Masks in PNG: palette indices and grey levels at their own depth, 1 to 16 bits.

A palette PNG stores its indices as a grey one stores its levels. So it is read as a grey one, and
written with its palette: no index is looked up, and none is changed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.images.masks.packing import packed
from expand.images.masks.stored import Stored
from expand.images.pixels import Pixels
from expand.images.writers.png import chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
KINDS = {GREY: (1, 2, 4, 8, 16), PALETTE: (1, 2, 4, 8), RGB: (8, 16), GREY_ALPHA: (8, 16)}
KINDS[RGBA] = (8, 16)
"""The depths of each colour type."""
KEPT = (b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"pHYs", b"PLTE", b"tRNS", b"bKGD")
"""Chunks that say how values are shown; they are kept, in the order of the file."""
COLOURS = b"PLTE"
UP, LEVEL = 2, 4
"""The filter of rows (each is stored as the difference from the one above) and zlib's level.

Measured on label maps of 640×480: 1 ms, and smaller than without a filter.
"""


class Kind(NamedTuple):
    """How a file stores its values."""

    depth: int
    colour: int
    chunks: tuple[tuple[bytes, bytes], ...]
    """Those that are kept: type and content."""

    @property
    def step(self) -> int:
        """How far the grey levels are apart: those of less than 8 bits are shown stretched."""
        return 255 // ((1 << self.depth) - 1) if self.colour == GREY and self.depth < 8 else 1

    def holds(self, values: Pixels) -> bool:
        """Tell whether its depth is enough for values."""
        if self.colour == GREY:
            return not (values % self.step).any()
        return int(values.max()) < 1 << self.depth


def open_png_mask(data: bytes) -> Stored | None:
    """Read the values of a PNG file."""
    found = list(_chunks(data))
    if found[-1:] != [(b"IEND", b"")] or found[0][0] != b"IHDR" or len(found[0][1]) != 13:
        return None  # the decoder says what is wrong
    header = found[0][1]
    depth, colour = header[8], header[9]
    if depth not in KINDS.get(colour, ()):
        return None
    kind = Kind(depth, colour, tuple(each for each in found if each[0] in KEPT))
    # without tRNS, which would become a channel for alpha
    rest = [(name, content) for name, content in found[1:] if name not in (b"tRNS", b"bKGD")]
    if colour == PALETTE:
        if not any(name == COLOURS for name, _ in kind.chunks):
            raise BadImageError("cannot be decoded: it has no palette")
        rest = [(name, content) for name, content in rest if name not in (*KEPT,)]
        header = header[:9] + bytes([GREY]) + header[10:]
    plain = SIGNATURE + chunk(b"IHDR", header) + b"".join(chunk(*each) for each in rest)
    values, _, turned = decode(plain)
    if colour == PALETTE and depth < 8:
        values //= 255 // ((1 << depth) - 1)
    alpha = colour in (GREY_ALPHA, RGBA)
    return Stored(values, "PNG", partial(write_png, kind), turned=turned, alpha=alpha)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and content of each whole chunk."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        name, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            return
        content = data[at + 8 : end - 4]
        if name != b"IDAT" and struct.pack(">I", zlib.crc32(name + content)) != data[end - 4 : end]:
            raise BadImageError("cannot be decoded: the file is truncated or damaged")
        yield name, content
        if name == b"IEND":
            return
        at = end


def write_png(kind: Kind, pixels: Pixels) -> bytes:
    """Encode values as a PNG file of a kind, with 8 bits if a fill needs more than it has."""
    if kind.depth < 8 and not kind.holds(pixels):
        kind = kind._replace(depth=8)
    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, kind.depth, kind.colour, 0, 0, 0)
    rows = _packed(pixels // kind.step if kind.step > 1 else pixels, kind.depth)
    stored = np.full((height, 1 + rows.shape[1]), UP, np.uint8)
    stored[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=stored[1:, 1:])
    parts = [(b"IHDR", header), *_extended(kind.chunks, pixels)]
    parts += [(b"IDAT", zlib.compress(stored.tobytes(), LEVEL)), (b"IEND", b"")]
    return SIGNATURE + b"".join(chunk(*each) for each in parts)


def _packed(values: Pixels, depth: int) -> Pixels:
    """Return the bytes of rows: H×B."""
    height = values.shape[0]
    if depth >= 8:
        stored = values.astype(">u2") if depth == 16 else values
        return np.ascontiguousarray(stored).view(np.uint8).reshape(height, -1)
    return packed(values, depth)


def _extended(
    chunks: tuple[tuple[bytes, bytes], ...], pixels: Pixels
) -> Iterator[tuple[bytes, bytes]]:
    """Yield chunks; a palette gets black for an index that it does not have, such as a fill."""
    for name, content in chunks:
        if name == COLOURS and pixels.ndim == 2:
            yield name, content.ljust(3 * (int(pixels.max()) + 1), b"\0")
        else:
            yield name, content
