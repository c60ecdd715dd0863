"""Image files of unusual kinds, made byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from expand.images.pixels import Pixels


def saved(image: Image.Image, kind: str, **settings: Any) -> bytes:
    """Return a file as Pillow saves it."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def tiff(pixels: Pixels, **settings: Any) -> bytes:
    """Return a TIFF file as tifffile writes it."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **settings)
    return buffer.getvalue()


def with_tags(pixels: Pixels, values: dict[int, int | None]) -> bytes:
    """Return a TIFF file with numbers in its tags changed; None makes a tag one without meaning."""
    colour = pixels.ndim == 3
    data = bytearray(
        tiff(
            pixels,
            photometric="rgb" if colour else "minisblack",
            metadata=None,
            subfiletype=2,
            software=False,
        )
    )
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tags = {tag.code: tag for tag in file.pages[0].tags}
    for code, value in values.items():
        tag = tags[code]
        if value is None:
            struct.pack_into("<H", data, tag.offset, 60000)
            continue
        form = {3: "<H", 4: "<I"}[int(tag.dtype)]
        for index in range(tag.count):
            struct.pack_into(form, data, tag.valueoffset + index * struct.calcsize(form), value)
    return bytes(data)


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png(
    width: int,
    height: int,
    bits: int,
    colour: int,
    rows: bytes,
    chunks: Iterable[bytes] = (),
    interlaced: int = 0,
) -> bytes:
    """Return a PNG file; `rows` are the bytes of the rows, each with its filter."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    ends = chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join((*chunks, *ends))


def rows(pixels: Pixels) -> bytes:
    """Return pixels (H×W or H×W×C) as the unfiltered rows of a PNG file."""
    kind = ">u2" if pixels.dtype == np.uint16 else "u1"
    return b"".join(b"\0" + row.astype(kind).tobytes() for row in pixels)
