"""Odd BMP files, written field by field: depths, masks, run lengths, headers, damage."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from tests.odd.files.case import Case, Pixels, either, picture, read, refused, truncations

RAW, RLE8, RLE4, BITFIELDS = 0, 1, 2, 3


def bmp(
    width: int,
    height: int,
    bits: int,
    stored: bytes,
    *,
    compression: int = RAW,
    between: bytes = b"",
    size: int = 40,
    colours: int = 0,
    planes: int = 1,
    start: int | None = None,
) -> bytes:
    """Write a BMP file; `between` is what lies between the header of 40 bytes and the pixels."""
    if size == 12:
        head = struct.pack("<IHHHH", 12, width, height, planes, bits)
    else:
        head = struct.pack(
            "<IiiHHIIiiII",
            size,
            width,
            height,
            planes,
            bits,
            compression,
            len(stored),
            2835,
            2835,
            colours,
            0,
        )
    offset = 14 + len(head) + len(between) if start is None else start
    total = 14 + len(head) + len(between) + len(stored)
    return b"BM" + struct.pack("<IHHI", total, 0, 0, offset) + head + between + stored


def rows(stored: Pixels, *, top_down: bool = False) -> bytes:
    """Return rows of bytes (H×N), the last one first, each filled up to four bytes."""
    ordered = stored if top_down else stored[::-1]
    return b"".join(row.tobytes() + b"\0" * (-len(row.tobytes()) % 4) for row in ordered)


def packed(indices: Pixels, bits: int) -> Pixels:
    spread = np.unpackbits(indices[..., None], axis=2)[..., 8 - bits :]
    return np.packbits(spread.reshape(len(indices), -1), axis=1)


def palette(count: int, entry: int = 4) -> tuple[bytes, Pixels]:
    """Return a palette as stored (blue, green, red, and a fourth byte), and its colours."""
    colours = np.random.default_rng(count).integers(0, 256, (count, 3)).astype(np.uint8)
    stored = colours[:, ::-1]
    if entry == 4:
        stored = np.pad(stored, ((0, 0), (0, 1)))
    return stored.tobytes(), colours


def cases() -> Iterator[Case]:
    yield from palettes()
    yield from colours()
    yield from masks()
    yield from run_lengths()
    yield from damage()


def palettes() -> Iterator[Case]:
    for bits in (1, 4, 8):
        indices = picture(9, 11, None, bits)
        entries, shown = palette(1 << bits)
        for name, top_down in (("bottom-up", False), ("top-down", True)):
            height = -9 if top_down else 9
            stored = rows(packed(indices, bits), top_down=top_down)
            yield read(
                f"bmp-palette-{bits}bit-{name}.bmp",
                bmp(11, height, bits, stored, between=entries),
                f"A BMP of {bits} bits with a palette, {name}.",
                shown[indices],
            )
        old, shown = palette(1 << bits, 3)
        yield read(
            f"bmp-os2-{bits}bit.bmp",
            bmp(11, 9, bits, rows(packed(indices, bits)), between=old, size=12),
            f"A BMP of OS/2 with {bits} bits.",
            shown[indices],
        )
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1).tobytes()
    pixels = picture(9, 11)
    yield read("bmp-grey.bmp", bmp(11, 9, 8, rows(pixels), between=grey), "A grey BMP.", pixels)
    entries, _ = palette(5)
    yield either(
        "bmp-palette-short.bmp",
        bmp(11, 9, 8, rows(pixels), between=entries, colours=5),
        "A BMP with indexes beyond its palette of 5 colours.",
    )
    yield either(
        "bmp-palette-missing.bmp", bmp(11, 9, 8, rows(pixels)), "A BMP without its palette."
    )
    yield either(
        "bmp-palette-count-huge.bmp",
        bmp(11, 9, 8, rows(pixels), between=grey, colours=1 << 31),
        "A BMP that says its palette has 2^31 colours.",
    )


def colours() -> Iterator[Case]:
    pixels = picture(9, 7, 3)
    blue_first = pixels[..., ::-1].reshape(9, -1)
    yield read("bmp-24bit.bmp", bmp(7, 9, 24, rows(blue_first)), "A BMP of 24 bits.", pixels)
    yield read(
        "bmp-24bit-top-down.bmp",
        bmp(7, -9, 24, rows(blue_first, top_down=True)),
        "A BMP of 24 bits, top row first.",
        pixels,
    )
    yield read(
        "bmp-os2-24bit.bmp", bmp(7, 9, 24, rows(blue_first), size=12), "A BMP of OS/2.", pixels
    )
    filled = np.dstack([pixels[..., ::-1], np.zeros((9, 7), np.uint8)]).reshape(9, -1)
    yield read(
        "bmp-32bit.bmp", bmp(7, 9, 32, rows(filled)), "A BMP of 32 bits without alpha.", pixels
    )
    yield read(
        "bmp-1x1.bmp",
        bmp(1, 1, 24, rows(blue_first[:1, :3])),
        "A BMP of one pixel.",
        pixels[:1, :1],
    )
    with_gap = bmp(7, 9, 24, bytes(100) + rows(blue_first), start=154)
    yield read("bmp-gap.bmp", with_gap, "A BMP with a gap before its pixels.", pixels)
    yield read(
        "bmp-trailing.bmp",
        bmp(7, 9, 24, rows(blue_first)) + b"text",
        "A BMP with text behind it.",
        pixels,
    )
    yield read("bmp-named.png", bmp(7, 9, 24, rows(blue_first)), "A BMP named .png.", pixels)
    for size in (52, 56, 108, 124):
        data = bmp(7, 9, 24, rows(blue_first), between=bytes(size - 40), size=size)
        yield read(f"bmp-header-{size}.bmp", data, f"A BMP with a header of {size} bytes.", pixels)


def masks() -> Iterator[Case]:
    values = np.random.default_rng(2).integers(0, 65536, (9, 7)).astype("<u2")
    stored = rows(values.view(np.uint8))
    for name, bits, compression in (
        ("555", (0x7C00, 0x3E0, 0x1F), BITFIELDS),
        ("555-unsaid", (0x7C00, 0x3E0, 0x1F), RAW),
        ("565", (0xF800, 0x7E0, 0x1F), BITFIELDS),
        ("444", (0xF00, 0xF0, 0xF), BITFIELDS),
        ("565-bgr", (0x1F, 0x7E0, 0xF800), BITFIELDS),
    ):
        between = struct.pack("<III", *bits) if compression else b""
        yield read(
            f"bmp-16bit-{name}.bmp",
            bmp(7, 9, 16, stored, compression=compression, between=between),
            f"A BMP of 16 bits, {name}.",
            np.dstack([_stretched(values, mask) for mask in bits]),
            1,
        )
    wide = np.random.default_rng(2).integers(0, 1 << 32, (9, 7)).astype("<u4")
    stored = rows(wide.view(np.uint8))
    for name, bits in (
        ("rgba", (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
        ("abgr", (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
        ("rgb-high", (0xFF000000, 0xFF0000, 0xFF00, 0)),
    ):
        between = struct.pack("<IIII", *bits) + bytes(108 - 56)
        yield read(
            f"bmp-32bit-{name}.bmp",
            bmp(7, 9, 32, stored, compression=BITFIELDS, between=between, size=108),
            f"A BMP of 32 bits with masks: {name}.",
            np.dstack([_stretched(wide, mask) for mask in bits if mask]),
        )
    for name, bits in (
        ("zero", (0, 0, 0)),
        ("gaps", (0x5000, 0x3E0, 0x1F)),
        ("all", (0xFFFF,) * 3),
    ):
        yield refused(
            f"bmp-masks-{name}.bmp",
            bmp(7, 9, 16, stored, compression=BITFIELDS, between=struct.pack("<III", *bits)),
            f"A BMP with impossible masks: {name}.",
            "",
        )
    yield either(
        "bmp-masks-overlap.bmp",
        bmp(7, 9, 16, stored, compression=BITFIELDS, between=struct.pack("<III", 0x1F, 0x1F, 0x3E)),
        "A BMP with masks that overlap.",
    )


def _stretched(values: Pixels, mask: int) -> Pixels:
    shift = (mask & -mask).bit_length() - 1
    return np.rint(((values & mask) >> shift) * (255 / (mask >> shift))).astype(np.uint8)


def run_lengths() -> Iterator[Case]:
    entries, shown = palette(256)
    indices = picture(6, 8)
    runs = b"".join(b"".join(bytes([1, index]) for index in row) + b"\0\0" for row in indices[::-1])
    yield read(
        "bmp-rle8.bmp",
        bmp(8, 6, 8, runs + b"\0\1", compression=RLE8, between=entries),
        "A BMP with run lengths.",
        shown[indices],
    )
    absolute = b"".join(b"\0\x08" + row.tobytes() + b"\0\0" for row in indices[::-1])
    yield read(
        "bmp-rle8-absolute.bmp",
        bmp(8, 6, 8, absolute + b"\0\1", compression=RLE8, between=entries),
        "A BMP with runs that are copied.",
        shown[indices],
    )
    few, shown = palette(16)
    low = picture(6, 8, None, 4)
    pairs = b"".join(
        b"".join(bytes([1, index << 4]) for index in row) + b"\0\0" for row in low[::-1]
    )
    yield read(
        "bmp-rle4.bmp",
        bmp(8, 6, 4, pairs + b"\0\1", compression=RLE4, between=few),
        "A BMP of 4 bits with run lengths.",
        shown[low],
    )
    for name, content in (
        ("jump", b"\0\2\3\2" + runs + b"\0\1"),
        ("jump-far", b"\0\2\xff\xff" + runs),
        ("early-end", runs[:20] + b"\0\1"),
        ("too-long-row", b"\xff\x01" * 40 + b"\0\1"),
        ("too-many-rows", b"\0\0" * 50 + b"\0\1"),
        ("no-end", runs),
    ):
        yield either(
            f"bmp-rle8-{name}.bmp",
            bmp(8, 6, 8, content, compression=RLE8, between=entries),
            f"A BMP with damaged run lengths: {name}.",
        )
    yield refused(
        "bmp-rle8-empty.bmp",
        bmp(8, 6, 8, b"", compression=RLE8, between=entries),
        "No run lengths.",
        "",
    )


def damage() -> Iterator[Case]:
    pixels = picture(30, 30, 3)
    stored = rows(pixels.reshape(30, -1))
    good = bmp(30, 30, 24, stored)
    yield from truncations("bmp", "bmp", good)
    for name, width, height in (
        ("width-0", 0, 30),
        ("height-0", 30, 0),
        ("width-negative", -30, 30),
        ("width-max", (1 << 31) - 1, 30),
        ("height-max", 30, (1 << 31) - 1),
        ("height-min", 30, -(1 << 31)),
        ("width-300", 300, 30),
        ("height-300", 30, 300),
        ("bomb", 100_000, 100_000),
    ):
        yield refused(f"bmp-{name}.bmp", bmp(width, height, 24, stored), f"A BMP with {name}.", "")
    for bits in (0, 2, 3, 12, 48, 64, 255):
        yield refused(
            f"bmp-{bits}bits.bmp", bmp(30, 30, bits, stored), f"A BMP of {bits} bits.", ""
        )
    for compression in (4, 5, 7, 11, 99):
        yield refused(
            f"bmp-compression-{compression}.bmp",
            bmp(30, 30, 24, stored, compression=compression),
            f"A BMP of compression {compression}.",
            "",
        )
    for start in (0, 20, 1 << 31):
        yield refused(
            f"bmp-start-{start}.bmp",
            bmp(30, 30, 24, stored, start=start),
            f"Pixels at byte {start}.",
            "",
        )
    for size in (0, 13, 41, 1 << 31):
        yield refused(
            f"bmp-header-{size}.bmp",
            bmp(30, 30, 24, stored, size=size),
            f"A header of {size} bytes.",
            "",
        )
    yield either("bmp-planes-0.bmp", bmp(30, 30, 24, stored, planes=0), "A BMP of no planes.")
    yield either("bmp-planes-3.bmp", bmp(30, 30, 24, stored, planes=3), "A BMP of three planes.")
    yield refused("bmp-magic-only.bmp", b"BM", "The first two bytes of a BMP.", "")
