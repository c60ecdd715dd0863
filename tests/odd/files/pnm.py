"""Odd PBM, PGM and PPM files: largest values, text, comments, headers, damage."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.odd.files.case import Case, Pixels, picture, read, refused, truncations

LARGEST = (1, 3, 15, 100, 254, 255, 256, 1023, 4095, 32768, 65534, 65535)


def binary(pixels: Pixels, largest: int) -> bytes:
    kind = b"P6" if pixels.ndim == 3 else b"P5"
    stored = pixels.astype(np.uint8 if largest < 256 else ">u2")
    return kind + b"\n%d %d\n%d\n" % (pixels.shape[1], pixels.shape[0], largest) + stored.tobytes()


def text(pixels: Pixels, largest: int, end: bytes = b"\n") -> bytes:
    kind = b"P3" if pixels.ndim == 3 else b"P2"
    numbers = b" ".join(b"%d" % value for value in pixels.ravel())
    return kind + b"\n%d %d\n%d\n" % (pixels.shape[1], pixels.shape[0], largest) + numbers + end


def stretched(values: Pixels, largest: int) -> Pixels:
    white, dtype = (255, np.uint8) if largest < 256 else (65535, np.uint16)
    return np.rint(values.astype(float) * white / largest).astype(dtype)


def cases() -> Iterator[Case]:
    for largest in LARGEST:
        for channels in (None, 3):
            shape = (7, 9) if channels is None else (7, 9, channels)
            values = np.random.default_rng(largest).integers(0, largest + 1, shape)
            suffix = "ppm" if channels else "pgm"
            for name, data in (
                ("binary", binary(values, largest)),
                ("text", text(values, largest)),
            ):
                yield read(
                    f"pnm-{name}-{largest}.{suffix}",
                    data,
                    f"A {suffix.upper()} file, {name}, with largest value {largest}.",
                    stretched(values, largest),
                    1,
                )
    yield from bitmaps()
    yield from headers()
    yield from damage()


def bitmaps() -> Iterator[Case]:
    bits = picture(7, 11, None, 1)
    shown = (1 - bits) * np.uint8(255)
    stored = np.packbits(bits, axis=1).tobytes()
    yield read("pnm-bitmap.pgm", b"P4\n11 7\n" + stored, "A PBM file: 1 is black.", shown)
    digits = b"".join(b"%d" % bit for bit in bits.ravel())
    yield read(
        "pnm-bitmap-text.pgm", b"P1\n11 7\n" + digits, "A PBM file as text without spaces.", shown
    )


def headers() -> Iterator[Case]:
    values = picture(7, 9)
    stored = values.tobytes()
    for name, head in (
        ("comment", b"P5\n# made by hand\n9 7\n255\n"),
        ("comments", b"P5 # a\n9 # b\n7 # c\n255\n"),
        ("spaces", b"P5   9\t7\r\n255\n"),
        ("tabs", b"P5\t9\t7\t255\t"),
        ("leading-zeros", b"P5\n0009 007\n00255\n"),
    ):
        yield read(f"pnm-header-{name}.pgm", head + stored, f"A PGM header with {name}.", values)
    yield read(
        "pnm-no-final-newline.pgm",
        text(values, 255, b""),
        "A text PGM without its last newline.",
        values,
    )
    yield read(
        "pnm-trailing.pgm", binary(values, 255) + b"text", "A PGM with text behind it.", values
    )
    yield read("pnm-named.png", binary(values, 255), "A PGM named .png.", values)
    yield read("pnm-grey-named.ppm", binary(values, 255), "A grey file named .ppm.", values)
    yield refused(
        "pnm-two-images.pgm", binary(values, 255) * 2, "Two images in one file.", "several images"
    )
    for name, head in (
        ("width-0", b"P5\n0 7\n255\n"),
        ("height-0", b"P5\n9 0\n255\n"),
        ("width-negative", b"P5\n-9 7\n255\n"),
        ("width-max", b"P5\n2147483647 7\n255\n"),
        ("bomb", b"P5\n100000 100000\n255\n"),
        ("width-long", b"P5\n" + b"9" * 5000 + b" 7\n255\n"),
        ("width-float", b"P5\n9.5 7\n255\n"),
        ("width-hex", b"P5\n0x9 7\n255\n"),
        ("largest-0", b"P5\n9 7\n0\n"),
        ("largest-65536", b"P5\n9 7\n65536\n"),
        ("largest-negative", b"P5\n9 7\n-255\n"),
        ("largest-missing", b"P5\n9 7\n"),
        ("taller", b"P5\n9 70\n255\n"),
        ("text-taller", b"P2\n9 70\n255\n1 2 3"),
        ("endless-comment", b"P5\n#" + b"x" * 100_000),
        ("kind-8", b"P8\n9 7\n255\n"),
    ):
        yield refused(
            f"pnm-{name}.pgm", head + (stored if b"P2" not in head else b""), f"A PGM: {name}.", ""
        )
    yield refused(
        "pnm-float.pgm",
        b"Pf\n9 7\n-1.0\n" + bytes(252),
        "A PFM file of floating-point numbers.",
        "floating",
    )
    yield refused(
        "pnm-arbitrary-map.ppm",
        b"P7\nWIDTH 9\nHEIGHT 7\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n" + stored,
        "A PAM file.",
        "PAM",
    )


def damage() -> Iterator[Case]:
    yield from truncations("pnm", "ppm", binary(picture(20, 20, 3), 255))
    values = picture(7, 9)
    yield refused(
        "pnm-above-largest.pgm", binary(np.full((7, 9), 200), 100), "Values above the largest.", ""
    )
    for name, words in (
        ("word", b"1 2 x 4"),
        ("float", b"1 2 3.5 4"),
        ("negative", b"1 2 -3 4"),
        ("too-large", b"1 2 999 4"),
        ("endless-number", b"1 2 " + b"9" * 10_000 + b" 4"),
    ):
        yield refused(
            f"pnm-text-{name}.pgm", b"P2\n2 2\n255\n" + words, f"A text PGM with a {name}.", ""
        )
    yield refused("pnm-bitmap-text-2.pgm", b"P1\n2 2\n0 1 2 1", "A text PBM with a 2.", "")
    cut = text(values, 255)
    yield refused("pnm-text-cut.pgm", cut[: len(cut) // 2], "Half of a text PGM.", "truncated")
    yield refused("pnm-magic-only.pgm", b"P5", "The first two bytes of a PGM.", "")
