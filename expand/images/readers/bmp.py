"""Read BMP: palettes of 1, 4 and 8 bits, colours of 16, 24 and 32, run lengths; no compression.

Only here is known what Pillow and OpenCV each get wrong: alpha of 32 bits, the range of 16.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.BmpImagePlugin import BmpImageFile

from expand.errors import BadImageError
from expand.images.formats import Encoding
from expand.images.pixels import Pixels
from expand.images.readers.picture import (
    DAMAGED_HEADER,
    TRUNCATED,
    Picture,
    load_with_pillow,
)

OS2, HEADERS = 12, (12, 40, 52, 56, 64, 108, 124)
"""Sizes of the headers: the oldest of OS/2, and all that are supported."""
RAW, RLE8, RLE4, BITFIELDS, INSIDE_JPEG, INSIDE_PNG, ALPHA_BITFIELDS = 0, 1, 2, 3, 4, 5, 6
BITS = {RAW: (1, 4, 8, 16, 24, 32), RLE8: (8,), RLE4: (4,)}
BITS |= dict.fromkeys((BITFIELDS, ALPHA_BITFIELDS), (16, 32))
INSIDE = {INSIDE_JPEG: "a JPEG", INSIDE_PNG: "a PNG"}
MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}
"""The bits of red, green, blue and alpha, where a file does not say them."""
LONGEST_RUN = 255
UNUSED = 0xFF000000
"""The bits of 32 that no colour uses; some programs store alpha there without saying so."""


@dataclass(frozen=True)
class Header:
    """What the header of a BMP file says; `data` is the whole file."""

    data: bytes
    size: int
    start: int
    width: int
    height: int
    top_down: bool
    bits: int
    compression: int
    colours: int

    @property
    def has_masks(self) -> bool:
        """Whether the file says which bits its colours have."""
        return self.compression in (BITFIELDS, ALPHA_BITFIELDS)


def open_bmp(data: bytes) -> Picture:
    """Open a BMP file."""
    header = _header(data)
    if header.width <= 0 or header.height <= 0 or header.start < 14 + header.size:
        raise BadImageError(DAMAGED_HEADER)
    if header.compression in INSIDE:
        inside = INSIDE[header.compression]
        raise BadImageError(f"is a BMP file with {inside} file inside, which is not supported")
    if header.bits not in BITS.get(header.compression, ()) or (
        header.size == 64 and header.compression >= BITFIELDS
    ):
        raise BadImageError(
            f"is a BMP file of {header.bits} bits and compression {header.compression}, "
            "which is not supported"
        )
    return Picture(header.width, header.height, Encoding("BMP"), lambda: _load(header))


def _header(data: bytes) -> Header:
    start, size = struct.unpack_from("<II", data, 10)
    if size not in HEADERS:
        raise BadImageError(DAMAGED_HEADER)
    if size == OS2:
        width, height, _planes, bits = struct.unpack_from("<HHHH", data, 18)
        return Header(data, size, start, width, height, False, bits, RAW, 0)
    width, height, _planes, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    (colours,) = struct.unpack_from("<I", data, 46)
    return Header(data, size, start, width, abs(height), height < 0, bits, compression, colours)


def _load(header: Header) -> Pixels:
    if header.compression in (RLE8, RLE4):
        return _run_lengths(header)
    rows = _rows(header)
    if header.bits == 24:
        colours = rows[:, : 3 * header.width].reshape(header.height, header.width, 3)
        return np.ascontiguousarray(colours[..., ::-1])
    if header.bits in (16, 32):
        return _colours(rows.view(f"<u{header.bits // 8}")[:, : header.width], header)
    return _shown(_indices(rows, header), header)


def read_indices(data: bytes) -> tuple[Header, Pixels] | None:
    """Return the header and the palette indices (H×W, uint8) of a file that `open_bmp` opens.

    None if it has colours without a palette, or run lengths.
    """
    header = _header(data)
    if header.compression != RAW or header.bits > 8:
        return None
    return header, np.ascontiguousarray(_indices(_rows(header), header))


def _indices(rows: NDArray[np.uint8], header: Header) -> Pixels:
    parts = 8 // header.bits
    shifts = np.arange(parts - 1, -1, -1, dtype=np.uint8) * header.bits
    indices = rows[..., None] >> shifts & np.uint8((1 << header.bits) - 1)
    return indices.reshape(header.height, -1)[:, : header.width]


def _rows(header: Header) -> NDArray[np.uint8]:
    """Return the bytes of the rows, from the top down; each row is filled up to four bytes."""
    stride = (header.width * header.bits + 31) // 32 * 4
    needed = stride * (header.height - 1) + (header.width * header.bits + 7) // 8
    stored = header.data[header.start : header.start + stride * header.height]
    if len(stored) < needed:
        raise BadImageError(TRUNCATED)
    stored = stored.ljust(stride * header.height, b"\0")
    rows = np.frombuffer(stored, np.uint8).reshape(header.height, stride)
    return rows if header.top_down else np.ascontiguousarray(rows[::-1])


def _shown(indices: NDArray[Any], header: Header) -> Pixels:
    """Return what indices of the palette show: grey if the palette is that of grey levels."""
    entry = 3 if header.size == OS2 else 4
    count = min(header.colours or 1 << header.bits, 1 << header.bits)
    start = 14 + header.size
    stored = header.data[start : min(start + count * entry, header.start)]
    palette = np.frombuffer(stored, np.uint8, len(stored) // entry * entry).reshape(-1, entry)
    colours = palette[:, 2::-1]
    levels = np.array([0, 255]) if count == 2 else np.arange(count)
    if len(palette) == count and np.array_equal(colours, np.stack([levels] * 3, axis=1)):
        colours = np.pad(colours[:, 0], (0, (1 << header.bits) - count))
    elif len(colours) < 1 << header.bits:  # the rest is black
        colours = np.pad(colours, ((0, (1 << header.bits) - len(colours)), (0, 0)))
    shown: Pixels = colours[indices]
    return shown


def _colours(values: NDArray[np.unsignedinteger], header: Header) -> Pixels:
    """Return the colours of pixels of 16 or 32 bits, stretched to 8 bits per channel."""
    masks = MASKS[header.bits]
    if header.has_masks:
        stored = struct.unpack_from("<IIII", header.data.ljust(70, b"\0"), 54)
        alpha = header.size >= 56 or header.compression == ALPHA_BITFIELDS
        masks = (*stored[:3], stored[3] if alpha else 0)
    elif header.bits == 32 and ((values ^ values[0, 0]) & UNUSED).any():
        masks = (*masks[:3], UNUSED)
    channels = masks if masks[3] else masks[:3]
    return np.dstack([_channel(values, mask) for mask in channels])


def _channel(values: NDArray[np.unsignedinteger], mask: int) -> NDArray[np.uint8]:
    """Return the bits of a mask, stretched to 0 … 255."""
    shift = (mask & -mask).bit_length() - 1
    largest = mask >> max(shift, 0)
    if not 0 < largest < 256 or largest & (largest + 1):
        raise BadImageError("is a BMP file with unusual bits for its colours, not supported")
    stretched = np.rint(np.arange(largest + 1) * 255 / largest).astype(np.uint8)
    shown: NDArray[np.uint8] = stretched[(values & mask) >> shift]
    return shown


def _run_lengths(header: Header) -> Pixels:
    if header.width * header.height > LONGEST_RUN * len(header.data):
        raise BadImageError(TRUNCATED)
    image = BmpImageFile(io.BytesIO(header.data))
    if image.mode == "1":
        raise BadImageError("is a BMP file of run lengths and two colours, which is not supported")
    return load_with_pillow(image)
