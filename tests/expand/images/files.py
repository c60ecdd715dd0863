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


def packed(values: Pixels, bits: int) -> list[bytes]:
    """Return the rows (H×W or H×W×C) of values of 1 to 16 bits, without spaces between them."""
    flat = values.reshape(len(values), -1)
    if bits == 16:
        return [row.astype("<u2").tobytes() for row in flat]
    digits = flat[..., None] >> np.arange(bits - 1, -1, -1) & 1
    return [row.tobytes() for row in np.packbits(digits.reshape(len(flat), -1) > 0, axis=1)]


def raw_tiff(values: Pixels, bits: int, tags: dict[int, tuple[str, Any]]) -> bytes:
    """Return an uncompressed TIFF file of values of 1 to 16 bits, with further tags.

    A tag is its type (H: short, I: long, B: bytes) and its number, numbers or bytes.
    """
    strip = b"".join(packed(values, bits))
    channels = 1 if values.ndim == 2 else values.shape[2]
    entries: dict[int, tuple[str, Any]] = {
        256: ("I", values.shape[1]),
        257: ("I", values.shape[0]),
        258: ("H", [bits] * channels),
        259: ("H", 1),
        273: ("I", 8),
        277: ("H", channels),
        278: ("I", values.shape[0]),
        279: ("I", len(strip)),
        **tags,
    }
    start = 8 + len(strip) + len(strip) % 2
    behind, directory = b"", b""
    end = start + 2 + 12 * len(entries) + 4
    for code, (form, given) in sorted(entries.items()):
        numbers = list(given) if isinstance(given, (list, bytes)) else [given]
        stored = struct.pack(f"<{len(numbers)}{form}", *numbers)
        kind = {"B": 7, "H": 3, "I": 4}[form]
        place = stored.ljust(4, b"\0")
        if len(stored) > 4:
            place = struct.pack("<I", end + len(behind))
            behind += stored + b"\0" * (len(stored) % 2)
        directory += struct.pack("<HHI", code, kind, len(numbers)) + place
    header = b"II*\0" + struct.pack("<I", start) + strip.ljust(start - 8, b"\0")
    return header + struct.pack("<H", len(entries)) + directory + bytes(4) + behind


def bmp(
    values: Pixels,
    bits: int,
    palette: Pixels | None = None,
    masks: tuple[int, ...] = (),
    compression: int | None = None,
    body: bytes | None = None,
) -> bytes:
    """Return a BMP file of palette indices, or of pixels as numbers of 16 or 32 bits."""
    if body is None:
        stored = (
            [row.astype("<u4").tobytes() for row in values] if bits == 32 else packed(values, bits)
        )
        body = b"".join(row + bytes(-len(row) % 4) for row in reversed(stored))
    kind = compression if compression is not None else 3 if masks else 0
    size = 108 if len(masks) > 3 else 40
    height, width = values.shape[:2]
    header = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, kind, 0, 0, 0, 0, 0)
    stored_masks = struct.pack(f"<{len(masks)}I", *masks)
    extra = stored_masks.ljust(size - 40, b"\0")
    if palette is not None:
        extra += np.pad(palette[:, ::-1], ((0, 0), (0, 1))).tobytes()
    start = 14 + 40 + len(extra)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + header + extra + body


def read_png(data: bytes) -> tuple[Pixels, set[bytes]]:
    """Return the pixels of a PNG file of 8 or 16 bits, and its kinds of chunks: another reader."""
    at, kinds, stream = 8, set(), b""
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        kinds.add(kind)
        stream += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    step = channels * bits // 8
    lines = np.frombuffer(zlib.decompress(stream), np.uint8).reshape(height, 1 + width * step)
    above, out = [0] * (width * step), []
    for line in lines.tolist():
        row: list[int] = []
        for i, value in enumerate(line[1:]):
            left, up, corner = (
                row[i - step] if i >= step else 0,
                above[i],
                above[i - step] if i >= step else 0,
            )
            near = min((left, up, corner), key=lambda each, at=left + up - corner: abs(at - each))
            row.append((value + (0, left, up, (left + up) // 2, near)[line[0]]) & 255)
        out.append(row)
        above = row
    pixels = np.array(out, np.uint8)
    pixels = pixels.view(">u2").astype(np.uint16) if bits == 16 else pixels
    return pixels.reshape((height, width, channels) if channels > 1 else (height, width)), kinds


def cmyk_profile() -> bytes:
    """Return a colour profile in which the ink K makes pixels lighter, as no plain conversion does."""
    inks = np.indices((2, 2, 2, 2)).reshape(4, 16)
    lightness = np.where(inks[3] == 1, 255, 0)
    nodes = np.stack([lightness, np.full(16, 128), np.full(16, 128)], axis=1).astype(np.uint8)
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    table = (
        b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + nodes.tobytes() + ramp * 3
    )
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    start = 128 + 4 + 2 * 12
    entries = struct.pack(">4sII", b"A2B0", start, len(table))
    entries += struct.pack(">4sII", b"wtpt", start + len(table), len(white))
    body = struct.pack(">I", 2) + entries + table + white
    header = struct.pack(
        ">I4sI4s4s4s12x4s", 128 + len(body), b"test", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp"
    )
    return header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061).ljust(60, b"\0") + body


def with_tag(data: bytes, code: int, value: int) -> bytes:
    """Return a little-endian TIFF file of one page with a short number in a tag, new or changed."""
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    places = [start + 2 + 12 * i for i in range(count)]
    entries = {struct.unpack_from("<H", data, at)[0]: data[at : at + 12] for at in places}
    entries[code] = struct.pack("<HHIHH", code, 3, 1, value, 0)
    directory = b"".join(entry for _, entry in sorted(entries.items()))
    data += b"\0" * (len(data) % 2)
    header = data[:4] + struct.pack("<I", len(data)) + data[8:]
    return header + struct.pack("<H", len(entries)) + directory + bytes(4)
