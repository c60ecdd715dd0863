"""Odd JPEG files: kinds of coding and colour, markers, orientations, profiles, damage."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.odd.files.case import (
    Case,
    Pixels,
    by_pillow,
    either,
    exif,
    profile,
    read,
    refused,
    smooth,
    truncations,
    upright,
)

CLOSE = 12
"""Levels by which a JPEG of slow ramps may differ from them."""


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def insert(data: bytes, *segments: bytes) -> bytes:
    """Insert segments behind the start of a file."""
    return data[:2] + b"".join(segments) + data[2:]


def frame(data: bytes) -> int:
    """Return where the frame header begins, at its marker."""
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def scan(data: bytes) -> int:
    """Return where the first compressed pixels begin."""
    at = data.index(b"\xff\xda")
    return at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")


def patched(data: bytes, at: int, content: bytes) -> bytes:
    return data[:at] + content + data[at + len(content) :]


def cases() -> Iterator[Case]:
    yield from kinds()
    yield from orientations()
    yield from profiles()
    yield from headers()
    yield from damage()
    yield from harmless()


def kinds() -> Iterator[Case]:
    colour, grey = smooth(), smooth(channels=None)
    for name, pixels, settings in (
        ("grey", grey, {}),
        ("grey-progressive", grey, {"progressive": True}),
        ("baseline", colour, {}),
        ("progressive", colour, {"progressive": True}),
        ("optimised", colour, {"optimize": True}),
        ("444", colour, {"subsampling": 0}),
        ("422", colour, {"subsampling": 1}),
        ("420", colour, {"subsampling": 2}),
        ("411", colour, {"subsampling": "4:1:1"}),
        ("rgb-kept", colour, {"keep_rgb": True}),
        ("restarts", colour, {"restart_marker_blocks": 1}),
        ("quality-100", colour, {"quality": 100}),
        ("own-tables", colour, {"qtables": {0: [2 + i // 9 for i in range(64)]}}),
    ):
        data = by_pillow(pixels, "JPEG", **{"quality": 97, **settings})
        yield read(f"jpeg-{name}.jpg", data, f"A JPEG: {name}.", pixels, CLOSE)
    yield read(
        "jpeg-1x1.jpeg",
        by_pillow(colour[:1, :1], "JPEG"),
        "A JPEG of one pixel.",
        colour[:1, :1],
        CLOSE,
    )
    yield from inks()


def inks() -> Iterator[Case]:
    image = Image.fromarray(smooth()).convert("CMYK")
    expected = np.array(image.convert("RGB"))
    adobe = by_pillow(image, "JPEG", quality=97)
    yield read("jpeg-cmyk.jpg", adobe, "A CMYK JPEG as Adobe writes it, inverted.", expected, CLOSE)
    yield read(
        "jpeg-cmyk-profile.jpg",
        by_pillow(image, "JPEG", quality=97, icc_profile=profile(b"CMYK")),
        "A CMYK JPEG with a profile that has no tables: colours are converted plainly.",
        expected,
        CLOSE,
    )
    ycck = adobe.index(b"Adobe") + 11
    data = patched(adobe, ycck, b"\2")
    shown = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
    yield read("jpeg-ycck.jpg", data, "The same with the Adobe marker of YCCK.", shown, CLOSE)
    at = adobe.index(b"\xff\xee")
    plain = adobe[:at] + adobe[at + 16 :]
    shown = np.array(Image.open(io.BytesIO(plain)).convert("RGB"))
    yield read(
        "jpeg-cmyk-without-adobe.jpg", plain, "A CMYK JPEG without an Adobe marker.", shown, CLOSE
    )
    kept = by_pillow(smooth(), "JPEG", quality=97, keep_rgb=True)
    for transform in (0, 1, 9):
        marker = segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))
        base = kept if transform == 0 else by_pillow(smooth(), "JPEG", quality=97)
        yield read(
            f"jpeg-adobe-transform-{transform}.jpg",
            insert(base, marker),
            f"A JPEG with an Adobe marker of transform {transform}.",
            np.array(Image.open(io.BytesIO(insert(base, marker))).convert("RGB")),
            CLOSE,
        )


def orientations() -> Iterator[Case]:
    pixels = smooth()
    data = by_pillow(pixels, "JPEG", quality=97)

    def tagged(block: bytes) -> bytes:
        return insert(data, segment(0xE1, b"Exif\0\0" + block))

    for orientation in range(1, 9):
        for order in ("II", "MM"):
            yield read(
                f"jpeg-exif-{orientation}-{order}.jpg",
                tagged(exif(orientation, order=order)),
                f"A JPEG with EXIF orientation {orientation}, byte order {order}.",
                upright(pixels, orientation),
                CLOSE,
            )
    for kind in (4, 8, 9):
        yield read(
            f"jpeg-exif-type-{kind}.jpg",
            tagged(exif(6, kind)),
            f"A JPEG with its orientation stored as TIFF type {kind}.",
            upright(pixels, 6),
            CLOSE,
        )
    for name, block in (
        ("zero", exif(0)),
        ("nine", exif(9)),
        ("65535", exif(65535)),
        ("cut", exif(6)[:12]),
        ("empty", b""),
        ("noise", bytes(range(99))),
        ("byte-type", exif(6, 1)),
        ("text-type", exif(6, 2)),
        ("fraction-type", exif(6, 5)),
        ("float-type", exif(6, 11)),
        ("unknown-type", exif(6, 77)),
        ("loop", b"II*\0\x08\0\0\0\0\0\x08\0\0\0"),
        ("many-tags", b"II*\0\x08\0\0\0\xff\xff" + bytes(40)),
    ):
        yield read(
            f"jpeg-exif-bad-{name}.jpg",
            tagged(block),
            f"EXIF that says nothing: {name}.",
            pixels,
            CLOSE,
        )
    twice = insert(data, *(segment(0xE1, b"Exif\0\0" + exif(value)) for value in (6, 3)))
    yield either("jpeg-exif-twice.jpg", twice, "A JPEG with two EXIF blocks that differ.")


def profiles() -> Iterator[Case]:
    for name, content in (
        ("rgb", profile()),
        ("grey", profile(b"GRAY")),
        ("cmyk", profile(b"CMYK")),
        ("lab", profile(b"Lab ")),
        ("cut", profile()[:50]),
        ("noise", bytes(range(200))),
        ("large", profile(size=300_000)),
        ("huge", profile(size=5_000_000)),
    ):
        for mode, pixels in (("colour", smooth()), ("grey", smooth(channels=None))):
            data = by_pillow(pixels, "JPEG", quality=97, icc_profile=content)
            yield read(
                f"jpeg-icc-{name}-{mode}.jpg",
                data,
                f"A JPEG in {mode} with a profile: {name}.",
                pixels,
                CLOSE,
            )
    data = by_pillow(smooth(), "JPEG", quality=97)
    piece = b"ICC_PROFILE\0\2\3" + profile()
    yield read(
        "jpeg-icc-parts-missing.jpg",
        insert(data, segment(0xE2, piece)),
        "A JPEG with the second of three parts of a profile.",
        smooth(),
        CLOSE,
    )


def headers() -> Iterator[Case]:
    data = by_pillow(smooth(), "JPEG", quality=97)
    at = frame(data)
    for name, offset, content, words in (
        ("width-0", 7, b"\0\0", ""),
        ("height-0", 5, b"\0\0", ""),
        ("height-1000", 5, b"\x03\xe8", ""),
        ("sides-65535", 5, b"\xff\xff\xff\xff", "65,535×65,535"),
        ("12-bit", 4, b"\x0c", "12 bits"),
        ("16-bit", 4, b"\x10", "16 bits"),
        ("precision-0", 4, b"\0", ""),
        ("components-2", 9, b"\2", ""),
        ("components-0", 9, b"\0", ""),
        ("components-255", 9, b"\xff", ""),
        ("sampling-0", 11, b"\0", ""),
        ("sampling-15", 11, b"\xff", ""),
        ("table-9", 12, b"\x09", ""),
    ):
        yield refused(
            f"jpeg-{name}.jpg",
            patched(data, at + offset, content),
            f"A JPEG header: {name}.",
            words,
        )
    for marker, name in (
        (0xC3, "lossless"),
        (0xC5, "hierarchical"),
        (0xC7, "hierarchical-lossless"),
        (0xCB, "arithmetic-lossless"),
        (0xF7, "jpeg-ls"),
    ):
        yield refused(
            f"jpeg-{name}.jpg",
            patched(data, at + 1, bytes([marker])),
            f"The frame of a JPEG: {name}.",
            "",
        )
    yield either(
        "jpeg-arithmetic.jpg", patched(data, at + 1, b"\xc9"), "Huffman data said to be arithmetic."
    )
    yield either(
        "jpeg-as-progressive.jpg",
        patched(data, at + 1, b"\xc2"),
        "A baseline scan in a progressive frame.",
    )


def damage() -> Iterator[Case]:
    pixels = np.random.default_rng(3).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    data = by_pillow(pixels, "JPEG", quality=90)
    yield from truncations("jpeg", "jpg", data)
    yield from truncations("jpeg-progressive", "jpg", by_pillow(pixels, "JPEG", progressive=True))
    start = scan(data)
    yield refused(
        "jpeg-no-pixels.jpg", data[:start] + b"\xff\xd9", "A JPEG with an empty scan.", "truncated"
    )
    yield refused(
        "jpeg-half-then-end.jpg",
        data[: start + (len(data) - start) // 2] + b"\xff\xd9",
        "Half of a JPEG, with an end.",
        "truncated",
    )
    yield refused("jpeg-only-start.jpg", b"\xff\xd8", "The first two bytes of a JPEG.", "")
    yield refused("jpeg-start-end.jpg", b"\xff\xd8\xff\xd9", "A start and an end.", "")
    yield refused("jpeg-start-zeros.jpg", b"\xff\xd8" + bytes(500), "A start and zeros.", "")
    for name, marker in (("quantisation", b"\xff\xdb"), ("huffman", b"\xff\xc4")):
        at = data.index(marker)
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield either(
            f"jpeg-without-{name}.jpg",
            data[:at] + data[at + 2 + length :],
            f"A JPEG without a {name} table.",
        )
    at = data.index(b"\xff\xdb")
    yield refused(
        "jpeg-segment-too-long.jpg",
        patched(data, at + 2, b"\xff\xff"),
        "A table longer than the file.",
        "",
    )
    yield refused(
        "jpeg-segment-length-0.jpg", patched(data, at + 2, b"\0\0"), "A table of length 0.", ""
    )
    for count in (1, 30, 400):
        noise = np.random.default_rng(count).integers(0, 255, count).astype(np.uint8)
        yield either(
            f"jpeg-pixels-noise-{count}.jpg",
            patched(data, start + 100, noise.tobytes()),
            f"A JPEG with {count} random bytes among its pixels.",
        )
    yield either(
        "jpeg-pixels-zeroed.jpg", patched(data, start + 100, bytes(600)), "Zeros among the pixels."
    )


def harmless() -> Iterator[Case]:
    pixels = smooth()
    data = by_pillow(pixels, "JPEG", quality=97)
    for name, content in (
        ("trailing-zeros", data + bytes(999)),
        ("trailing-text", data + b"text of a camera"),
        ("trailing-image", data + data),
        ("then-zip", data + b"PK\x05\x06" + bytes(18)),
        ("comment", insert(data, segment(0xFE, b"caf\xe9 \x1b[2J\n"))),
        ("fill-bytes", data[:2] + b"\xff\xff\xff" + data[2:]),
        ("unknown-segments", insert(data, *(segment(0xE0 + i, bytes(40)) for i in range(3, 13)))),
        ("jfif-bad-density", insert(data, segment(0xE0, b"JFIF\0\1\1\1\0\0\0\0\0\0"))),
        ("photoshop-cut", insert(data, segment(0xED, b"Photoshop 3.0\08BIM\4\4\0\0\0\0\xff\xff"))),
        ("xmp", insert(data, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta"))),
    ):
        yield read(f"jpeg-{name}.jpg", content, f"A JPEG with {name}.", pixels, CLOSE)
    yield read("jpeg-named.png", data, "A JPEG named .png.", pixels, CLOSE)
    yield read("jpeg-named.bmp", data, "A JPEG named .bmp.", pixels, CLOSE)
    second: Pixels = pixels[::-1]
    multi = by_pillow(
        pixels, "MPO", quality=97, save_all=True, append_images=[Image.fromarray(second)]
    )
    yield read(
        "jpeg-multi-picture.jpg",
        multi,
        "A multi-picture file; its first one counts.",
        pixels,
        CLOSE,
    )
