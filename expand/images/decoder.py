"""Decode image files to pixels: all bits and channels that the file holds.

Pixels are H×W (grey) or H×W×C arrays of 8 or 16 bits; three channels are RGB, four RGBA. Pillow
reads the header: format, JPEG tables, orientation. OpenCV decodes the pixels, four times as fast as
Pillow and to the same bits. Pillow decodes what OpenCV does not (grey with alpha, palettes, CMYK),
and tifffile decodes TIFF with more than four channels or 8 bits.
"""

from __future__ import annotations

import io
from typing import NamedTuple, cast

import cv2
import numpy as np
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from expand.errors import BadImageError
from expand.images.formats import FORMATS, Encoding
from expand.images.jpeg import chroma_sampling, quantisation_tables, standard_tables
from expand.images.pixels import Pixels
from expand.images.tiff import FROM_OPENCV, ORIENTATION, is_plain, read_tiff

# no limit: memory is bounded, since a worker holds one image at a time
Image.MAX_IMAGE_PIXELS = None
# a bad file is reported once, by the caller
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

BY_PILLOW = ("LA", "PA", "P", "CMYK", "1")
"""Pillow's modes of images that OpenCV would convert with loss."""


class Decoded(NamedTuple):
    """A decoded file: upright pixels, their encoding, and whether it had an orientation tag."""

    pixels: Pixels
    encoding: Encoding
    turned: bool


def decode(data: bytes) -> Decoded:
    """Decode an image file, and apply its EXIF orientation.

    Raises `BadImageError` with the reason if the bytes are not an image of a supported format, or
    are damaged.
    """
    if not data:
        raise BadImageError("is empty")
    try:
        header = Image.open(io.BytesIO(data))
        orientation = _orientation(header, data)
    except UnidentifiedImageError:
        return _without_pillow(data)
    except (OSError, SyntaxError, ValueError, TypeError, EOFError) as error:
        raise BadImageError(f"cannot be decoded: {error}") from error
    if header.format == "TIFF" and not is_plain(header):
        return _from_tiff(data)
    encoding = _encoding(header, data)
    if header.format == "TIFF":  # which Pillow turns upright itself
        return _decoded(_with_pillow(header), encoding, 1)._replace(turned=orientation != 1)
    by_pillow = header.mode in BY_PILLOW
    pixels = _with_pillow(header) if by_pillow else _with_opencv(data, header)
    return _decoded(pixels, encoding, orientation)


def _without_pillow(data: bytes) -> Decoded:
    """Decode a file whose header Pillow does not know: a TIFF of an unusual kind, or no image."""
    if data.startswith(FORMATS["TIFF"].magic):
        return _from_tiff(data)
    known = any(data.startswith(kind.magic) for kind in FORMATS.values())
    raise BadImageError("cannot be decoded: its header is damaged" if known else "is not an image")


def _decoded(pixels: Pixels, encoding: Encoding, orientation: int) -> Decoded:
    if pixels.dtype not in (np.uint8, np.uint16):
        raise BadImageError(f"has pixels of type {pixels.dtype}; 8 and 16 bits are supported")
    return Decoded(upright(pixels, orientation), encoding, orientation in range(2, 9))


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn pixels (H×W or H×W×C) upright by their EXIF orientation (1 … 8)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _orientation(header: Image.Image, data: bytes) -> int:
    """Return the EXIF orientation, 1 … 8.

    A PNG's bytes are searched first, since Pillow would decode the whole file to find no tag.
    """
    if header.format == "PNG" and b"eXIf" not in data and b"Raw profile type exif" not in data:
        return 1
    return int(header.getexif().get(ORIENTATION, 1))


def _from_tiff(data: bytes) -> Decoded:
    page = read_tiff(data)
    return _decoded(page.pixels, Encoding("TIFF", profile=page.profile), page.orientation)


def _with_opencv(data: bytes, header: Image.Image) -> Pixels:
    if header.format == "PNG" and b"IEND" not in data[-64:]:
        raise BadImageError("cannot be decoded: the file is truncated")
    if header.format == "PNG" and data[24:26] == b"\x10\x04":
        raise BadImageError("is grey with alpha at 16 bits, which is not supported")
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise BadImageError("cannot be decoded: the file is truncated or damaged")
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, FROM_OPENCV[pixels.shape[2]])


def _with_pillow(header: Image.Image) -> Pixels:
    try:
        if header.mode in ("P", "PA"):
            header = header.convert(
                "RGBA" if "transparency" in header.info or header.mode == "PA" else "RGB"
            )
        elif header.mode in ("CMYK", "1", "YCbCr"):
            header = header.convert("L" if header.mode == "1" else "RGB")
        return np.array(header)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadImageError(f"cannot be decoded: {error}") from error


def _encoding(header: Image.Image, data: bytes) -> Encoding:
    """Return the encoding of an opened file; refuse an unsupported format."""
    kind, profile = str(header.format), header.info.get("icc_profile")
    kind = {"MPO": "JPEG"}.get(kind, kind)
    if kind == "JPEG":
        return _jpeg_encoding(cast(JpegImagePlugin.JpegImageFile, header))
    if kind == "WEBP":
        lossless = b"VP8L" in data[12:64] or (
            data[12:16] == b"VP8X" and b"VP8L" in data and b"VP8 " not in data
        )
        return Encoding("WEBP", None if lossless else FORMATS["WEBP"].quality, profile=profile)
    if kind not in FORMATS:
        titles = ", ".join(each.title for each in FORMATS.values())
        supported = " and ".join(titles.rsplit(", ", 1))
        raise BadImageError(f"is a {kind} file; {supported} are supported")
    return Encoding(kind, profile=profile)


def _jpeg_encoding(jpeg: JpegImagePlugin.JpegImageFile) -> Encoding:
    tables = quantisation_tables(jpeg)
    quality, profile = standard_tables().get(tables), jpeg.info.get("icc_profile")
    unusual = None if quality else tables
    return Encoding("JPEG", quality or 0, unusual, chroma_sampling(jpeg), profile)
