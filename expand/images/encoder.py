"""Encode pixels to the bytes of an image file: all bits and channels that the format can hold."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from PIL import Image

from expand.errors import BadImageError
from expand.images.formats import FORMATS, Encoding, check_fits
from expand.images.pixels import Pixels, has_memory
from expand.images.profiles import SEGMENT, insert_into_jpeg
from expand.images.quiet import quiet
from expand.images.writers.png import write_grey_alpha
from expand.images.writers.tiff import write_tiff
from expand.images.writers.webp import keep_alpha


def encode(pixels: Pixels, encoding: Encoding) -> bytes:
    """Encode pixels (H×W or H×W×C, 8 or 16 bits; RGB or RGBA) to an image file.

    Raises `BadImageError` if the format cannot hold them, and `MemoryError`.
    """
    check_fits(encoding, pixels.shape, sixteen_bits=pixels.dtype == SIXTEEN_BITS)
    try:
        return _encode(pixels, encoding)
    except MemoryError:
        raise
    except Exception as error:  # encoders raise anything
        if not has_memory(2 * pixels.nbytes):
            raise MemoryError from error
        if isinstance(error, BadImageError):
            raise
        raise BadImageError(f"cannot be written as {encoding.format}") from error


def _encode(pixels: Pixels, encoding: Encoding) -> bytes:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if encoding.format == "TIFF":
        return write_tiff(pixels, encoding.profile, encoding.extra)
    if encoding.profile and len(encoding.profile) > LARGEST_PROFILE.get(encoding.format, 0):
        encoding = encoding.without_profile()
    profile = encoding.profile
    if channels == 2 and pixels.dtype == SIXTEEN_BITS:
        return write_grey_alpha(pixels, profile)
    if channels == 2 or encoding.tables:
        return _encode_with_pillow(pixels, encoding)
    suffix, settings = _settings(encoding.format, encoding.quality, encoding.sampling, channels)
    stored = cv2.cvtColor(pixels, _TO_OPENCV[channels]) if channels > 2 else pixels
    large = encoding.format == "JPEG" and profile is not None and len(profile) > SEGMENT
    done, buffer = _write(suffix, stored, settings, None if large else profile)
    if not done:
        raise BadImageError(f"cannot be written as {encoding.format}")
    file: bytes = buffer.tobytes()
    if encoding.format == "WEBP" and channels == 4 and (pixels[..., 3] == OPAQUE).all():
        return keep_alpha(file, pixels.shape[1], pixels.shape[0])
    return insert_into_jpeg(file, profile) if profile and large else file


def _write(
    suffix: str, stored: Pixels, settings: tuple[int, ...], profile: bytes | None
) -> tuple[bool, Pixels]:
    if suffix == ".jpg" and not profile:
        return cv2.imencode(suffix, stored, settings)  # libjpeg prints nothing while it compresses
    with quiet:
        if not profile:
            return cv2.imencode(suffix, stored, settings)
        tags = [cv2.IMAGE_METADATA_ICCP], [np.frombuffer(profile, np.uint8)]
        return cv2.imencodeWithMetadata(suffix, stored, *tags, settings)


SIXTEEN_BITS = np.dtype(np.uint16)
OPAQUE = 255


LARGEST_PROFILE = {"JPEG": 255 * SEGMENT, "PNG": 1 << 20, "WEBP": 1 << 30}
"""The largest profile in each format: what fits a JPEG, and what Pillow reads in a PNG.

TIFF is written by tifffile; the other formats have none.
"""


_TO_OPENCV = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}


@lru_cache(256)
def _settings(
    format_: str, quality: int | None, sampling: int | None, channels: int
) -> tuple[str, tuple[int, ...]]:
    """Return OpenCV's suffix and settings for an encoding, which all copies of a source share."""
    if format_ == "JPEG":
        settings = [cv2.IMWRITE_JPEG_QUALITY, quality or FORMATS["JPEG"].quality]
        if sampling and channels == 3:
            settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
        return ".jpg", tuple(settings)
    if format_ == "WEBP" and quality is None:
        return ".webp", (cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR)
    if format_ == "WEBP":
        return ".webp", (cv2.IMWRITE_WEBP_QUALITY, quality or 0)
    return {"PNG": ".png", "BMP": ".bmp", "PPM": ".pgm" if channels == 1 else ".ppm"}[format_], ()


def _encode_with_pillow(pixels: Pixels, encoding: Encoding) -> bytes:
    """Encode what OpenCV does not write: a JPEG with its own tables, a grey PNG with alpha."""
    buffer = io.BytesIO()
    settings: dict[str, Any] = {"icc_profile": encoding.profile} if encoding.profile else {}
    if encoding.tables:
        settings["qtables"] = {number: list(table) for number, table in encoding.tables}
        settings["subsampling"] = {0x111111: 0, 0x211111: 1, 0x411111: "4:1:1"}.get(
            encoding.sampling or 0, 2
        )
    else:
        settings["compress_level"] = 1
    Image.fromarray(pixels).save(buffer, encoding.format, **settings)
    return buffer.getvalue()
