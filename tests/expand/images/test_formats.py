"""The table of formats in the documentation: each row made, expanded, and read by other readers."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from expand.images.decoder import decode
from expand.images.formats import SUFFIXES as SUFFIXES_READ
from expand.images.pixels import Pixels
from expand.job.settings import Settings
from expand.job.tasks.copies import make_files
from expand.job.tasks.sources import open_source
from expand.recipes.recipe import Recipe
from tests.expand.images.files import bmp, chunk, packed, png, raw_tiff, read_png, saved

DOCUMENT = Path(__file__).parents[3] / "docs/formats.md"
MIRROR = Settings(Recipe.load("classic").with_factors({"flip": 2}), 2)
COLOUR_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY_PROFILE = COLOUR_PROFILE[:16] + b"GRAY" + COLOUR_PROFILE[20:]
CHANNELS = {"grey": 1, "grey and alpha": 2, "RGB": 3, "RGBA": 4, "4 channels": 4, "7 channels": 7}
SUFFIXES = {"JPEG": "jpg", "TIFF": "tif"}
HEIGHT, WIDTH = 6, 16
RANDOM = np.random.default_rng(7)


class Tags(NamedTuple):
    """What a file says beside its pixels."""

    orientation: int = 1
    profile: bytes | None = None

    @property
    def exif(self) -> bytes:
        """EXIF data with the orientation."""
        return (
            b"II*\0\x08\0\0\0\x01\0"
            + struct.pack("<HHII", 0x112, 3, 1, self.orientation)
            + bytes(4)
        )


Maker = Callable[[int, Tags], tuple[bytes, Pixels]]
"""Returns a file of so many bits, and the pixels that it shows, not turned."""


def values(bits: int, channels: int = 1) -> Pixels:
    shape = (HEIGHT, WIDTH) if channels == 1 else (HEIGHT, WIDTH, channels)
    return RANDOM.integers(0, 1 << bits, shape)


def stretched(raw: Pixels, bits: int) -> Pixels:
    white, dtype = (65535, np.uint16) if bits > 8 else (255, np.uint8)
    return np.rint(raw * (white / ((1 << bits) - 1))).astype(dtype)


def smooth(channels: int) -> Pixels:
    small = RANDOM.integers(0, 256, (3, 4, channels)).astype(np.uint8)
    return cv2.resize(small, (32, 24), interpolation=cv2.INTER_CUBIC)


def jpeg(mode: str) -> Maker:
    def make(_bits: int, tags: Tags) -> tuple[bytes, Pixels]:
        image = Image.fromarray(smooth(3)).convert(mode)
        data = saved(
            image, "JPEG", quality=95, exif=b"Exif\0\0" + tags.exif, icc_profile=tags.profile
        )
        if mode == "CMYK":  # read by OpenCV, since it is by Pillow that we read it
            flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
            return data, cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        return data, np.array(Image.open(io.BytesIO(data)))

    return make


def png_file(colour: int, bits: int, raw: Pixels, tags: Tags, *chunks: bytes) -> bytes:
    profile = [chunk(b"iCCP", b"x\0\0" + zlib.compress(tags.profile))] if tags.profile else []
    swapped = raw.astype(np.uint16).byteswap() if bits == 16 else raw
    stored = b"".join(b"\0" + row for row in packed(swapped, bits))
    exif = chunk(b"eXIf", tags.exif)
    return png(WIDTH, HEIGHT, bits, colour, stored, [*profile, *chunks, exif])


def plain_png(colour: int, channels: int) -> Maker:
    def make(bits: int, tags: Tags) -> tuple[bytes, Pixels]:
        raw = values(bits, channels)
        return png_file(colour, bits, raw, tags), stretched(raw, bits)

    return make


def keyed_png(colour: int, channels: int) -> Maker:
    """Make a PNG in which one level or colour is transparent."""

    def make(bits: int, tags: Tags) -> tuple[bytes, Pixels]:
        raw = values(bits, channels)
        key = raw[2, 3].reshape(-1)
        data = png_file(colour, bits, raw, tags, chunk(b"tRNS", key.astype(">u2").tobytes()))
        shown = stretched(raw, bits)
        opaque = (raw.reshape(HEIGHT, WIDTH, -1) != key).any(axis=2)
        return data, np.dstack([shown, opaque * np.iinfo(shown.dtype).max]).astype(shown.dtype)

    return make


def palette_png(transparent: bool) -> Maker:
    def make(bits: int, tags: Tags) -> tuple[bytes, Pixels]:
        count = 1 << bits
        raw, colours = values(bits), RANDOM.integers(0, 256, (count, 3)).astype(np.uint8)
        chunks, shown = [chunk(b"PLTE", colours.tobytes())], colours[raw]
        if transparent:
            alpha = np.full(count, 255, np.uint8)
            alpha[: count // 2] = RANDOM.integers(0, 256, count // 2)
            chunks.append(chunk(b"tRNS", alpha[: count // 2].tobytes()))
            shown = np.dstack([shown, alpha[raw]])
        return png_file(3, bits, raw, tags, *chunks), shown

    return make


def webp(channels: int, lossless: bool) -> Maker:
    def make(_bits: int, tags: Tags) -> tuple[bytes, Pixels]:
        image = Image.fromarray(smooth(channels))
        settings = {"lossless": lossless, "quality": 90, "icc_profile": tags.profile}
        data = saved(image, "WEBP", exif=b"Exif\0\0" + tags.exif, **settings)
        return data, np.array(Image.open(io.BytesIO(data)))

    return make


def palette_bmp(grey: bool = False, runs: bool = False) -> Maker:
    def make(bits: int, _tags: Tags) -> tuple[bytes, Pixels]:
        raw, colours = values(bits), RANDOM.integers(0, 256, (1 << bits, 3)).astype(np.uint8)
        if grey:
            colours = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
        if runs:
            lines = [b"".join(bytes([1, value]) for value in row) for row in raw[::-1].tolist()]
            return bmp(raw, bits, colours, (), 1, b"\0\0".join(lines) + b"\0\1"), colours[raw]
        return bmp(raw, bits, colours), raw.astype(np.uint8) if grey else colours[raw]

    return make


def short_bmp(bits: int, _tags: Tags) -> tuple[bytes, Pixels]:
    """Make a BMP of 16 bits per pixel: 4 with alpha's bits unused, 5, or 5, 6 and 5."""
    masks = {4: (0xF00, 0xF0, 0xF), 5: (), 6: (0xF800, 0x7E0, 0x1F)}[bits]
    places = {
        4: ((8, 4), (4, 4), (0, 4)),
        5: ((10, 5), (5, 5), (0, 5)),
        6: ((11, 5), (5, 6), (0, 5)),
    }
    raw = values(16)
    shown = [stretched(raw >> shift & ((1 << size) - 1), size) for shift, size in places[bits]]
    return bmp(raw, 16, masks=masks), np.dstack(shown)


