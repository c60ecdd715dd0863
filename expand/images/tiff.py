"""TIFF beyond what Pillow reads without loss: 16 bits, and any number of channels."""

from __future__ import annotations

import io
from typing import Any, NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from expand.errors import BadImageError
from expand.images.pixels import Pixels

ORIENTATION, PROFILE, BITS, SAMPLES = 0x0112, 34675, 258, 277
FROM_OPENCV = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}


class Page(NamedTuple):
    """The image of a TIFF file: pixels as stored, EXIF orientation, colour profile."""

    pixels: Pixels
    orientation: int
    profile: bytes | None


def is_plain(header: Image.Image) -> bool:
    """Tell whether Pillow reads a TIFF without loss: 8 bits or fewer, and every sample a channel of its mode, one page."""
    tags = header.tag_v2  # type: ignore[attr-defined]
    pages = getattr(header, "n_frames", 1)
    return bool(
        max(tags.get(BITS, (1,))) <= 8
        and tags.get(SAMPLES, 1) == len(header.getbands())
        and pages == 1
    )


def read_tiff(data: bytes) -> Page:
    """Read a TIFF of many channels or 16 bits, first as tifffile reads it, then as OpenCV does (its compressions)."""
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = cast(tifffile.TiffPage, file.pages[0])
            orientation = int(page.tags.valueof(ORIENTATION, 1))
            pixels = _channels_last(file.series[0].asarray(), file.series[0].axes)
            return Page(pixels, orientation, page.tags.valueof(PROFILE))
    except BadImageError:
        raise
    except Exception as error:  # whatever a decompressor makes of damaged bytes
        if "imagecodecs" in str(error):
            return Page(_compressed(data, error), 1, None)
        raise BadImageError(f"cannot be decoded ({error})") from error


def _channels_last(pixels: NDArray[Any], axes: str) -> Pixels:
    """Return H×W or H×W×C from an array with TIFF axes; three plain axes are taken as tifffile writes H×W×C arrays."""
    if (
        pixels.ndim == 2
        or axes[-1] == "S"
        or (pixels.ndim == 3 and axes[0] in "QI" and pixels.shape[2] < pixels.shape[0])
    ):
        return pixels
    if pixels.ndim == 3 and axes[0] == "S":
        return np.ascontiguousarray(np.moveaxis(pixels, 0, -1))
    raise BadImageError(f"holds several pages ({'×'.join(map(str, pixels.shape))})")


def _compressed(data: bytes, error: Exception) -> Pixels:
    """Read the compressions that tifffile leaves to another package (LZW and others), up to four channels."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise BadImageError(f"cannot be decoded ({error})") from error
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, FROM_OPENCV[pixels.shape[2]])


def write_tiff(pixels: Pixels, profile: bytes | None) -> bytes:
    """Return a TIFF file of these pixels, compressed without loss."""
    import tifffile

    buffer = io.BytesIO()
    colour = pixels.ndim == 3 and pixels.shape[2] in (3, 4)
    tifffile.imwrite(
        buffer,
        pixels,
        photometric="rgb" if colour else "minisblack",
        planarconfig="contig" if pixels.ndim == 3 else None,
        extrasamples=("unassalpha",) if colour and pixels.shape[2] == 4 else None,
        compression="zlib",
        metadata=None,
        iccprofile=profile,
    )
    return buffer.getvalue()
