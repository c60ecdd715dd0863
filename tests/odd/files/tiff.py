"""Odd TIFF files: kinds of pixels × storage × byte orders, directories, and damage."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import tifffile

from tests.odd.files.case import (
    Case,
    Pixels,
    by_pillow,
    either,
    picture,
    profile,
    read,
    refused,
    smooth,
    truncations,
    upright,
)

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS, SAMPLES = 256, 257, 258, 259, 262, 273, 277
ROWS, COUNTS, PLANAR, COLOURS, EXTRA, FORMAT = 278, 279, 284, 320, 338, 339
ORIENTATION = 274
Values = int | tuple[int, ...] | bytes


def written(pixels: Pixels, **settings: Any) -> bytes:
    """Return the file that tifffile writes."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **{"metadata": None, **settings})
    return buffer.getvalue()


def tiff(
    width: int,
    height: int,
    stored: bytes,
    order: str = "<",
    big: bool = False,
    **changes: Values | None,
) -> bytes:
    """Write a TIFF file of one strip, tag by tag; `changes` are tags by names like "t258"."""
    tags: dict[int, Values] = {
        WIDTH: width,
        HEIGHT: height,
        BITS: 8,
        COMPRESSION: 1,
        PHOTOMETRIC: 1,
        OFFSETS: 8 if not big else 16,
        SAMPLES: 1,
        ROWS: height,
        COUNTS: len(stored),
    }
    for name, value in changes.items():
        number = int(name[1:])
        tags.pop(number, None)
        if value is not None:
            tags[number] = value
    return assembled(tags, stored, order, big)


def assembled(tags: dict[int, Values], stored: bytes, order: str, big: bool) -> bytes:
    stored += b"\0" * (-len(stored) % 8)
    start = 16 if big else 8
    directory = start + len(stored)
    entry, offset, word = (20, 8, "Q") if big else (12, 4, "I")
    tail_at = directory + (8 if big else 2) + entry * len(tags) + offset
    entries, tail = b"", b""
    for number, values in sorted(tags.items()):
        kind, count, content = field(values, order)
        if len(content) > offset:
            reference = struct.pack(order + word, tail_at + len(tail))
            tail += content + b"\0" * (len(content) % 2)
        else:
            reference = content.ljust(offset, b"\0")
        entries += struct.pack(f"{order}HH{word}", number, kind, count) + reference
    count_of_tags = struct.pack(order + ("Q" if big else "H"), len(tags))
    name = b"II" if order == "<" else b"MM"
    head = (
        name + struct.pack(order + "HHHQ", 43, 8, 0, directory)
        if big
        else name + struct.pack(order + "HI", 42, directory)
    )
    return head + stored + count_of_tags + entries + bytes(offset) + tail


def field(values: Values, order: str) -> tuple[int, int, bytes]:
    """Return the type, the count and the bytes of a tag's values."""
    if isinstance(values, bytes):
        return 7, len(values), values
    numbers = values if isinstance(values, tuple) else (values,)
    kind, letter = (3, "H") if max(numbers) < 65536 else (4, "I")
    return kind, len(numbers), struct.pack(f"{order}{len(numbers)}{letter}", *numbers)


def packed(pixels: Pixels, bits: int) -> bytes:
    """Pack values of fewer than 8 bits, each row to whole bytes."""
    spread = np.unpackbits(pixels.astype(np.uint8)[..., None], axis=2)[..., 8 - bits :]
    return np.packbits(spread.reshape(len(pixels), -1), axis=1).tobytes()


def cases() -> Iterator[Case]:
    yield from storages()
    yield from low_depths()
    yield from kinds()
    yield from numbers()
    yield from alphas()
    yield from orientations()
    yield from pages()
    yield from directories()
    yield from damage()


