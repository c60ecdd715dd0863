"""Codecs: decoding keeps what a file holds; a bad file is refused with the reason."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from expand.errors import BadImageError
from expand.images.decoder import decode, upright
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.images.readers.jpeg_headers import quantisation_tables, standard_tables
from expand.images.readers.picture import ORIENTATION
from tests.conftest import noise_image
from tests.expand.images.files import cmyk_profile, saved, with_tag

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def by_pillow(image: Image.Image, kind: str, **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


LOSSLESS = [
    *[("PNG", channels, depth) for channels in (None, 3, 4) for depth in (np.uint8, np.uint16)],
    ("PNG", 2, np.uint8), ("PNG", 2, np.uint16),
    *[("TIFF", channels, depth) for channels in (None, 2, 3, 4, 5, 8) for depth in (np.uint8, np.uint16)],
    ("BMP", None, np.uint8), ("BMP", 3, np.uint8), ("BMP", 4, np.uint8),
    *[("PPM", channels, depth) for channels in (None, 3) for depth in (np.uint8, np.uint16)],
    ("WEBP", 3, np.uint8), ("WEBP", 4, np.uint8),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "channels", "depth"), LOSSLESS)
def test_lossless_formats_give_back_every_bit(kind: str, channels: int | None, depth: type) -> None:
    pixels = noise_image(13, 21, channels, depth=depth)
    decoded = decode(encode(pixels, Encoding(kind)))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.pixels.dtype == depth
    assert decoded.encoding == Encoding(kind)
    assert not decoded.turned


@pytest.mark.parametrize("quality", [1, 30, 75, 90, 100])
@pytest.mark.parametrize(("subsampling", "number"), [(0, 0x111111), (1, 0x211111), (2, 0x221111)])
def test_a_jpeg_keeps_its_tables_and_its_subsampling(
    quality: int, subsampling: int, number: int
) -> None:
    source = by_pillow(
        Image.fromarray(noise_image(40, 30, 3)), "JPEG", quality=quality, subsampling=subsampling
    )
    decoded = decode(source)
    assert (decoded.encoding.quality, decoded.encoding.sampling) == (quality, number)
    copy, original = (
        Image.open(io.BytesIO(data)) for data in (encode(decoded.pixels, decoded.encoding), source)
    )
    assert copy.quantization == original.quantization
    assert [layer[1:3] for layer in copy.layer] == [layer[1:3] for layer in original.layer]


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_jpeg_keeps_tables_of_its_own(mode: str) -> None:
    tables = {0: [3 + i // 5 for i in range(64)], 1: [7 + i // 3 for i in range(64)]}
    tables = tables if mode == "RGB" else {0: tables[0]}
    image = Image.fromarray(noise_image(40, 30, 3)).convert(mode)
    decoded = decode(
        by_pillow(
            image,
            "JPEG",
            qtables=tables,
            subsampling=1 if mode == "RGB" else 0,
            icc_profile=PROFILE,
        )
    )
    copy = Image.open(io.BytesIO(encode(decoded.pixels, decoded.encoding)))
    assert {number: list(table) for number, table in copy.quantization.items()} == tables
    assert copy.info.get("icc_profile") == (PROFILE if mode == "RGB" else None)
    asked = decoded.encoding.override("keep", 60)
    assert decode(encode(decoded.pixels, asked)).encoding.quality == 60


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "PPM", "TIFF"])
@pytest.mark.parametrize("first", [0, 1])
def test_rgb_in_an_array_of_four_channels_is_written_as_rgb_alone(kind: str, first: int) -> None:
    four = noise_image(13, 21, 4)
    rgb = four[..., first : first + 3]
    encoding = Encoding(kind, 90 if kind == "JPEG" else None)
    assert encode(rgb, encoding) == encode(rgb.copy(), encoding)
    assert encode(rgb[2:, ::2], encoding) == encode(rgb[2:, ::2].copy(), encoding)


def test_grey_jpeg_stays_grey() -> None:
    decoded = decode(encode(noise_image(20, 30), Encoding("JPEG", 80)))
    assert decoded.pixels.shape == (20, 30)
    assert decoded.encoding.quality == 80


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_a_colour_profile_stays(kind: str) -> None:
    quality = 90 if kind == "JPEG" else None
    first = encode(noise_image(16, 16, 3), Encoding(kind, quality, profile=PROFILE))
    assert decode(first).encoding.profile == PROFILE
    assert decode(encode(decode(first).pixels, decode(first).encoding)).encoding.profile == PROFILE


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_an_orientation_is_applied_and_dropped(orientation: int, kind: str) -> None:
    pixels = np.kron(noise_image(4, 6, 3), np.ones((8, 8, 1), np.uint8))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    settings = (
        {"lossless": True}
        if kind == "WEBP"
        else {"quality": 100, "subsampling": 0}
        if kind == "JPEG"
        else {}
    )
    decoded = decode(by_pillow(Image.fromarray(pixels), kind, exif=exif.tobytes(), **settings))
    seen = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.swapaxes(0, 1),
    }
    seen |= {6: np.rot90(pixels, -1), 7: np.rot90(pixels.swapaxes(0, 1), 2), 8: np.rot90(pixels)}
    assert decoded.turned == (orientation != 1)
    assert np.abs(decoded.pixels.astype(int) - seen[orientation]).max() <= (
        6 if kind == "JPEG" else 0
    )
    again = decode(encode(decoded.pixels, decoded.encoding))
    assert not again.turned


def palette(**settings: object) -> bytes:
    return by_pillow(Image.fromarray(noise_image(9, 9, 3)).quantize(16), "PNG", **settings)


MODES: dict[str, tuple[Callable[[], bytes], tuple[int, ...]]] = {
    "palette": (palette, (9, 9, 3)),
    "palette with transparency": (lambda: palette(transparency=3), (9, 9, 4)),
    "one bit": (lambda: by_pillow(Image.fromarray(noise_image(9, 9)).convert("1"), "PNG"), (9, 9)),
    "CMYK": (
        lambda: by_pillow(Image.fromarray(noise_image(9, 9, 3)).convert("CMYK"), "JPEG"),
        (9, 9, 3),
    ),
    "palette BMP": (
        lambda: by_pillow(Image.fromarray(noise_image(9, 9, 3)).quantize(16), "BMP"),
        (9, 9, 3),
    ),
    "palette TIFF": (
        lambda: by_pillow(Image.fromarray(noise_image(9, 9, 3)).quantize(16), "TIFF"),
        (9, 9, 3),
    ),
    "LZW TIFF": (
        lambda: by_pillow(Image.fromarray(noise_image(9, 9, 3)), "TIFF", compression="tiff_lzw"),
        (9, 9, 3),
    ),
    "one-bit TIFF": (
        lambda: by_pillow(Image.fromarray(noise_image(9, 9)).convert("1"), "TIFF"),
        (9, 9),
    ),
}


@pytest.mark.parametrize("name", MODES)
def test_other_kinds_of_pixels_are_read_as_what_they_show(name: str) -> None:
    make, shape = MODES[name]
    data = make()
    decoded = decode(data)
    assert decoded.pixels.shape == shape
    shown = Image.open(io.BytesIO(data)).convert(
        {2: "L", 3: "RGB", 4: "RGBA"}.get(len(shape) if len(shape) == 2 else shape[2], "RGB")
    )
    np.testing.assert_array_equal(decoded.pixels, np.asarray(shown))
    assert decode(encode(decoded.pixels, decoded.encoding)).pixels.shape == shape


def tiff(pixels: np.ndarray, **settings: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **settings)
    return buffer.getvalue()


def test_many_channels_are_read_however_they_were_laid_out() -> None:
    pixels = noise_image(20, 30, 6, depth=np.uint16)
    np.testing.assert_array_equal(
        decode(tiff(pixels, photometric="minisblack", planarconfig="contig")).pixels, pixels
    )
    planes = np.moveaxis(pixels, -1, 0)
    np.testing.assert_array_equal(
        decode(tiff(planes, photometric="minisblack", planarconfig="separate")).pixels, pixels
    )
    np.testing.assert_array_equal(
        decode(tiff(pixels)).pixels, pixels
    )  # as tifffile writes an array that it is told nothing of


def test_a_compressed_16_bit_tiff_is_read() -> None:
    pixels = noise_image(20, 30, 3, depth=np.uint16)
    data = cv2.imencode(
        ".tiff", pixels[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_LZW]
    )[1].tobytes()
    np.testing.assert_array_equal(decode(data).pixels, pixels)


JPEG = encode(noise_image(64, 64, 3), Encoding("JPEG", 90))
PNG = encode(noise_image(64, 64, 3), Encoding("PNG"))
BAD = {
    "empty": (b"", "is empty"),
    "text": (b"not an image at all", "is not an image"),
    "cut JPEG": (JPEG[: len(JPEG) // 2], "cannot be decoded"),
    "JPEG without its last bytes": (JPEG[:-40], "cannot be decoded"),
    "cut PNG": (PNG[: len(PNG) // 2], "truncated"),
    "PNG without its end": (PNG[:-12], "truncated"),
    "damaged PNG": (PNG[:60] + bytes(200) + PNG[260:], "cannot be decoded"),
    "header only": (PNG[:20], "cannot be decoded"),
    "cut TIFF": (encode(noise_image(64, 64, 6), Encoding("TIFF"))[:2000], "cannot be decoded"),
    "TIFF header only": (b"II*\0\x08\0\0\0", "cannot be decoded"),
    "cut BMP": (encode(noise_image(64, 64, 3), Encoding("BMP"))[:400], "cannot be decoded"),
    "cut WebP": (encode(noise_image(64, 64, 3), Encoding("WEBP"))[:400], "cannot be decoded"),
    "a GIF": (by_pillow(Image.fromarray(noise_image(9, 9)), "GIF"), "is a GIF file"),
    "float TIFF": (tiff(np.zeros((9, 9), np.float32)), "pixels of type float32"),
    "a stack of pages": (
        tiff(noise_image(9, 30, 40), photometric="minisblack", metadata={"axes": "ZYX"}),
        "several pages",
    ),
    "16-bit grey with alpha": (PNG[:24] + b"\x10\x04" + PNG[26:], "cannot be decoded|16 bits"),
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_the_reason(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data, message = BAD[name]
    with pytest.raises(BadImageError, match=message):
        decode(data)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == "" or printed.err.startswith(
        "libpng error"
    )  # which writes to the terminal past everybody


@pytest.mark.parametrize(
    ("kind", "channels", "depth"),
    [("JPEG", 4, np.uint8), ("JPEG", None, np.uint16), ("WEBP", None, np.uint8), ("PNG", 6, np.uint8), ("BMP", 2, np.uint8),
     ("PPM", 4, np.uint8), ("WEBP", 3, np.uint16)],
)  # fmt: skip
def test_what_a_format_cannot_hold_is_refused(kind: str, channels: int | None, depth: type) -> None:
    with pytest.raises(BadImageError, match="cannot hold"):
        encode(noise_image(8, 8, channels, depth=depth), Encoding(kind, 90))


def test_overriding_the_format_and_the_quality() -> None:
    png, jpeg = Encoding("PNG", profile=b"x"), Encoding("JPEG", 70, sampling=0x221111)
    assert png.override("keep", 50) == png  # nothing is lost, whatever the quality
    assert png.override("jpg", None) == Encoding("JPEG", 95, profile=b"x")
    assert jpeg.override("keep", None) == jpeg
    assert jpeg.override("jpg", 50) == Encoding("JPEG", 50, sampling=0x221111)
    assert jpeg.override("png", 50) == Encoding("PNG")
    assert jpeg.override("webp", 50) == Encoding("WEBP", 50)


def test_decoding_agrees_with_pillow_bit_for_bit() -> None:
    for subsampling in (0, 1, 2):
        data = by_pillow(
            Image.fromarray(noise_image(33, 47, 3)), "JPEG", quality=80, subsampling=subsampling
        )
        np.testing.assert_array_equal(decode(data).pixels, np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("profile", [None, PROFILE])
@pytest.mark.parametrize("quality", [None, 80])
@pytest.mark.parametrize("size", [(1, 1), (33, 47)])
def test_a_webp_keeps_an_alpha_channel_that_is_opaque(
    profile: bytes | None, quality: int | None, size: tuple[int, int]
) -> None:
    pixels = noise_image(*size, 4)
    pixels[..., 3] = 255
    encoding = Encoding("WEBP", quality and 90, profile=profile)
    file = encode(pixels, encoding)
    shown = Image.open(io.BytesIO(file))
    assert shown.mode == "RGBA"
    assert shown.info.get("icc_profile") == profile
    decoded = decode(file)
    assert decoded.encoding == encoding
    np.testing.assert_array_equal(decoded.pixels, np.asarray(shown))
    assert (decoded.pixels[..., 3] == 255).all()
    if quality is None:
        np.testing.assert_array_equal(decoded.pixels, pixels)
    else:
        without = decode(encode(pixels[..., :3], encoding)).pixels
        np.testing.assert_array_equal(decoded.pixels[..., :3], without)


def test_a_lossy_webp_gives_lossy_copies() -> None:
    decoded = decode(by_pillow(Image.fromarray(noise_image(33, 47, 3)), "WEBP", quality=50))
    assert decoded.encoding.quality == 90
    assert len(encode(decoded.pixels, decoded.encoding)) < len(
        encode(decoded.pixels, Encoding("WEBP"))
    )


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted_through_its_profile(kind: str) -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:8, :, 3] = 255
    image = Image.fromarray(inks, "CMYK")
    plain = decode(saved(image, kind)).pixels
    assert plain[:7].max() < 10
    assert plain[9:].min() > 245
    decoded = decode(saved(image, kind, icc_profile=cmyk_profile()))
    assert decoded.pixels[:7].min() > 245
    assert decoded.pixels[9:].max() < 10
    assert decoded.encoding.profile is None
    damaged = cmyk_profile()[:400]
    np.testing.assert_array_equal(decode(saved(image, kind, icc_profile=damaged)).pixels, plain)


def test_the_first_picture_of_a_multi_picture_jpeg_is_read() -> None:
    first, second = (Image.fromarray(noise_image(24, 32, 3, seed=seed)) for seed in (0, 1))
    data = saved(first, "MPO", save_all=True, append_images=[second])
    alone = decode(saved(first, "JPEG"))
    decoded = decode(data)
    np.testing.assert_array_equal(decoded.pixels, alone.pixels)
    assert decoded.encoding == alone.encoding


def test_pages_of_a_tiff_that_are_smaller_versions_are_left_out() -> None:
    pixels = noise_image(24, 32, 3)
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(pixels, photometric="rgb", subifds=1)
        file.write(pixels[::2, ::2], photometric="rgb", subfiletype=1)
        file.write(pixels[::4, ::4], photometric="rgb", subfiletype=1)
    np.testing.assert_array_equal(decode(buffer.getvalue()).pixels, pixels)


@pytest.mark.parametrize("maker", ["lzw", "none"])
@pytest.mark.parametrize("channels", [None, 3, 4])
def test_a_16_bit_tiff_is_turned_upright_however_it_is_compressed(
    maker: str, channels: int | None
) -> None:
    pixels = noise_image(6, 9, channels, depth=np.uint16)
    stored = pixels if channels is None else pixels[..., [2, 1, 0, 3][:channels]]
    number = {"lzw": cv2.IMWRITE_TIFF_COMPRESSION_LZW, "none": cv2.IMWRITE_TIFF_COMPRESSION_NONE}
    data = cv2.imencode(".tiff", stored, [cv2.IMWRITE_TIFF_COMPRESSION, number[maker]])[1]
    for orientation in (1, 2, 3, 4, 5, 6, 7, 8):
        decoded = decode(with_tag(data.tobytes(), ORIENTATION, orientation))
        np.testing.assert_array_equal(decoded.pixels, upright(pixels, orientation))
        assert decoded.turned == (orientation > 1)


@pytest.mark.parametrize("form", [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 99])
def test_an_orientation_of_any_type_is_read_as_pillow_reads_it(form: int) -> None:
    place = {2: b"6\0\0\0", 5: b"\x1a\0\0\0", 12: b"\x1a\0\0\0"}.get(form, b"\6\0\0\0")
    more = struct.pack("<d", 6.0) if form == 12 else struct.pack("<II", 6, 1)
    entry = struct.pack("<HHHI", 1, ORIENTATION, form, 1) + place + bytes(4)
    data = by_pillow(
        Image.fromarray(noise_image(24, 32, 3)),
        "JPEG",
        exif=b"Exif\0\0II*\0\x08\0\0\0" + entry + more,
    )
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(decode(data).pixels, np.asarray(shown))


@pytest.mark.parametrize("exif", [b"", b"II*\0", b"XX*\0\x08\0\0\0", b"II*\0\xff\xff\xff\xff"])
def test_exif_data_that_is_damaged_is_ignored(exif: bytes) -> None:
    image = Image.fromarray(noise_image(24, 32, 3))
    for kind in ("JPEG", "PNG"):
        assert not decode(by_pillow(image, kind, exif=b"Exif\0\0" + exif)).turned


@pytest.mark.parametrize("end", [b"\r\n", b" # max\n", b"# max\n", b"\n", b" ", b"\r"])
@pytest.mark.parametrize("dtype", ["u1", ">u2"])
def test_no_pixel_moves_after_an_unusual_end_of_a_pgm_header(end: bytes, dtype: str) -> None:
    pixels = noise_image(5, 7).astype(dtype)
    pixels[0, 0] = 10  # which is a line end, where it is a byte
    header = b"P5\r\n# microscope\r\n7 5\r\n%d" % np.iinfo(dtype).max
    decoded = decode(header + end + pixels.tobytes())
    assert np.array_equal(decoded.pixels, pixels)


@pytest.mark.parametrize("shape", [(8, 8, 3), (8, 8)])
def test_the_quality_of_a_jpeg_is_known_by_its_tables(shape: tuple[int, ...]) -> None:
    found = []
    for quality in range(1, 101):
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
        file = cv2.imencode(".jpg", np.zeros(shape, np.uint8), options)[1].tobytes()
        found.append(standard_tables()[quantisation_tables(Image.open(io.BytesIO(file)))])
    assert found == list(range(1, 101))
