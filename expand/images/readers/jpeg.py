"""Read JPEG: grey, RGB and CMYK of 8 bits, baseline and progressive, Huffman and arithmetic."""

from __future__ import annotations

import io
import re
import struct
from functools import lru_cache, partial
from typing import NamedTuple, cast

import cv2
from PIL.JpegImagePlugin import JpegImageFile

from expand.errors import BadImageError
from expand.images.formats import Encoding
from expand.images.pixels import Pixels
from expand.images.profiles import cmyk_to_rgb
from expand.images.quiet import quiet
from expand.images.readers.jpeg_headers import (
    ONE_PIXEL,
    chroma_sampling,
    quantisation_tables,
    split_header,
    standard_tables,
)
from expand.images.readers.picture import AS_RGB, TRUNCATED, Picture, load_as, read_orientation

END = b"\xff\xd9"
MISSING = b"remature end"
"""What libjpeg prints if data is missing: "Premature end of JPEG file", or "… of data segment"."""
JPEG_LS = b"\xff\xf7"
"""What follows the first two bytes of a JPEG-LS file."""
BASELINE, SCAN = b"\xff\xc0", b"\xff\xda"
SIZE = struct.Struct(">HH").unpack_from
REMEMBERED, LARGEST = 512, 4096
"""How many headers are remembered, and how many bytes each of them has at most."""


class Header(NamedTuple):
    """What the header of a JPEG file says beside the size."""

    mode: str
    encoding: Encoding
    orientation: int


def open_jpeg(data: bytes) -> Picture:
    """Open a JPEG file; of a multi-picture file, the first picture."""
    header, width, height, end = _by_bytes(data) or _by_segments(data) or _by_pillow(data)
    if not data.endswith(END) and data.rfind(END) < end:
        raise BadImageError(TRUNCATED)
    load = partial(_load_cmyk if header.mode == "CMYK" else _load, data, header.mode)
    return Picture(width, height, header.encoding, load, header.orientation)


Found = tuple[Header, int, int, int]
"""A header, width, height, and where the header ends."""


def _by_bytes(data: bytes) -> Found | None:
    """Return the header if another image with the same bytes of it, but for the size, had it.

    It is enough to guess where the size and the end are: the bytes are known only if it is right.
    """
    scan = data.find(SCAN, 0, LARGEST)
    at = data.find(BASELINE, 0, scan) + 5
    if not 5 < at < scan < len(data) - 4:
        return None
    end = scan + 2 + data[scan + 3]
    header = _known(data[:at], data[at + 4 : end])
    height, width = SIZE(data, at)
    return (header, width, height, end) if header and width and height else None


@lru_cache(REMEMBERED)
def _known(before: bytes, after: bytes) -> Header | None:
    """Return the header that has these bytes before and after its size, None if none has."""
    header = before + ONE_PIXEL + after
    split = split_header(header)
    if split and (split.size_at, split.end) == (len(before), len(header)):
        return _shared(split.shared)
    return None


def _by_segments(data: bytes) -> Found | None:
    """Return the header by its segments; those that say nothing of the pixels are left out."""
    if not (split := split_header(data)):
        return None
    height, width = SIZE(data, split.size_at)
    if not (width and height):
        return None
    small = len(split.shared) <= LARGEST
    header = _shared(split.shared) if small else _describe(_open(split.shared))
    return header, width, height, split.end


@lru_cache(REMEMBERED)
def _shared(header: bytes) -> Header:
    return _describe(_open(header))


def _by_pillow(data: bytes) -> Found:
    opened = _open(data)
    return _describe(opened), *opened.size, cast(io.BytesIO, opened.fp).tell()


def _open(data: bytes) -> JpegImageFile:
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


def _describe(opened: JpegImageFile) -> Header:
    if not opened.quantization:
        raise BadImageError("is a lossless or incomplete JPEG file, which is not supported")
    tagged = "exif" in opened.info or "xmp" in opened.info
    orientation = read_orientation(opened) if tagged else 1
    tables = quantisation_tables(opened)
    quality, profile = standard_tables().get(tables), opened.info.get("icc_profile")
    unusual = None if quality else tables
    encoding = Encoding(
        "JPEG", quality or 0, unusual, chroma_sampling(opened), cast("bytes | None", profile)
    )
    if opened.mode == "CMYK":
        encoding = encoding.without_profile()
    return Header(opened.mode, encoding, orientation)


def _load(data: bytes, mode: str) -> Pixels:
    """Load pixels; refuse those that libjpeg makes up where data is missing before the end.

    Where it says that data is damaged, Pillow has to accept the file as well.
    """
    flags = AS_RGB if mode == "RGB" else cv2.IMREAD_UNCHANGED
    pixels, printed = quiet.listen(partial(load_as, data, flags))
    if printed:
        if MISSING in printed:
            raise BadImageError(TRUNCATED)
        _open(data).load()
    return pixels


def _load_cmyk(data: bytes, mode: str) -> Pixels:
    _load(data, mode)  # Pillow's libjpeg does not say what is missing
    return cmyk_to_rgb(_open(data))