def long_bmp(alpha: bool) -> Maker:
    def make(_bits: int, _tags: Tags) -> tuple[bytes, Pixels]:
        raw = RANDOM.integers(0, 1 << 32, (HEIGHT, WIDTH))
        raw = raw if alpha else raw & 0xFFFFFF
        shown = np.dstack([raw >> shift & 255 for shift in (16, 8, 0, 24)]).astype(np.uint8)
        return bmp(raw, 32), shown if alpha else shown[..., :3]

    return make


def tiff(photometric: int, channels: int = 1, *extra: int) -> Maker:
    def make(bits: int, tags: Tags) -> tuple[bytes, Pixels]:
        raw = values(bits, channels)
        entries: dict[int, tuple[str, object]] = {
            262: ("H", photometric),
            274: ("H", tags.orientation),
        }
        if extra:
            entries[338] = ("H", list(extra))
        if tags.profile:
            entries[34675] = ("B", tags.profile)
        if extra == (1,):
            raw = np.minimum(raw, raw[..., -1:])
        shown = stretched(raw, bits)
        if photometric == 0:
            shown = np.iinfo(shown.dtype).max - shown
        if photometric == 3:
            colours = RANDOM.integers(0, 65536, (3, 1 << bits))
            entries[320] = ("H", colours.ravel().tolist())
            shown = (colours.T >> 8).astype(np.uint8)[raw]
        if extra == (1,):
            shown = plain_of_premultiplied(raw, bits).astype(shown.dtype)
        data = raw_tiff(raw, bits, entries)
        if photometric == 5:
            cyan, black = 255 - raw[..., :3], 255 - raw[..., 3:]
            shown = np.rint(cyan * black / 255).astype(np.uint8)
        return data, shown

    return make


