"""Read and write TIFF that Pillow cannot hold: 16 bits, and any number of channels."""

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
    """Whether Pillow reads a TIFF without loss.

    It does if the file has one page of at most 8 bits, and every sample is a channel of the mode.
    """
    tags = header.tag_v2  # type: ignore[attr-defined]
    pages = getattr(header, "n_frames", 1)
    return bool(
        max(tags.get(BITS, (1,))) <= 8
        and tags.get(SAMPLES, 1) == len(header.getbands())
        and pages == 1
    )


def read_tiff(data: bytes) -> Page:
    """Read a TIFF of many channels or 16 bits.

    tifffile reads it; OpenCV reads the compressions that tifffile needs another package for. Raises
    `BadImageError` if the file is damaged or has several pages.
    """
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = cast(tifffile.TiffPage, file.pages[0])
            orientation = int(page.tags.valueof(ORIENTATION, 1))
            pixels = _channels_last(file.series[0].asarray(), file.series[0].axes)
            return Page(pixels, orientation, page.tags.valueof(PROFILE))
    except BadImageError:
        raise
    except Exception as error:  # decompressors raise anything on damaged bytes
        if "imagecodecs" in str(error):
            return Page(_compressed(data, error), 1, None)
        raise BadImageError(f"cannot be decoded: {error}") from error


def _channels_last(pixels: NDArray[Any], axes: str) -> Pixels:
    """Convert an array with TIFF axes to H×W or H×W×C.

    Three axes without a name are H×W×C, as tifffile writes such arrays.
    """
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
    """Read LZW and other compressions that tifffile does not, with up to four channels."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise BadImageError(f"cannot be decoded: {error}") from error
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, FROM_OPENCV[pixels.shape[2]])


def write_tiff(pixels: Pixels, profile: bytes | None) -> bytes:
    """Encode pixels as a TIFF file with lossless compression."""
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
