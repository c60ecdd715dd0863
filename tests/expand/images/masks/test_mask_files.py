"""Mask files: read without a change of any value, and written as the same kind of file."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from expand.errors import BadImageError
from expand.images.masks import open_mask
from expand.images.pixels import Pixels
from tests.conftest import examples
from tests.expand.images.files import chunk, png, saved, tiff

RNG = np.random.default_rng(5)
HEIGHT, WIDTH = 7, 13


def drawn(most: int, *channels: int, dtype: Any = np.uint8) -> Pixels:
    """Return random values 0 … `most`."""
    return RNG.integers(0, most, (HEIGHT, WIDTH, *channels), endpoint=True).astype(dtype)


def palette_png(values: Pixels, bits: int, *, transparent: bool = False) -> bytes:
    image = Image.fromarray(values, "P")
    image.putpalette(RNG.integers(0, 256, 3 << bits).astype(np.uint8).tobytes())
    extra = {"transparency": bytes(range(255, 255 - (1 << bits), -1))} if transparent else {}
    return saved(image, "PNG", bits=bits, **extra)


def grey_png(values: Pixels, bits: int) -> bytes:
    parts = 8 // bits
    padded = np.pad(values, ((0, 0), (0, -WIDTH % parts))).reshape(HEIGHT, -1, parts)
    shifts = bits * np.arange(parts - 1, -1, -1)
    rows = (padded << shifts).sum(axis=2).astype(np.uint8)
    return png(WIDTH, HEIGHT, bits, 0, b"".join(b"\0" + row.tobytes() for row in rows))


def bmp(values: Pixels, bits: int) -> bytes:
    colours = RNG.integers(0, 256, (1 << bits, 4)).astype(np.uint8)
    colours[:, 3] = 0
    parts = 8 // bits
    padded = np.pad(values, ((0, 0), (0, -WIDTH % parts))).reshape(HEIGHT, -1, parts)
    rows = (padded << bits * np.arange(parts - 1, -1, -1)).sum(axis=2).astype(np.uint8)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))[::-1]
    start = 54 + colours.size
    header = struct.pack("<2sIHHI", b"BM", start + rows.size, 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, bits, 0, rows.size, 0, 0, 1 << bits, 0)
    return header + info + colours.tobytes() + rows.tobytes()


EIGHT, SIXTEEN, COLOURS = drawn(255), drawn(65535, dtype=np.uint16), drawn(255, 3)
FLOATS = drawn(1000, dtype=np.float32) / np.float32(7)
KINDS: dict[str, tuple[bytes, Pixels]] = {
    **{f"png-palette-{b}": (palette_png(v := drawn(2**b - 1), b), v) for b in (1, 2, 4, 8)},
    "png-palette-alpha": (palette_png(v := drawn(15), 4, transparent=True), v),
    **{
        f"png-grey-{b}": (grey_png(v := drawn(2**b - 1), b), v * (255 // (2**b - 1)))
        for b in (1, 2, 4)
    },
    "png-grey-8": (saved(Image.fromarray(EIGHT), "PNG"), EIGHT),
    "png-grey-16": (saved(Image.fromarray(SIXTEEN), "PNG"), SIXTEEN),
    "png-rgb": (saved(Image.fromarray(COLOURS), "PNG"), COLOURS),
    "png-rgba": (saved(Image.fromarray(v := drawn(255, 4)), "PNG"), v),
    "png-grey-alpha": (saved(Image.fromarray(v := drawn(255, 2)), "PNG"), v),
    "png-rgb-16": (
        cv2.imencode(".png", (v := drawn(65535, 3, dtype=np.uint16))[..., ::-1])[1].tobytes(),
        v,
    ),
    "tiff-8": (tiff(EIGHT), EIGHT),
    "tiff-16": (tiff(SIXTEEN), SIXTEEN),
    "tiff-lzw": (saved(Image.fromarray(EIGHT), "TIFF", compression="tiff_lzw"), EIGHT),
    "tiff-rgb": (tiff(COLOURS, photometric="rgb"), COLOURS),
    "tiff-palette": (
        tiff(EIGHT, photometric="palette", colormap=drawn(65535, 3)[:1, :1].repeat(256, 1)[0].T),
        EIGHT,
    ),
    "bmp-8": (bmp(EIGHT, 8), EIGHT),
    "bmp-4": (bmp(v := drawn(15), 4), v),
    "bmp-1": (bmp(v := drawn(1), 1), v),
    "bmp-rgb": (saved(Image.fromarray(COLOURS), "BMP"), COLOURS),
    "pgm": (saved(Image.fromarray(EIGHT), "PPM"), EIGHT),
    "webp-lossless": (saved(Image.fromarray(COLOURS), "WEBP", lossless=True), COLOURS),
}
WIDE: dict[str, tuple[bytes, Pixels]] = {
    "tiff-uint32": (tiff(v := drawn(2**31, dtype=np.uint32)), v),
    "tiff-int32": (tiff(v := drawn(70000, dtype=np.int32) - 1), v),
    "tiff-int16": (tiff(v := drawn(700, dtype=np.int16) - 350), v),
    "tiff-int8": (tiff(v := drawn(100, dtype=np.int8) - 50), v),
    "tiff-float32": (tiff(FLOATS), FLOATS),
    "tiff-uint64": (tiff(v := drawn(2**62, dtype=np.uint64)), v),
    "tiff-float32-lzw": (
        saved(Image.fromarray(FLOATS, "F"), "TIFF", compression="tiff_lzw"),
        FLOATS,
    ),
    "tiff-int32-lzw": (
        saved(Image.fromarray(v := drawn(70000, dtype=np.int32)), "TIFF", compression="tiff_lzw"),
        v,
    ),
}


def described(data: bytes) -> tuple[Any, ...]:
    """Return what Pillow says of a file: format, mode, palette, transparency."""
    with Image.open(io.BytesIO(data)) as image:
        palette = image.getpalette("RGB") if image.mode == "P" else None
        return image.format, image.mode, palette, image.info.get("transparency")


@pytest.mark.parametrize("name", KINDS)
def test_values_are_read_as_they_are_stored(name: str) -> None:
    data, values = KINDS[name]
    assert np.array_equal(open_mask(data).pixels, values)


@pytest.mark.parametrize("name", KINDS)
def test_a_mask_is_written_as_the_same_kind_of_file(name: str) -> None:
    data, values = KINDS[name]
    mask = open_mask(data)
    assert mask.lossless
    turned = np.ascontiguousarray(np.rot90(values))
    written = mask.write(turned)
    assert np.array_equal(open_mask(written).pixels, turned)
    assert described(written) == described(data)
    if data.startswith(b"\x89PNG"):
        assert written[24:26] == data[24:26]  # bit depth and colour type


@pytest.mark.parametrize("name", WIDE)
def test_a_tiff_of_other_numbers_keeps_them(name: str) -> None:
    data, values = WIDE[name]
    mask = open_mask(data)
    assert mask.pixels.dtype in (np.uint8, np.uint16)
    written = tifffile.imread(io.BytesIO(mask.write(np.ascontiguousarray(mask.pixels[::-1, 1:]))))
    assert np.array_equal(written, values[::-1, 1:])
    assert written.dtype == values.dtype


@pytest.mark.parametrize("fill", [0, 1, 100])
def test_other_numbers_have_their_fill(fill: int) -> None:
    data, values = WIDE["tiff-int32"]
    mask = open_mask(data, fill)
    pixels = mask.pixels.copy()
    pixels[:2] = mask.fill
    written = tifffile.imread(io.BytesIO(mask.write(pixels)))
    assert (written[:2] == fill).all()
    assert np.array_equal(written[2:], values[2:])


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_a_one_bit_tiff_stays_one(photometric: str) -> None:
    shown = drawn(1) > 0
    mask = open_mask(tiff(shown ^ (photometric == "miniswhite"), photometric=photometric))
    assert np.array_equal(mask.pixels, 255 * shown)
    with tifffile.TiffFile(io.BytesIO(mask.write(mask.pixels[::-1]))) as file:
        assert file.pages[0].bitspersample == 1
        assert np.array_equal(file.asarray(), shown[::-1])


@settings(max_examples=examples(60), deadline=None)
@given(
    st.sampled_from([1, 2, 4, 8]).flatmap(
        lambda bits: st.tuples(
            st.just(bits),
            st.integers(1, 1 << bits),
            st.integers(1, 20),
            st.integers(1, 20),
            st.integers(0, 2**32 - 1),
        )
    )
)
def test_any_palette_keeps_indices_and_colours(drawn: tuple[int, int, int, int, int]) -> None:
    bits, entries, width, height, seed = drawn
    rng = np.random.default_rng(seed)
    values = rng.integers(0, entries, (height, width)).astype(np.uint8)
    image = Image.fromarray(values, "P")
    image.putpalette(rng.integers(0, 256, 3 * entries).astype(np.uint8).tobytes())
    data = saved(image, "PNG", bits=bits)
    mask = open_mask(data)
    written = mask.write(mask.pixels[::-1])
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(written)) as after:
        assert np.array_equal(np.array(after), values[::-1])
        assert np.array_equal(np.array(after.convert("RGB")), np.array(before.convert("RGB"))[::-1])
        assert after.palette.palette == before.palette.palette
    assert written[24] == data[24]


def test_indices_beyond_the_palette_are_kept() -> None:
    values = drawn(255)
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    data = png(WIDTH, HEIGHT, 8, 3, rows, [chunk(b"PLTE", bytes(range(9)))])
    written = open_mask(data).write(values)
    with Image.open(io.BytesIO(written)) as image:
        assert np.array_equal(np.array(image), values)
        assert image.getpalette()[:9] == list(range(9))


def test_a_fill_that_is_not_in_the_palette_becomes_black() -> None:
    image = Image.fromarray(drawn(3), "P")
    image.putpalette(bytes(range(12)))
    mask = open_mask(saved(image, "PNG", bits=8), fill=255)
    written = mask.write(np.full((3, 4), 255, np.uint8))
    with Image.open(io.BytesIO(written)) as shown:
        assert np.array_equal(np.array(shown), np.full((3, 4), 255))
        assert shown.convert("RGB").getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize("name", ["png-palette-1", "png-palette-4", "png-grey-2", "png-grey-1"])
def test_a_png_of_few_bits_has_8_where_the_fill_needs_them(name: str) -> None:
    data, values = KINDS[name]
    mask = open_mask(data, fill=100)
    pixels = mask.pixels.copy()
    pixels[0] = 100
    written = mask.write(pixels)
    assert np.array_equal(open_mask(written).pixels[1:], values[1:])
    assert (open_mask(written).pixels[0] == 100).all()
    assert written[24:26] == bytes([8]) + data[25:26]


@pytest.mark.parametrize(
    ("name", "fill", "kind"),
    [
        ("bmp-4", 16, "values up to 15"),
        ("png-grey-8", 256, "values up to 255"),
        ("tiff-16", 65536, "values up to 65535"),
        ("bmp-1", 255, "values up to 1"),
    ],
)
def test_a_fill_that_a_mask_cannot_hold_is_refused(name: str, fill: int, kind: str) -> None:
    with pytest.raises(BadImageError, match=f"fill {fill} of --mask-fill: it has {kind}"):
        open_mask(KINDS[name][0], fill)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_opaque_masks_stay_opaque(channels: int, kind: str) -> None:
    values = drawn(255, channels)
    values[..., -1] = 255
    data = saved(Image.fromarray(values), kind)
    mask = open_mask(data)
    assert np.array_equal(mask.pixels, values[..., :-1])
    pixels = mask.pixels.copy()
    pixels[0] = mask.fill
    with Image.open(io.BytesIO(mask.write(pixels))) as image:
        written = np.array(image)
    assert np.array_equal(written[1:], values[1:])
    assert (written[0] == [0] * (channels - 1) + [255]).all()


def test_the_orientation_of_a_mask_is_applied_and_its_tag_removed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(EIGHT, "P")
    image.putpalette(bytes(range(256)) * 3)
    mask = open_mask(saved(image, "PNG", exif=exif))
    assert np.array_equal(mask.pixels, np.rot90(EIGHT, -1))
    assert b"eXIf" not in mask.write(mask.pixels)


@pytest.mark.parametrize("kind", ["RGB", "L"])
def test_a_jpeg_mask_is_written_at_the_finest_quality(kind: str) -> None:
    rows, columns = np.mgrid[:80, :80]
    binary = ((rows - 40) ** 2 + (columns - 40) ** 2 < 700).astype(np.uint8) * 255
    data = saved(Image.fromarray(binary).convert(kind), "JPEG", quality=80)
    mask = open_mask(data)
    assert not mask.lossless
    again = open_mask(mask.write(mask.pixels)).pixels
    assert np.abs(again.astype(int) - mask.pixels).max() <= 3
    assert ((again > 127) == (mask.pixels > 127)).mean() > 0.999


@pytest.mark.parametrize("name", [*KINDS, *WIDE])
@settings(max_examples=12, deadline=None)
@given(at=st.floats(0, 1), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_mask_is_refused_in_words_or_read(
    name: str, at: float, value: int, cut: bool
) -> None:
    data = bytearray((KINDS | WIDE)[name][0])
    place = int(at * (len(data) - 1))
    data[place] = value
    with suppress(BadImageError):  # nothing else may be raised
        mask = open_mask(bytes(data[:place] if cut else data))
        mask.write(mask.pixels)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a" + bytes(30), b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0"]
)
def test_what_is_no_mask_is_refused(data: bytes) -> None:
    with pytest.raises(BadImageError):
        open_mask(data)


@pytest.mark.parametrize("colours", [2, 3, 5, 256])
@pytest.mark.parametrize("transparent", [False, True])
def test_indices_and_palette_of_a_gif_stay_and_a_fill_gets_a_colour(
    colours: int, transparent: bool
) -> None:
    values = drawn(colours - 1)
    image = Image.fromarray(values)
    image.putpalette(RNG.integers(0, 256, 3 * colours).tolist())
    extra = {"transparency": 1} if transparent else {}
    data = saved(image, "GIF", optimize=False, **extra)
    mask = open_mask(data, fill=255)
    np.testing.assert_array_equal(mask.pixels, values)
    moved = values[::-1].copy()
    moved[0] = 255
    written = mask.write(moved)
    assert mask.write(moved) == written
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(written)) as after:
        np.testing.assert_array_equal(np.asarray(after), moved)
        palettes = [each.getpalette()[: 3 * colours] for each in (before, after)]
        assert palettes[0] == palettes[1]
        assert after.info.get("transparency") == before.info.get("transparency")


@pytest.mark.parametrize("size", [6, 12, 30, 60])
def test_a_damaged_gif_is_refused(size: int) -> None:
    data = saved(Image.fromarray(drawn(255)), "GIF")
    with pytest.raises(BadImageError):
        open_mask(data[:size])
