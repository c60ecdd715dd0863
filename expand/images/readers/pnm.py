"""Read PBM, PGM and PPM, as text and as bytes, with any largest value."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError
from expand.images.formats import Encoding
from expand.images.pixels import Pixels
from expand.images.readers.picture import DAMAGED, DAMAGED_HEADER, TRUNCATED, Picture

BITMAPS, TEXTS, COLOURS = b"14", b"123", b"36"
DIGITS = 10
"""The most digits of a number, so that it takes no more memory than its file."""
NUMBER = re.compile(rb"(?:\s|#[^\r\n]*(?:[\r\n]|$))*(\d{1,10})(?=\s|#|$)")
LINE_END = re.compile(rb"[ \t]*(?:#[^\r\n]*)?\r?\n")
"""The end of a header that some programs write: a comment, or two bytes, where one is due."""
NEXT_IMAGE = re.compile(rb"\s*P[1-7]\s")


@dataclass(frozen=True)
class Header:
    """The header of a file: its kind (a digit), its size, and where its pixels begin."""

    kind: int
    width: int
    height: int
    largest: int
    start: int

    @property
    def shape(self) -> tuple[int, ...]:
        """H×W, or H×W×3."""
        colours = (3,) if self.kind in COLOURS else ()
        return (self.height, self.width, *colours)


def open_pnm(data: bytes) -> Picture:
    """Open a PBM, PGM or PPM file. Bytes after the image are ignored, unless they are another."""
    header = _header(data)
    if not (header.width and header.height and 0 < header.largest < 65536):
        raise BadImageError(DAMAGED_HEADER)
    load = _load_text if header.kind in TEXTS else _load_bytes
    return Picture(header.width, header.height, Encoding("PPM"), lambda: load(data, header))


def _header(data: bytes) -> Header:
    kind, at, numbers = data[1], 2, []
    for _ in range(2 if kind in BITMAPS else 3):
        found = NUMBER.match(data, at)
        if not found:
            raise BadImageError(DAMAGED_HEADER)
        numbers.append(int(found[1]))
        at = found.end()
    return Header(kind, numbers[0], numbers[1], 1 if kind in BITMAPS else numbers[2], at)


def _load_text(data: bytes, header: Header) -> Pixels:
    """Load numbers written as text; a bitmap's digits may stand without spaces between them."""
    raster, count = data[header.start :], int(np.prod(header.shape))
    if b"#" in raster:
        raster = re.sub(rb"#[^\r\n]*", b"", raster)
    if header.kind in BITMAPS:
        raster = b" ".join(re.findall(rb"[01]|\S", raster))
    words = raster.split(None, count)
    _refuse_another(b" ".join(words[count:]))
    if len(words) < count:
        raise BadImageError(TRUNCATED)
    if max(map(len, words[:count])) > DIGITS:
        raise BadImageError(DAMAGED)
    return _stretched(np.array([int(word) for word in words[:count]]), header)


def _load_bytes(data: bytes, header: Header) -> Pixels:
    if header.kind in BITMAPS:
        stride = (header.width + 7) // 8
        stored = _stored(data, header.start, np.dtype(np.uint8), (header.height, stride))
        return _stretched(np.unpackbits(stored, axis=1)[:, : header.width], header)
    dtype = np.dtype(np.uint8 if header.largest < 256 else ">u2")
    return _stretched(_stored(data, header.start, dtype, header.shape), header)


def _stored(
    data: bytes, at: int, dtype: np.dtype[np.unsignedinteger], shape: tuple[int, ...]
) -> NDArray[np.unsignedinteger]:
    """Return the values after a header that ends at `at`."""
    count = int(np.prod(shape))
    start = _first_pixel(data, at, count * dtype.itemsize)
    end = start + count * dtype.itemsize
    if len(data) < end:
        raise BadImageError(TRUNCATED)
    _refuse_another(data[end : end + 20])
    return np.frombuffer(data, dtype, count, start).reshape(shape)


def _first_pixel(data: bytes, at: int, size: int) -> int:
    """Return where pixels of so many bytes begin: after one space, by the format.

    After a longer end of the header if the rest is then exactly the pixels; else all of them would
    be shown in the wrong place.
    """
    longer = LINE_END.match(data, at)
    if longer and (longer.end() + size == len(data) or data[at : at + 1] == b"#"):
        return longer.end()
    return at + 1  # one space ends the header


def _refuse_another(rest: bytes) -> None:
    if NEXT_IMAGE.match(rest):
        raise BadImageError("holds several images; give single images")


def _stretched(values: NDArray[np.integer], header: Header) -> Pixels:
    """Stretch values of 0 … `largest` to 8 or 16 bits, as Pillow does; 1 in bitmaps is black."""
    dtype = np.uint8 if header.largest < 256 else np.uint16
    white = np.iinfo(dtype).max
    if values.max() > header.largest or values.min() < 0:
        raise BadImageError(f"has values above {header.largest}, its largest value, or below 0")
    if header.largest != white:
        levels = np.rint(np.arange(header.largest + 1) / header.largest * white)
        values = levels[::-1][values] if header.kind in BITMAPS else levels[values]
    return values.reshape(header.shape).astype(dtype)
