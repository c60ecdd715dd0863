"""Read JPEG: grey, RGB and CMYK of 8 bits, baseline and progressive, Huffman and arithmetic."""

from __future__ import annotations

import io
import re
from functools import partial
from typing import cast

from PIL.JpegImagePlugin import JpegImageFile

from expand.errors import BadImageError
from expand.images.formats import Encoding
from expand.images.jpeg import chroma_sampling, quantisation_tables, standard_tables
from expand.images.pixels import Pixels
from expand.images.profiles import cmyk_to_rgb
from expand.images.quiet import quiet
from expand.images.readers.picture import (
    TRUNCATED,
    Picture,
    load_with_opencv,
    read_orientation,
)

END = b"\xff\xd9"
MISSING = b"remature end"
"""What libjpeg prints if data is missing: "Premature end of JPEG file", or "… of data segment"."""
ANYTHING = b""
JPEG_LS = b"\xff\xf7"
"""What follows the first two bytes of a JPEG-LS file."""
COLOUR_MODES = ("L", "RGB")


def open_jpeg(data: bytes) -> Picture:
    """Open a JPEG file; of a multi-picture file, the first picture."""
    header = _header(data)
    if not header.quantization:
        raise BadImageError("is a lossless or incomplete JPEG file, which is not supported")
    tagged = "exif" in header.info or "xmp" in header.info
    orientation = read_orientation(header) if tagged else 1
    encoding = _encoding(header)
    if not data.endswith(END) and data.rfind(END) < cast(io.BytesIO, header.fp).tell():
        raise BadImageError(TRUNCATED)
    if header.mode in COLOUR_MODES:
        return Picture(*header.size, encoding, partial(_load, header, data), orientation)
    load = partial(_load_cmyk, header, data)
    return Picture(*header.size, encoding.without_profile(), load, orientation)


def _load(header: JpegImageFile, data: bytes) -> Pixels:
    """Load pixels; refuse those that libjpeg makes up where data is missing before the end.

    Where it says that data is damaged, Pillow has to accept the file as well.
    """
    pixels = load_with_opencv(data)
    if quiet.heard(MISSING):
        raise BadImageError(TRUNCATED)
    if quiet.heard(ANYTHING):
        header.load()
    return pixels


def _load_cmyk(header: JpegImageFile, data: bytes) -> Pixels:
    _load(header, data)  # Pillow's libjpeg does not say what is missing
    return cmyk_to_rgb(header)


def _header(data: bytes) -> JpegImageFile:
    """Open the header directly: by content alone, Pillow would also look for further pictures."""
    try:
        return JpegImageFile(io.BytesIO(data))
    except SyntaxError as error:
        if found := re.search(r"(\d+)-bit layers", str(error)):
            reason = f"is a JPEG file of {found[1]} bits per channel, which is not supported"
        elif found := re.search(r"(\d+)-layer", str(error)):
            reason = f"is a JPEG file of {found[1]} channels, which is not supported"
        elif data[2:4] == JPEG_LS:
            reason = "is a JPEG-LS file, which is not supported"
        else:
            raise
        raise BadImageError(reason) from error


def _encoding(header: JpegImageFile) -> Encoding:
    tables = quantisation_tables(header)
    quality, profile = standard_tables().get(tables), header.info.get("icc_profile")
    unusual = None if quality else tables
    return Encoding(
        "JPEG", quality or 0, unusual, chroma_sampling(header), cast("bytes | None", profile)
    )