def storages() -> Iterator[Case]:
    for order in "<>":
        for big in (False, True):
            for compression in (None, "zlib", "lzma"):
                for depth in (8, 16):
                    for channels in (None, 3):
                        pixels = picture(9, 8, channels, depth)
                        data = written(
                            pixels,
                            byteorder=order,
                            bigtiff=big,
                            compression=compression,
                            photometric="rgb" if channels else "minisblack",
                        )
                        name = f"{'le' if order == '<' else 'be'}-{'big-' * big}{compression}-{depth}-{channels or 1}"
                        yield read(
                            f"tiff-{name}.tif",
                            data,
                            f"A TIFF of {depth} bits, {compression}, byte order {order}.",
                            pixels,
                        )
    for name, settings in (
        ("tiles", {"tile": (16, 16)}),
        ("strips", {"rowsperstrip": 3}),
        ("planes", {"planarconfig": "separate"}),
        ("plane-tiles", {"planarconfig": "separate", "tile": (16, 16)}),
    ):
        for depth in (8, 16):
            pixels = picture(21, 19, 3, depth)
            stored = np.moveaxis(pixels, -1, 0) if "plane" in name else pixels
            data = written(np.ascontiguousarray(stored), photometric="rgb", **settings)
            yield read(
                f"tiff-{name}-{depth}.tif", data, f"An RGB TIFF in {name}, {depth} bits.", pixels
            )
    for channels in (5, 8):
        pixels = picture(9, 8, channels, 16)
        yield read(
            f"tiff-{channels}-channels.tiff",
            written(pixels, photometric="minisblack", planarconfig="contig"),
            f"A TIFF of {channels} channels.",
            pixels,
        )
    pixels = picture(9, 8)
    runs = b"".join(bytes([len(row) - 1]) + row.tobytes() for row in pixels)
    yield read("tiff-packbits.tif", tiff(8, 9, runs, t259=32773), "A TIFF with PackBits.", pixels)
    lzw = by_pillow(picture(9, 8, 3), "TIFF", compression="tiff_lzw")
    yield read("tiff-lzw.tif", lzw, "A TIFF with LZW.", picture(9, 8, 3))
    ramp = smooth()
    yield read(
        "tiff-jpeg.tif",
        by_pillow(ramp, "TIFF", compression="jpeg"),
        "A TIFF with JPEG in it.",
        ramp,
        30,
    )


