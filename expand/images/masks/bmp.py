"""Masks in BMP: palette indices of 1, 4 and 8 bits, with the palette of their file."""

from __future__ import annotations

import struct
from functools import partial

import numpy as np

from expand.images.decoder import open_image
from expand.images.masks.packing import packed
from expand.images.masks.stored import Stored
from expand.images.pixels import Pixels
from expand.images.readers.bmp import OS2, Header, read_indices


def open_bmp_mask(data: bytes) -> Stored | None:
    """Read the palette indices of a BMP file; None if it stores colours or run lengths."""
    open_image(data)  # refuses what is damaged or too large
    found = read_indices(data)
    if found is None:
        return None
    header, values = found
    write = partial(_write, header)
    return Stored(values, "BMP", write, largest=(1 << header.bits) - 1)


def _write(header: Header, pixels: Pixels) -> bytes:
    """Return a file with the header and palette of another one, from the bottom up."""
    height, width = pixels.shape[:2]
    rows = packed(pixels, header.bits)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))[::-1]
    start = bytearray(header.data[: header.start])
    struct.pack_into("<I", start, 2, header.start + rows.size)
    if header.size == OS2:
        struct.pack_into("<HH", start, 18, width, height)
    else:
        struct.pack_into("<ii", start, 18, width, height)
        struct.pack_into("<I", start, 34, rows.size)
    return bytes(start) + rows.tobytes()
