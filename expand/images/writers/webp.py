"""Write WebP with an alpha channel in which all pixels are opaque: libwebp leaves it out.

Then the copies of one image would have different numbers of channels, as some views are opaque.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np

ALPHA = 0x10
"""The flag of alpha, in the extended header and in the last byte of that of lossless pixels."""
LOSSLESS_HEADER = 5
"""Bytes of the header of lossless pixels: a signature, width, height, alpha and version."""
COMPRESSED = b"\x01"
"""The header of alpha that is stored like the green of lossless pixels."""


def keep_alpha(file: bytes, width: int, height: int) -> bytes:
    """Declare the alpha of a WebP file of RGBA pixels, also where all of them are opaque."""
    chunks = _chunks(file)
    extended = bytearray(chunks.pop(b"VP8X", struct.pack("<I", 0)))
    if lossless := chunks.get(b"VP8L"):
        pixels = bytearray(lossless)
        pixels[LOSSLESS_HEADER - 1] |= ALPHA
        chunks[b"VP8L"] = bytes(pixels)
        if len(extended) == 4:  # no extended header is needed
            return _file(chunks)
    elif b"ALPH" not in chunks:
        colours = chunks.pop(b"VP8 ")
        chunks |= {b"ALPH": COMPRESSED + _opaque(width, height), b"VP8 ": colours}
    sides = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    return _file({b"VP8X": bytes([extended[0] | ALPHA, 0, 0, 0]) + sides, **chunks})


def _chunks(file: bytes) -> dict[bytes, bytes]:
    """Return the contents of the chunks by their kinds, in the order of the file."""
    chunks, at = {}, 12
    while at + 8 <= len(file):
        kind, length = struct.unpack_from("<4sI", file, at)
        chunks[kind] = file[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return chunks


def _file(chunks: dict[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for kind, content in chunks.items()
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _opaque(width: int, height: int) -> bytes:
    """Return lossless pixels whose green is 255 everywhere, without their header."""
    white = np.full((height, width, 3), 255, np.uint8)
    settings = [cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_ON]
    file = cv2.imencode(".webp", white, settings)[1].tobytes()
    return _chunks(file)[b"VP8L"][LOSSLESS_HEADER:]
