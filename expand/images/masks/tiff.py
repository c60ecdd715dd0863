"""Masks in TIFF: palette indices, bits, and numbers of any type up to 64 bits."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from expand.errors import BadImageError
from expand.images.decoder import check_size, upright
from expand.images.formats import max_pixels
from expand.images.masks.stored import Stored
from expand.images.pixels import Pixels
from expand.images.readers.picture import DAMAGED, ORIENTATION
from expand.images.readers.tiff import BY_TIFFFILE
from expand.images.readers.tiff_parts import check_parts, check_stored
from expand.images.readers.tiff_tags import BLACK, PALETTE, WHITE, check_single

ENTRIES = 256
"""The colours of a palette of 8 bits."""
BY_OTHERS = (np.uint8, np.uint16)
"""Types of numbers that an image has too."""
FLOAT_PREDICTOR = 3


def open_tiff_mask(data: bytes) -> Stored | None:
    """Read what an image does not have: palette indices, bits, other numbers; None for the rest."""
    import tifffile

    try:
        file = tifffile.TiffFile(io.BytesIO(data))
        page: Any = file.pages[0]
        kind, dtype = int(page.photometric), page.dtype
        bits, channels = page.bitspersample, int(page.samplesperpixel)
        check_size(int(page.imagewidth), int(page.imagelength), max_pixels())
        if dtype is None or kind not in (BLACK, WHITE, PALETTE) or check_single(file):
            return None
        if kind == PALETTE:
            return _palette(data, page) if channels == 1 else None
        if bits == 1 and channels == 1:
            return _bits(data, page)
        return None if dtype in BY_OTHERS or kind == WHITE else _numbers(data, page)
    except BadImageError:
        raise
    except MemoryError as error:
        raise BadImageError("cannot be decoded: it does not fit into memory") from error
    except Exception as error:  # decoders raise anything on damaged bytes
        raise BadImageError(DAMAGED) from error


def _palette(data: bytes, page: Any) -> Stored:
    values = _by_pillow(data, page)
    if values.dtype != np.uint8:
        raise BadImageError("has a palette of more than 8 bits, which is not supported")
    colours = np.zeros((3, ENTRIES), np.uint16)
    known = page.colormap[:, :ENTRIES]
    colours[:, : known.shape[1]] = known
    write = partial(_write, photometric="palette", colormap=colours)
    return Stored(values, "TIFF", write, turned=_orientation(page) != 1)


def _bits(data: bytes, page: Any) -> Stored:
    """Read a file of one bit a pixel as it is shown: 0 and 255."""
    shown = _by_pillow(data, page).astype(np.uint8) * 255
    turned = _orientation(page) != 1
    return Stored(shown, "TIFF", _write_bits, turned=turned, step=255)


def _write_bits(pixels: Pixels) -> bytes:
    return _write(pixels > 0, photometric="minisblack")


def _by_pillow(data: bytes, page: Any) -> Pixels:
    """Load values with Pillow, which turns them upright itself."""
    check_stored(page)
    image: Image.Image = TiffImageFile(io.BytesIO(data))
    image.load()
    return np.array(image)


def _numbers(data: bytes, page: Any) -> Stored:
    """Read numbers that an image does not have: signed ones, ones of 32 bits, fractions."""
    dtype = page.dtype.newbyteorder("=")
    by_tifffile = int(page.compression) in BY_TIFFFILE and int(page.predictor) < FLOAT_PREDICTOR
    if by_tifffile:
        check_parts(page)
        values = _last_channels(page.asarray(maxworkers=1), page.axes)
        values = upright(values, _orientation(page))
    else:
        values = _by_pillow(data, page)
    if values.dtype != dtype or dtype.kind not in "iuf":
        raise BadImageError(f"has pixels of type {dtype}, compressed in a way that is not read")
    shape = "contig" if values.ndim == 3 else None
    write = partial(_write, photometric="minisblack", planarconfig=shape)
    turned = _orientation(page) != 1
    return Stored(np.ascontiguousarray(values, dtype), "TIFF", write, turned=turned)


def _orientation(page: Any) -> int:
    value = page.tags.valueof(ORIENTATION, 1)
    return int(value) if value in range(1, 9) else 1


def _last_channels(values: Pixels, axes: str) -> Pixels:
    if axes == "SYX":
        return np.moveaxis(values, 0, -1)
    if axes not in ("YX", "YXS"):
        raise BadImageError(f"has axes {axes}, which are not supported")
    return values


def _write(pixels: Pixels, **settings: Any) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, compression="zlib", metadata=None, **settings)
    return buffer.getvalue()
