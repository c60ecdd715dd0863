"""Write PNG of grey with alpha in 16 bits, which neither OpenCV nor Pillow writes."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from expand.images.pixels import Pixels

GREY_ALPHA = 4
"""The colour type of grey with alpha."""


def write_grey_alpha(pixels: Pixels, profile: bytes | None) -> bytes:
    """Encode 16-bit pixels H×W×2 as a PNG file."""
    height, width = pixels.shape[:2]
    stored = np.zeros((height, 1 + 4 * width), np.uint8)  # each row begins with its filter, none
    stored[:, 1:] = pixels.astype(">u2").view(np.uint8).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 16, GREY_ALPHA, 0, 0, 0)
    chunks = [chunk(b"IHDR", header)]
    if profile:
        chunks.append(chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile, 1)))
    chunks += [chunk(b"IDAT", zlib.compress(stored.tobytes(), 1)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a file: its length, type, content and checksum."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
