"""Odd WebP files: lossy and lossless, alpha, animations, chunks, and damage."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.odd.files.case import (
    Case,
    by_pillow,
    either,
    exif,
    picture,
    profile,
    read,
    refused,
    smooth,
    truncations,
    upright,
)

LOSSY = 25
"""Levels by which a lossy file may differ: its colours are stored at half the size."""


def chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def extended(flags: int, width: int, height: int) -> bytes:
    sides = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    return chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides)


def cases() -> Iterator[Case]:
    ramp, pixels = smooth(), picture(9, 8, 3)
    grey = np.stack([smooth(channels=None)] * 3, axis=-1)
    lossless = by_pillow(pixels, "WEBP", lossless=True)
    lossy = by_pillow(ramp, "WEBP", quality=95)
    yield read("webp-lossless.webp", lossless, "A lossless WebP.", pixels)
    yield read("webp-lossy.webp", lossy, "A lossy WebP.", ramp, LOSSY)
    yield read(
        "webp-grey.webp",
        by_pillow(grey, "WEBP", quality=95),
        "A grey WebP: the format has RGB only.",
        grey,
        LOSSY,
    )
    colours = picture(9, 8, 4)
    yield read(
        "webp-lossless-alpha.webp",
        by_pillow(colours, "WEBP", lossless=True, exact=True),
        "A lossless WebP with alpha.",
        colours,
    )
    faded = np.dstack([ramp, 100 + ramp[..., :1] // 2])
    yield read(
        "webp-lossy-alpha.webp",
        by_pillow(faded, "WEBP", quality=95),
        "A lossy WebP with alpha.",
        faded,
        LOSSY,
    )
    yield read(
        "webp-1x1.webp",
        by_pillow(pixels[:1, :1], "WEBP", lossless=True),
        "A WebP of one pixel.",
        pixels[:1, :1],
    )
    for orientation in range(1, 9):
        yield read(
            f"webp-exif-{orientation}.webp",
            by_pillow(pixels, "WEBP", lossless=True, exif=exif(orientation)),
            f"A WebP with EXIF orientation {orientation}.",
            upright(pixels, orientation),
        )
    for name, content in (
        ("rgb", profile()),
        ("cmyk", profile(b"CMYK")),
        ("noise", bytes(99)),
        ("large", profile(size=500_000)),
    ):
        yield read(
            f"webp-icc-{name}.webp",
            by_pillow(pixels, "WEBP", lossless=True, icc_profile=content),
            f"A WebP with a profile: {name}.",
            pixels,
        )
    for name, block in (("zero", exif(0)), ("cut", exif(6)[:11]), ("noise", bytes(range(50)))):
        yield read(
            f"webp-exif-bad-{name}.webp",
            by_pillow(pixels, "WEBP", lossless=True, exif=block),
            f"A WebP whose EXIF says nothing: {name}.",
            pixels,
        )
    frames = [Image.fromarray(picture(9, 8, 3, seed=i)) for i in range(3)]
    moving = by_pillow(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    yield refused("webp-animated.webp", moving, "An animated WebP.", "animation")
    yield from damage(lossless, lossy)


def damage(lossless: bytes, lossy: bytes) -> Iterator[Case]:
    large = by_pillow(picture(60, 60, 3), "WEBP", lossless=True)
    yield from truncations("webp", "webp", large)
    yield from truncations("webp-lossy", "webp", by_pillow(picture(60, 60, 3), "WEBP", quality=90))
    body = lossless[12:]
    yield refused(
        "webp-not-webp.webp",
        b"RIFF" + lossless[4:8] + b"WAVE" + body,
        "A sound file's header.",
        "not an image",
    )
    yield refused("webp-no-chunks.webp", riff(), "A WebP without chunks.", "")
    yield refused("webp-empty-pixels.webp", riff(chunk(b"VP8L", b"")), "An empty VP8L chunk.", "")
    yield refused(
        "webp-zero-pixels.webp", riff(chunk(b"VP8L", bytes(50))), "A VP8L chunk of zeros.", ""
    )
    yield refused(
        "webp-zero-lossy.webp", riff(chunk(b"VP8 ", bytes(50))), "A VP8 chunk of zeros.", ""
    )
    huge = riff(extended(0, 1 << 24, 1 << 24), body)
    yield refused("webp-canvas-huge.webp", huge, "A canvas of 2^48 pixels.", "16,777,216")
    yield refused(
        "webp-canvas-differs.webp", riff(extended(0, 80, 90), body), "A canvas of another size.", ""
    )
    yield refused("webp-only-canvas.webp", riff(extended(0, 8, 9)), "A header without pixels.", "")
    yield refused(
        "webp-animation-flag.webp",
        riff(extended(2, 8, 9), body),
        "The flag of an animation.",
        "animation",
    )
    signature = bytearray(lossless)
    signature[20] ^= 255
    yield refused(
        "webp-bad-signature.webp", bytes(signature), "A VP8L chunk with a wrong signature.", ""
    )
    start = bytearray(lossy)
    start[23] ^= 255
    yield refused(
        "webp-bad-start-code.webp", bytes(start), "A VP8 chunk with a wrong start code.", ""
    )
    noise = np.random.default_rng(1).integers(0, 256, 300).astype(np.uint8).tobytes()
    yield either(
        "webp-noise-inside.webp", large[:200] + noise + large[500:], "A WebP with noise inside."
    )
    yield read(
        "webp-trailing.webp",
        lossless + b"text",
        "A WebP with bytes behind its end.",
        picture(9, 8, 3),
    )
    yield either(
        "webp-riff-size-0.webp", lossless[:4] + bytes(4) + lossless[8:], "A file size of 0."
    )
    yield either(
        "webp-riff-size-huge.webp",
        lossless[:4] + b"\xff" * 4 + lossless[8:],
        "A file size of 4 GB.",
    )
    yield read(
        "webp-unknown-chunk.webp",
        riff(extended(0, 8, 9), body, chunk(b"ABCD", b"hello")),
        "An unknown chunk.",
        picture(9, 8, 3),
    )
    yield read("webp-named.jpg", lossless, "A WebP named .jpg.", picture(9, 8, 3))