def low_depths() -> Iterator[Case]:
    for bits in (1, 2, 4):
        pixels = picture(9, 11, None, bits)
        white = 255 / ((1 << bits) - 1)
        shown = np.rint(pixels * white).astype(np.uint8)
        for order in "<>":
            for photometric in (0, 1):
                yield read(
                    f"tiff-grey-{bits}bit-kind{photometric}-{'le' if order == '<' else 'be'}.tif",
                    tiff(11, 9, packed(pixels, bits), order, t258=bits, t262=photometric),
                    f"A grey TIFF of {bits} bits, photometric kind {photometric}.",
                    shown if photometric else 255 - shown,
                )
    for bits in (3, 6, 10, 12, 14, 24, 32, 64):
        yield refused(
            f"tiff-grey-{bits}bit.tif",
            tiff(8, 8, bytes(8 * 8 * bits // 8), t258=bits),
            f"A grey TIFF of {bits} bits.",
            "",
        )
    for bits in ((8, 8, 4), (5, 6, 5), (16, 8, 8)):
        yield refused(
            f"tiff-rgb-{'-'.join(map(str, bits))}bit.tif",
            tiff(8, 8, bytes(400), t258=bits, t262=2, t277=3),
            f"An RGB TIFF of {bits} bits.",
            "",
        )
    for bits in (1, 2, 4):
        yield refused(
            f"tiff-rgb-{bits}bit.tif",
            tiff(8, 8, bytes(8 * 3 * bits), t258=(bits,) * 3, t262=2, t277=3),
            f"An RGB TIFF of {bits} bits.",
            "",
        )


def kinds() -> Iterator[Case]:
    for depth in (8, 16):
        grey = picture(9, 8, None, depth)
        white = (1 << depth) - 1
        yield read(
            f"tiff-white-is-zero-{depth}.tif",
            written(grey, photometric="miniswhite"),
            f"A TIFF of {depth} bits in which 0 is white.",
            white - grey,
        )
    for bits in (4, 8):
        indices = picture(9, 8, None, bits)
        colours = np.random.default_rng(5).integers(0, 256, (3, 1 << bits))
        for name, scale in (("16", 257), ("8", 1)):
            table = tuple(int(level) * scale for level in colours.ravel())
            stored = packed(indices, bits) if bits < 8 else indices.tobytes()
            yield read(
                f"tiff-palette-{bits}bit-colours-{name}.tif",
                tiff(8, 9, stored, t258=bits, t262=3, t320=table),
                f"A TIFF with a palette of {1 << bits} colours, stored in {name} bits.",
                colours.T.astype(np.uint8)[indices],
            )
    yield refused(
        "tiff-palette-missing.tif", tiff(8, 9, bytes(72), t262=3), "A palette TIFF without one.", ""
    )
    yield refused(
        "tiff-palette-16bit.tif",
        tiff(8, 9, bytes(144), t258=16, t262=3, t320=(1,) * 768),
        "A 16-bit palette.",
        "",
    )
    for photometric, count in (
        (4, 1),
        (8, 3),
        (9, 3),
        (10, 3),
        (32803, 1),
        (32844, 1),
        (32845, 3),
        (34892, 3),
        (999, 1),
        (65535, 3),
    ):
        yield refused(
            f"tiff-kind-{photometric}.tif",
            tiff(8, 9, bytes(72 * count), t258=(8,) * count, t262=photometric, t277=count),
            f"A TIFF of photometric kind {photometric}.",
            "",
        )
    yield refused(
        "tiff-kind-missing.tif",
        tiff(8, 9, bytes(72), t262=None),
        "A TIFF without photometric kind.",
        "",
    )
    cmyk = picture(9, 8, 4)
    yield read(
        "tiff-cmyk-8.tif",
        tiff(8, 9, cmyk.tobytes(), t258=(8,) * 4, t262=5, t277=4),
        "A CMYK TIFF.",
        _plain_rgb(cmyk),
        1,
    )
    yield refused(
        "tiff-cmyk-16.tif",
        tiff(8, 9, bytes(576), t258=(16,) * 4, t262=5, t277=4),
        "CMYK of 16 bits.",
        "",
    )
    yield refused(
        "tiff-inks.tif",
        tiff(8, 9, bytes(288), t258=(8,) * 4, t262=5, t277=4, t332=2),
        "Four other inks.",
        "",
    )
    yield refused(
        "tiff-cmyk-5.tif", tiff(8, 9, bytes(360), t258=(8,) * 5, t262=5, t277=5), "Five inks.", ""
    )
    yield refused(
        "tiff-rgb-1-sample.tif", tiff(8, 9, bytes(72), t262=2), "RGB with one channel.", ""
    )
    yield refused(
        "tiff-ycbcr-16.tif",
        tiff(8, 9, bytes(432), t258=(16,) * 3, t262=6, t277=3),
        "YCbCr of 16 bits.",
        "",
    )


def _plain_rgb(cmyk: Pixels) -> Pixels:
    inks = cmyk.astype(np.float64)
    return np.rint((255 - inks[..., :3]) * (255 - inks[..., 3:]) / 255).astype(np.uint8)


def numbers() -> Iterator[Case]:
    shape = (9, 8)
    for dtype in (
        "int8",
        "int16",
        "int32",
        "int64",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
        "bool",
    ):
        for channels in (None, 3):
            pixels = np.ones(shape + ((channels,) if channels else ()), dtype)
            data = written(pixels, photometric="rgb" if channels else "minisblack")
            name = f"tiff-{dtype}-{channels or 1}.tif"
            if dtype == "bool" and not channels:
                yield read(name, data, "A TIFF of one bit.", np.full(shape, 255, np.uint8))
            else:
                yield refused(name, data, f"A TIFF of {dtype} numbers.", "")
    for form in (0, 4, 7, 99):
        yield either(
            f"tiff-format-{form}.tif", tiff(8, 9, bytes(72), t339=form), f"Sample format {form}."
        )
    yield refused(
        "tiff-signed-8.tif", tiff(8, 9, bytes(range(72)), t339=2), "A TIFF of signed bytes.", "int8"
    )


def alphas() -> Iterator[Case]:
    for depth in (8, 16):
        colours = picture(9, 8, 4, depth)
        colours[..., 3] |= 1
        for name, kind in (("plain", 2), ("unspecified", 0)):
            yield read(
                f"tiff-rgba-{name}-{depth}.tif",
                written(colours, photometric="rgb", extrasamples=[kind]),
                f"An RGB TIFF with a fourth channel: {name}.",
                colours,
            )
        white = (1 << depth) - 1
        plain = colours.copy()
        plain[..., 3] = np.where(np.arange(8) % 2, white, white // 2 + 1)
        stored = np.rint(plain.astype(float) * plain[..., 3:] / white).astype(plain.dtype)
        stored[..., 3] = plain[..., 3]
        yield read(
            f"tiff-rgba-premultiplied-{depth}.tif",
            written(stored, photometric="rgb", extrasamples=[1]),
            "An RGB TIFF with premultiplied alpha.",
            plain,
            2,
        )
        grey = picture(9, 8, 2, depth)
        yield read(
            f"tiff-grey-alpha-{depth}.tif",
            written(grey, photometric="minisblack", planarconfig="contig", extrasamples=[2]),
            "A grey TIFF with alpha.",
            grey,
        )


def orientations() -> Iterator[Case]:
    for orientation in range(1, 9):
        for depth, channels in ((8, 3), (16, None), (8, 5)):
            pixels = picture(9, 7, channels, depth)
            data = written(
                pixels,
                photometric="rgb" if channels == 3 else "minisblack",
                planarconfig="contig" if channels else None,
                extratags=[(ORIENTATION, 3, 1, orientation, True)],
            )
            yield read(
                f"tiff-orientation-{orientation}-{depth}-{channels or 1}.tif",
                data,
                f"A TIFF with orientation {orientation}.",
                upright(pixels, orientation),
            )
    pixels = picture(9, 7)
    for orientation in (0, 9, 65535):
        yield read(
            f"tiff-orientation-{orientation}.tif",
            tiff(7, 9, pixels.tobytes(), t274=orientation),
            f"A TIFF with orientation {orientation}, which does not exist.",
            pixels,
        )
    for name, space in (
        ("rgb", b"RGB "),
        ("grey", b"GRAY"),
        ("cmyk", b"CMYK"),
        ("noise", b"\0\1\2\3"),
    ):
        yield read(
            f"tiff-icc-{name}.tif",
            written(pixels, iccprofile=profile(space)),
            f"A grey TIFF with a profile: {name}.",
            pixels,
        )


def pages() -> Iterator[Case]:
    for name, stack, settings in (
        ("pages", picture(9, 8, 3), {"photometric": "rgb"}),
        ("grey-pages", picture(9, 8), {}),
    ):
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer) as writer:
            for _ in range(3):
                writer.write(stack, metadata=None, contiguous=False, **settings)
        yield refused(
            f"tiff-{name}.tif", buffer.getvalue(), "A TIFF of three pages.", "several pages"
        )
    for kind, settings in (("imagej", {"imagej": True}), ("shaped", {"metadata": {}})):
        volume = np.stack([picture(40, 30, seed=i) for i in range(5)])
        yield refused(
            f"tiff-stack-{kind}.tif",
            written(volume, **settings),
            f"A stack of five images: {kind}.",
            "several pages",
        )
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(picture(12, 8), metadata=None)
        writer.write(picture(6, 4), metadata=None, subfiletype=1)
    yield read(
        "tiff-with-thumbnail.tif",
        buffer.getvalue(),
        "A TIFF with a smaller one of itself.",
        picture(12, 8),
    )
    sizes = io.BytesIO()
    with tifffile.TiffWriter(sizes) as writer:
        writer.write(picture(12, 8), metadata=None)
        writer.write(picture(5, 9), metadata=None)
    yield refused(
        "tiff-pages-of-sizes.tif",
        sizes.getvalue(),
        "Two pages of different sizes.",
        "several pages",
    )


def directories() -> Iterator[Case]:
    pixels = picture(9, 8)
    stored = pixels.tobytes()
    right = tiff(8, 9, stored)
    yield read("tiff-plain.tif", right, "A plain TIFF, written tag by tag.", pixels)
    yield read("tiff-named.png", right, "A TIFF named .png.", pixels)
    yield read(
        "tiff-trailing.tif", right + b"trailing text" * 9, "A TIFF with text behind it.", pixels
    )
    entries = int.from_bytes(right[4:8], "little")
    next_at = entries + 2 + 12 * int.from_bytes(right[entries : entries + 2], "little")
    loop = right[:next_at] + struct.pack("<I", entries) + right[next_at + 4 :]
    yield either("tiff-loop.tif", loop, "A TIFF whose directory is its own next one.")
    for name, at in (("far", 1 << 31), ("zero", 0), ("self", 4), ("end", len(right))):
        data = right[:4] + struct.pack("<I", at) + right[8:]
        yield refused(f"tiff-directory-{name}.tif", data, f"A TIFF with its directory at {at}.", "")
    beyond = right[:next_at] + struct.pack("<I", 1 << 30) + right[next_at + 4 :]
    yield either("tiff-next-beyond.tif", beyond, "A TIFF whose next directory is beyond its end.")
    for side, tag in (("width", "t256"), ("height", "t257")):
        for value in (0, 1_000_000, (1 << 31) - 1, (1 << 32) - 1):
            yield refused(
                f"tiff-{side}-{value}.tif",
                tiff(8, 9, stored, **{tag: value}),
                f"A TIFF of {side} {value}.",
                "",
            )
    huge = tiff(8, 9, stored, t256=200_000, t257=200_000)
    yield refused("tiff-bomb.tif", huge, "A TIFF of 40,000 million pixels.", "200,000×200,000")
    for name, changes in (
        ("offset-zero", {"t273": 0}),
        ("offset-beyond", {"t273": 1 << 30}),
        ("offset-missing", {"t273": None}),
        ("count-zero", {"t279": 0}),
        ("count-beyond", {"t279": 1 << 30}),
        ("offsets-too-many", {"t273": (8,) * 5, "t279": (72,) * 5}),
        ("width-missing", {"t256": None}),
        ("samples-0", {"t277": 0}),
        ("samples-65535", {"t277": 65535}),
        ("bits-0", {"t258": 0}),
        ("compression-0", {"t259": 0}),
        ("compression-ccitt", {"t259": 4}),
        ("compression-jpeg2000", {"t259": 34712}),
        ("compression-webp", {"t259": 50001}),
        ("compression-zstd", {"t259": 50000}),
        ("compression-lerc", {"t259": 34887}),
        ("compression-unknown", {"t259": 12345}),
        ("deflate-noise", {"t259": 8}),
        ("lzw-noise", {"t259": 5}),
        ("packbits-noise", {"t259": 32773}),
        ("jpeg-noise", {"t259": 7}),
        ("tiles-zero", {"t322": 0, "t323": 0}),
        ("tiles-huge", {"t322": 1 << 24, "t323": 1 << 24, "t324": 8, "t325": 72}),
        ("depth-9", {"t32997": 9}),
    ):
        words = ""
        make = (
            either
            if name
            in (
                "count-zero",
                "count-beyond",
                "bits-0",
                "packbits-noise",
                "compression-0",
                "offsets-too-many",
            )
            else refused
        )
        data = tiff(8, 9, stored, **changes)  # type: ignore[arg-type]
        arguments = (f"tiff-{name}.tif", data, f"A TIFF: {name}.")
        yield either(*arguments) if make is either else refused(*arguments, words)
    yield either("tiff-rows-per-strip-0.tif", tiff(8, 9, stored, t278=0), "No rows per strip.")
    yield either("tiff-predictor-9.tif", tiff(8, 9, stored, t317=9), "Predictor 9.")
    yield either("tiff-fill-order-2.tif", tiff(8, 9, stored, t266=2), "Bits in reversed order.")
    yield either(
        "tiff-wide-strips.tif",
        tiff(8, 9, stored, t278=1 << 31),
        "More rows per strip than there are.",
    )


def damage() -> Iterator[Case]:
    yield from truncations(
        "tiff", "tif", written(picture(40, 40, 3), photometric="rgb", compression="zlib")
    )
    yield from truncations("tiff-end", "tif", tiff(40, 40, picture(40, 40).tobytes()))
    yield refused("tiff-magic-only.tif", b"II*\0", "The first four bytes of a TIFF.", "")
    yield refused(
        "tiff-magic-zeros.tif", b"MM\0*" + bytes(400), "A TIFF's first bytes and zeros.", ""
    )
    yield refused(
        "tiff-big-zeros.tif", b"II+\0" + bytes(400), "A BigTIFF's first bytes and zeros.", ""
    )
    good = written(picture(40, 40, 3), photometric="rgb", compression="zlib")
    at = good.index(b"\x78\xda") if b"\x78\xda" in good else good.index(b"\x78")
    yield refused(
        "tiff-deflate-damaged.tif",
        good[: at + 60] + bytes(60) + good[at + 120 :],
        "Damaged deflate.",
        "",
    )
