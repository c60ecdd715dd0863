"""Odd PNG files: every kind of pixels, written chunk by chunk, and damage to every part."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.odd.files.case import (
    Case,
    Pixels,
    by_pillow,
    either,
    exif,
    picture,
    profile,
    read,
    refused,
    truncations,
    upright,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = (b"IEND", b"")
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
HUGE = (0, 1 << 31, (1 << 31) - 1, (1 << 32) - 1)
PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))  # fmt: skip
"""Adam7's passes: first row, first column, steps of rows and columns."""


def chunk(kind: bytes, content: bytes, check: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + content) if check is None else check
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def header(width: int, height: int, depth: int, colour: int, interlace: int = 0) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)


def rows(pixels: Pixels, depth: int) -> bytes:
    """Return the rows of pixels, packed to `depth` bits, each with filter 0."""
    flat = pixels.reshape(pixels.shape[0], -1)
    if depth == 16:
        packed = flat.astype(">u2").view(np.uint8).reshape(len(flat), -1)
    elif depth == 8:
        packed = flat.astype(np.uint8)
    else:
        bits = np.unpackbits(flat.astype(np.uint8)[..., None], axis=2)[..., 8 - depth :]
        packed = np.packbits(bits.reshape(len(flat), -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)


def png(
    pixels: Pixels,
    depth: int,
    colour: int,
    before: tuple[tuple[bytes, bytes], ...] = (),
    *,
    interlace: bool = False,
    after: tuple[tuple[bytes, bytes], ...] = (),
) -> bytes:
    """Write a PNG file of stored values, with chunks before and after the pixels."""
    height, width = pixels.shape[:2]
    if interlace:
        raw = b"".join(
            rows(part, depth) for y, x, dy, dx in PASSES if (part := pixels[y::dy, x::dx]).size
        )
    else:
        raw = rows(pixels, depth)
    chunks = [
        (b"IHDR", header(width, height, depth, colour, int(interlace))),
        *before,
        (b"IDAT", zlib.compress(raw)),
        *after,
        END,
    ]
    return SIGNATURE + b"".join(chunk(*each) for each in chunks)


def stretched(values: Pixels, depth: int) -> Pixels:
    """Stretch values of fewer than 8 bits to 0 … 255."""
    if depth >= 8:
        return values
    return np.rint(values * (255 / ((1 << depth) - 1))).astype(np.uint8)


def palette(count: int) -> bytes:
    return bytes(
        level
        for i in range(count)
        for level in (i * 37 % 256, (i * 91 + 10) % 256, (255 - i * 3) % 256)
    )


def shown(indices: Pixels, entries: bytes, alpha: bytes | None = None) -> Pixels:
    colours = np.frombuffer(entries, np.uint8).reshape(-1, 3)
    if alpha is None:
        return colours[indices]
    levels = np.frombuffer(alpha.ljust(len(colours), b"\xff"), np.uint8)
    return np.concatenate([colours, levels[:, None]], axis=1)[indices]


def cases() -> Iterator[Case]:
    yield from kinds()
    yield from transparency()
    yield from orientations()
    yield from profiles()
    yield from headers()
    yield from damage()
    yield from harmless()
    yield from animations()


def kinds() -> Iterator[Case]:
    for colour, depths in (
        (GREY, (1, 2, 4, 8, 16)),
        (RGB, (8, 16)),
        (GREY_ALPHA, (8, 16)),
        (RGBA, (8, 16)),
    ):
        for depth in depths:
            for interlace in (False, True):
                channels = CHANNELS[colour]
                pixels = picture(11, 13, channels if channels > 1 else None, depth)
                kind = f"colour{colour}-{depth}bit" + "-interlaced" * interlace
                yield read(
                    f"png-{kind}.png",
                    png(pixels, depth, colour, interlace=interlace),
                    f"A PNG of colour type {colour} with {depth} bits.",
                    stretched(pixels, depth),
                )
    for depth in (1, 2, 4, 8):
        entries = palette(1 << depth)
        indices = picture(9, 14, None, depth)
        for interlace in (False, True):
            yield read(
                f"png-palette-{depth}bit{'-interlaced' * interlace}.png",
                png(indices, depth, PALETTE, ((b"PLTE", entries),), interlace=interlace),
                f"A PNG with a palette of {1 << depth} colours.",
                shown(indices, entries),
            )
    for side in ((1, 1), (1, 40), (40, 1), (3, 2)):
        pixels = picture(*side, 3)
        yield read(
            f"png-size-{side[1]}x{side[0]}.png",
            png(pixels, 8, RGB, interlace=min(side) > 1),
            "A very small PNG.",
            pixels,
        )


def transparency() -> Iterator[Case]:
    for depth in (1, 2, 4, 8, 16):
        pixels = picture(8, 9, None, depth)
        level = int(pixels[3, 3])
        white = 65535 if depth == 16 else 255
        alpha = np.where(pixels == level, 0, white).astype(np.uint16 if depth == 16 else np.uint8)
        yield read(
            f"png-grey-{depth}bit-transparent-level.png",
            png(pixels, depth, GREY, ((b"tRNS", struct.pack(">H", level)),)),
            f"A grey PNG of {depth} bits that declares one level transparent.",
            np.dstack([stretched(pixels, depth), alpha]),
        )
    for depth in (8, 16):
        pixels = picture(8, 9, 3, depth)
        pixels[2:4, 2:5] = pixels[0, 0]
        colour = struct.pack(">HHH", *map(int, pixels[0, 0]))
        match = (pixels == pixels[0, 0]).all(axis=2)
        alpha = np.where(match, 0, 65535 if depth == 16 else 255).astype(pixels.dtype)
        yield read(
            f"png-rgb-{depth}bit-transparent-colour.png",
            png(pixels, depth, RGB, ((b"tRNS", colour),)),
            f"An RGB PNG of {depth} bits that declares one colour transparent.",
            np.dstack([pixels, alpha]),
        )
    for name, alpha_bytes in (
        ("partial", bytes([0, 128, 200])),
        ("one", b"\0"),
        ("opaque", b"\xff" * 16),
    ):
        entries, indices = palette(16), picture(8, 9, None, 4)
        yield read(
            f"png-palette-alpha-{name}.png",
            png(indices, 4, PALETTE, ((b"PLTE", entries), (b"tRNS", alpha_bytes))),
            "A PNG whose palette has alpha.",
            shown(indices, entries, alpha_bytes),
        )
    indices = picture(8, 9, None, 4)
    yield either(
        "png-palette-short.png",
        png(indices, 4, PALETTE, ((b"PLTE", palette(3)),)),
        "A PNG with indexes beyond its palette of 3 colours.",
    )
    yield refused(
        "png-palette-missing.png", png(indices, 4, PALETTE), "A palette PNG without a palette.", ""
    )
    yield either(
        "png-palette-odd-length.png",
        png(indices, 4, PALETTE, ((b"PLTE", palette(16)[:-1]),)),
        "A palette of 47 bytes, which is not whole colours.",
    )
    yield either(
        "png-palette-alpha-too-long.png",
        png(indices, 4, PALETTE, ((b"PLTE", palette(4)), (b"tRNS", b"\x80" * 9))),
        "More levels of alpha than colours.",
    )
    yield either(
        "png-transparent-level-short.png",
        png(picture(8, 9), 8, GREY, ((b"tRNS", b"\0"),)),
        "A tRNS chunk of one byte in a grey PNG.",
    )


def orientations() -> Iterator[Case]:
    stored = picture(7, 10, 3)
    for orientation in range(1, 9):
        yield read(
            f"png-exif-{orientation}.png",
            png(stored, 8, RGB, ((b"eXIf", exif(orientation)),)),
            f"A PNG with EXIF orientation {orientation}.",
            upright(stored, orientation),
        )
    yield read(
        "png-exif-after-pixels.png",
        png(stored, 8, RGB, after=((b"eXIf", exif(6)),)),
        "A PNG with its EXIF chunk behind the pixels.",
        upright(stored, 6),
    )
    yield read(
        "png-exif-rgba16.png",
        png(picture(7, 10, 4, 16), 16, RGBA, ((b"eXIf", exif(8, order="MM")),)),
        "RGBA of 16 bits with EXIF orientation 8, big-endian.",
        upright(picture(7, 10, 4, 16), 8),
    )
    broken = {
        "zero": exif(0),
        "nine": exif(9),
        "empty": b"",
        "cut": exif(6)[:13],
        "noise": bytes(range(64)),
        "offset": b"II*\0" + struct.pack("<I", 1 << 30),
        "text-type": exif(6, kind=2),
        "unknown-type": exif(6, kind=99),
    }
    for name, block in broken.items():
        yield read(
            f"png-exif-bad-{name}.png",
            png(stored, 8, RGB, ((b"eXIf", block),)),
            f"A PNG whose EXIF block says nothing ({name}).",
            stored,
        )


def profiles() -> Iterator[Case]:
    for name, content in (
        ("rgb", profile()),
        ("grey", profile(b"GRAY")),
        ("cmyk", profile(b"CMYK")),
        ("cut", profile()[:90]),
        ("noise", bytes(range(200))),
        ("empty", b""),
        ("large", profile(size=2_000_000)),
    ):
        for colour, pixels in ((RGB, picture(8, 9, 3)), (GREY, picture(8, 9))):
            yield read(
                f"png-icc-{name}-colour{colour}.png",
                png(pixels, 8, colour, ((b"iCCP", b"x\0\0" + zlib.compress(content)),)),
                f"A PNG of colour type {colour} with a profile: {name}.",
                pixels,
            )
    for name, content in (
        ("not-deflate", b"x\0\0abc"),
        ("no-name", b"\0\0"),
        ("bomb", b"x\0\0" + zlib.compress(bytes(200_000_000), 9)),
    ):
        yield either(
            f"png-icc-{name}.png",
            png(picture(8, 9, 3), 8, RGB, ((b"iCCP", content),)),
            f"A PNG with a damaged profile chunk: {name}.",
        )


def headers() -> Iterator[Case]:
    body = chunk(b"IDAT", zlib.compress(rows(picture(8, 9, 3), 8))) + chunk(*END)
    for width in HUGE:
        for side in ("width", "height"):
            sides = (width, 8) if side == "width" else (9, width)
            yield refused(
                f"png-{side}-{width}.png",
                SIGNATURE + chunk(b"IHDR", header(*sides, 8, RGB)) + body,
                f"A PNG whose header says {side} {width}.",
                "",
            )
    yield refused(
        "png-bomb-100000x100000.png",
        SIGNATURE + chunk(b"IHDR", header(100_000, 100_000, 8, RGB)) + body,
        "A small PNG that says it has ten thousand million pixels.",
        "100,000×100,000",
    )
    yield refused(
        "png-taller-than-data.png",
        SIGNATURE + chunk(b"IHDR", header(9, 80, 8, RGB)) + body,
        "A PNG with pixels for a tenth of its height.",
        "",
    )
    for name, fields in (
        ("depth-3", (9, 8, 3, RGB)),
        ("depth-0", (9, 8, 0, RGB)),
        ("depth-32", (9, 8, 32, GREY)),
        ("rgb-4bit", (9, 8, 4, RGB)),
        ("colour-1", (9, 8, 8, 1)),
        ("colour-7", (9, 8, 8, 7)),
        ("interlace-9", (9, 8, 8, RGB, 9)),
    ):
        yield refused(
            f"png-{name}.png",
            SIGNATURE + chunk(b"IHDR", header(*fields)) + body,
            f"A PNG with an impossible header: {name}.",
            "",
        )
    right = header(9, 8, 8, RGB)
    for name, first in (
        ("header-crc", chunk(b"IHDR", right, 1)),
        ("header-short", chunk(b"IHDR", right[:9])),
        ("header-missing", b""),
        ("compression-1", chunk(b"IHDR", right[:10] + b"\1" + right[11:])),
    ):
        yield refused(
            f"png-{name}.png", SIGNATURE + first + body, f"A PNG with a bad header: {name}.", ""
        )


def damage() -> Iterator[Case]:
    good = png(picture(30, 30, 3), 8, RGB)
    yield from truncations("png", "png", good)
    at = good.index(b"IDAT")
    for name, content in (
        ("pixels-flipped-bit", good[: at + 40] + bytes([good[at + 40] ^ 4]) + good[at + 41 :]),
        ("pixels-zeroed", good[: at + 40] + bytes(200) + good[at + 240 :]),
        ("no-end", good[:-12]),
        ("no-pixels", SIGNATURE + chunk(b"IHDR", header(9, 8, 8, RGB)) + chunk(*END)),
        ("signature-cr", good.replace(b"\r\n", b"\n", 1)),
        ("signature-high-bit", b"\x09" + good[1:]),
        ("ihdr-twice-missing-end", good[:33] + good[8:33]),
    ):
        yield refused(f"png-{name}.png", content, f"A damaged PNG: {name}.", "")
    pixels = picture(6, 5, 3)
    raw = bytearray(rows(pixels, 8))
    raw[0] = 9
    ihdr = SIGNATURE + chunk(b"IHDR", header(5, 6, 8, RGB))
    yield either(
        "png-filter-9.png",
        ihdr + chunk(b"IDAT", zlib.compress(bytes(raw))) + chunk(*END),
        "A row with filter 9.",
    )
    yield refused(
        "png-empty-stream.png", ihdr + chunk(b"IDAT", b"") + chunk(*END), "An empty IDAT chunk.", ""
    )
    yield refused(
        "png-not-deflate.png",
        ihdr + chunk(b"IDAT", b"hello" * 9) + chunk(*END),
        "Pixels that are not deflated.",
        "",
    )
    yield refused(
        "png-length-too-long.png",
        ihdr + struct.pack(">I", 1 << 30) + b"IDAT" + bytes(50),
        "A chunk that says it is longer than the file.",
        "",
    )


def harmless() -> Iterator[Case]:
    pixels = picture(8, 9, 3)
    good = png(pixels, 8, RGB)
    yield read(
        "png-trailing-zeros.png", good + bytes(1000), "A PNG with zeros behind its end.", pixels
    )
    yield read(
        "png-trailing-text.png",
        good + b"appended by a camera",
        "A PNG with text behind its end.",
        pixels,
    )
    yield read(
        "png-then-zip.png",
        good + b"PK\x05\x06" + bytes(18),
        "A PNG that is a ZIP file too.",
        pixels,
    )
    yield read("png-named.jpg", good, "A PNG named .jpg.", pixels)
    yield read("png-named.tif", good, "A PNG named .tif.", pixels)
    whole = rows(pixels, 8)
    packed = zlib.compress(whole)
    split = b"".join(chunk(b"IDAT", bytes([byte])) for byte in packed)
    yield read(
        "png-one-byte-chunks.png",
        SIGNATURE + chunk(b"IHDR", header(9, 8, 8, RGB)) + split + chunk(*END),
        "A PNG with an IDAT chunk per byte.",
        pixels,
    )
    for name, extra in (
        ("gamma", (b"gAMA", struct.pack(">I", 100_000))),
        ("srgb", (b"sRGB", b"\0")),
        ("background", (b"bKGD", struct.pack(">HHH", 1, 2, 3))),
        ("text", (b"tEXt", b"Comment\0hello")),
        ("text-latin", (b"tEXt", b"Title\0caf\xe9\x1b[31m")),
        ("unknown-chunk", (b"prVt", b"secret")),
        ("physical", (b"pHYs", struct.pack(">IIB", 0, 0, 9))),
        ("time", (b"tIME", b"\xff" * 7)),
        ("significant-bits", (b"sBIT", b"\5\6\5")),
        ("palette-suggested", (b"PLTE", palette(8))),
    ):
        yield read(
            f"png-with-{name}.png",
            png(pixels, 8, RGB, (extra,)),
            f"A PNG with a {name} chunk.",
            pixels,
        )
    text = zlib.compress(bytes(100_000_000), 9)
    yield either(
        "png-text-bomb.png",
        png(pixels, 8, RGB, ((b"zTXt", b"a\0\0" + text),)),
        "A compressed text of 100 MB.",
    )


def animations() -> Iterator[Case]:
    frames = [Image.fromarray(picture(8, 9, 3, seed=i)) for i in range(3)]
    data = by_pillow(frames[0], "PNG", save_all=True, append_images=frames[1:])
    yield refused("png-animated.png", data, "An animated PNG of three frames.", "animation")