def plain_of_premultiplied(raw: Pixels, bits: int) -> Pixels:
    white, alpha = (1 << bits) - 1, np.maximum(raw[..., 3:], 1)
    return np.dstack([np.minimum(raw[..., :3] * white // alpha, white), raw[..., 3:]])


def pnm(kind: int, channels: int = 1) -> Maker:
    """Make a PBM, PGM or PPM; the bits give the largest value, as text below 6 bits."""

    def make(bits: int, _tags: Tags) -> tuple[bytes, Pixels]:
        raw = values(bits, channels)
        size = f"{WIDTH} {HEIGHT}".encode()
        if kind == 4:
            return b"P4\n" + size + b"\n" + b"".join(packed(raw, 1)), stretched(1 - raw, 1)
        header = size + f"\n# a comment\n{(1 << bits) - 1}\n".encode()
        if bits < 6:
            return f"P{kind - 3}\n".encode() + header + " ".join(
                map(str, raw.ravel())
            ).encode(), stretched(raw, bits)
        body = raw.astype(">u2" if bits > 8 else "u1").tobytes()
        return f"P{kind}\n".encode() + header + body, stretched(raw, bits)

    return make


MAKERS: dict[tuple[str, str], Maker] = {
    ("JPEG", "grey"): jpeg("L"),
    ("JPEG", "RGB"): jpeg("RGB"),
    ("JPEG", "CMYK"): jpeg("CMYK"),
    ("PNG", "grey"): plain_png(0, 1),
    ("PNG", "grey, one level transparent"): keyed_png(0, 1),
    ("PNG", "grey and alpha"): plain_png(4, 2),
    ("PNG", "palette"): palette_png(False),
    ("PNG", "palette, some colours transparent"): palette_png(True),
    ("PNG", "RGB"): plain_png(2, 3),
    ("PNG", "RGB, one colour transparent"): keyed_png(2, 3),
    ("PNG", "RGBA"): plain_png(6, 4),
    ("WebP", "RGB, lossy"): webp(3, False),
    ("WebP", "RGB, lossless"): webp(3, True),
    ("WebP", "RGBA, lossy"): webp(4, False),
    ("WebP", "RGBA, lossless"): webp(4, True),
    ("BMP", "palette"): palette_bmp(),
    ("BMP", "palette of the grey levels"): palette_bmp(grey=True),
    ("BMP", "palette, run lengths"): palette_bmp(runs=True),
    ("BMP", "RGB, 16 bits per pixel"): short_bmp,
    ("BMP", "RGB, 24 or 32 bits per pixel"): long_bmp(False),
    ("BMP", "RGBA"): long_bmp(True),
    ("TIFF", "grey"): tiff(1),
    ("TIFF", "grey, white is zero"): tiff(0),
    ("TIFF", "grey and alpha"): tiff(1, 2, 2),
    ("TIFF", "palette"): tiff(3),
    ("TIFF", "RGB"): tiff(2, 3),
    ("TIFF", "RGBA"): tiff(2, 4, 2),
    ("TIFF", "RGBA, premultiplied"): tiff(2, 4, 1),
    ("TIFF", "RGB and a channel that is not alpha"): tiff(2, 4, 0),
    ("TIFF", "CMYK"): tiff(5, 4),
    ("TIFF", "7 channels"): tiff(1, 7, 0, 0, 0, 0, 0, 0),
    ("PBM", "black and white"): pnm(4),
    ("PGM", "grey"): pnm(5),
    ("PPM", "RGB"): pnm(6, 3),
}


class Row(NamedTuple):
    """A row of the table in the documentation."""

    format: str
    pixels: str
    bits: str
    orientation: str
    profile: str
    read_as: str

    def depths(self) -> list[int]:
        if "to" in self.bits:
            first, last = map(int, self.bits.split(" to "))
            return list(range(first, last + 1))
        return [int(bits) for bits in self.bits.split(", ")]


def table() -> list[Row]:
    lines = DOCUMENT.read_text("utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]
    return [Row(*row) for row in rows if len(row) == 6 and row[0] not in ("format", "---")]


CASES = [
    pytest.param(row, bits, id=f"{row.format} {row.pixels} {bits}")
    for row in table()
    for bits in row.depths()
]
LOSSY = ("JPEG", "WebP")


def turned(pixels: Pixels, orientation: int) -> Pixels:
    across = pixels.swapaxes(0, 1)
    kinds = [pixels, pixels[:, ::-1], pixels[::-1, ::-1], pixels[::-1]]
    kinds += [across, np.rot90(pixels, -1), np.rot90(across, 2), np.rot90(pixels)]
    return kinds[orientation - 1]


def read(data: bytes) -> tuple[Pixels, bytes | None, int]:
    """Return pixels, profile and orientation of a file that `expand` wrote, by other readers."""
    if data[:2] in (b"P5", b"P6"):
        found = re.match(rb"P[56]\s(?:#.*\s)?(\d+)\s(\d+)\s(\d+)\s", data)
        assert found
        assert found[3] in (b"255", b"65535")
        kind = np.dtype("u1" if found[3] == b"255" else ">u2")
        shape = (int(found[2]), int(found[1]), 3)[: 3 if data[1:2] == b"6" else 2]
        pixels = np.frombuffer(data, kind, offset=found.end()).reshape(shape)
        return pixels.astype(kind.newbyteorder("=")), None, 1
    if data[:2] == b"BM" and data[28] == 32:
        start, width, height = (int.from_bytes(data[at : at + 4], "little") for at in (10, 18, 22))
        assert struct.unpack_from("<IIII", data, 54) == (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
        stored = np.frombuffer(data, np.uint8, offset=start).reshape(height, width, 4)
        return stored[::-1][..., [2, 1, 0, 3]], None, 1
    if data[:4] in (b"II*\0", b"MM\0*"):
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[0]
            return page.asarray(), page.tags.valueof(34675), int(page.tags.valueof(274, 1))
    image = Image.open(io.BytesIO(data))
    pixels = read_png(data)[0] if image.format == "PNG" else np.array(image)
    return pixels, image.info.get("icc_profile"), image.getexif().get(0x112, 1)


def expanded(row: Row, data: bytes) -> list[bytes]:
    """Return what `expand` writes: the original and its mirror image."""
    name = f"a/1.{SUFFIXES.get(row.format, row.format.lower())}"
    return [file.data for file in make_files(open_source(name, data, range(2)), MIRROR)]


def test_the_table_and_the_tests_have_the_same_rows() -> None:
    rows = [(row.format, row.pixels) for row in table()]
    assert set(rows) == set(MAKERS)
    assert len(CASES) > 80


@pytest.mark.parametrize(("row", "bits"), CASES)
def test_copies_have_the_pixels_of_the_source(row: Row, bits: int) -> None:
    kind, depth = re.fullmatch(r"(.*), (8|16) bits", row.read_as).groups()  # type: ignore[union-attr]
    for orientation in range(1, 9) if row.orientation == "applied" else (1,):
        data, shown = MAKERS[row.format, row.pixels](bits, Tags(orientation))
        upright = turned(shown, orientation)
        decoded = decode(data)
        assert decoded.pixels.dtype == f"uint{depth}"
        assert decoded.pixels.shape == upright.shape
        assert (1 if upright.ndim == 2 else upright.shape[2]) == CHANNELS[kind]
        off = 2 if row.pixels == "CMYK" else 1 if "premultiplied" in row.pixels else 0
        np.testing.assert_allclose(decoded.pixels.astype(int), upright.astype(int), atol=off)
        original, copy = expanded(row, data)
        assert (original == data) == (orientation == 1)
        for file, expected in ((original, upright), (copy, upright[:, ::-1])):
            if file is data or file == data:
                continue
            pixels, _, tag = read(file)
            assert tag == 1
            assert pixels.dtype == f"uint{depth}"
            assert pixels.shape == expected.shape
            difference = np.abs(pixels.astype(int) - expected.astype(int))
            lossy = row.format in LOSSY and "lossless" not in row.pixels
            assert difference.mean() < 6 if lossy else difference.max() <= off


@pytest.mark.parametrize(("row", "bits"), CASES)
def test_copies_have_a_profile_only_if_it_fits(row: Row, bits: int) -> None:
    fitting, other = COLOUR_PROFILE, GREY_PROFILE
    if row.read_as.startswith(("grey", "7")):
        fitting, other = other, fitting
    large = fitting[:128] + fitting[128:].ljust(200_000, b"\0")
    large = (len(large)).to_bytes(4, "big") + large[4:]
    kept = {"kept": True, "used": False, "–": False}[row.profile]
    for profile in (fitting, large, other, b"x", None):
        data, _ = MAKERS[row.format, row.pixels](bits, Tags(1, profile))
        written = read(expanded(row, data)[1])[1]
        assert written == (profile if kept and profile in (fitting, large) else None)


def test_what_is_read_can_be_written_again_and_read() -> None:
    from expand.images.encoder import encode

    for row, bits in (case.values for case in CASES):
        data, _ = MAKERS[row.format, row.pixels](bits, Tags())
        first = decode(data)
        second = decode(encode(first.pixels, first.encoding))
        if row.profile != "used":  # RGB, with a chroma subsampling of its own
            assert second.encoding == first.encoding, row
        if row.format not in LOSSY:
            np.testing.assert_array_equal(second.pixels, first.pixels)
            assert second.pixels.dtype == first.pixels.dtype


def test_the_suffixes_in_the_documentation_are_those_of_the_formats() -> None:
    text = DOCUMENT.with_name("layouts.md").read_text("utf-8")
    named = re.search(r"with the suffixes (.*?)\. \[Formats\]", text, re.S)
    assert named
    assert set(re.findall(r"`(\.\w+)`", named[1])) == SUFFIXES_READ
