"""The one door: what is damaged, too large or not understood is refused with a reason in words."""

from __future__ import annotations

import io
import lzma
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from PIL import Image

from expand.cli.command import command
from expand.errors import BadImageError, ExpandError
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import MAX_PIXELS, Encoding, set_max_pixels
from expand.images.readers.tiff_parts import SAFE_PART
from tests.conftest import Folder, noise_image
from tests.expand.images.files import chunk, png, raw_tiff, saved, tiff, with_tags

RGB = noise_image(24, 36, 3)
GREY_16 = noise_image(24, 36, depth=np.uint16)
FRAMES = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]


def frames(kind: str, **settings: object) -> bytes:
    return saved(FRAMES[0], kind, save_all=True, append_images=FRAMES[1:], **settings)


def bmp(width: int, height: int, bits: int = 24, compression: int = 0, size: int = 40) -> bytes:
    header = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 54) + header + bytes(400)


SEPARATED = {"photometric": "separated", "planarconfig": "contig"}
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "an animated WebP": (lambda: frames("WEBP"), "is an animation"),
    "an animated PNG": (lambda: frames("PNG"), "is an animation of 3 frames"),
    "TIFF pages": (lambda: frames("TIFF"), "several pages"),
    "TIFF pages of different sizes": (
        lambda: saved(FRAMES[0], "TIFF", save_all=True, append_images=[FRAMES[1].resize((9, 9))]),
        "several pages",
    ),
    "a stack of 16-bit pages": (
        lambda: tiff(noise_image(120, 64, 64, depth=np.uint16), photometric="minisblack"),
        "several pages",
    ),
    "a stack of small pages": (
        lambda: tiff(noise_image(90, 16, 16), photometric="minisblack"),
        "several pages",
    ),
    "a stack of ImageJ": (
        lambda: tiff(noise_image(5, 20, 30, depth=np.uint16), imagej=True),
        "several pages",
    ),
    "a stack with one entry for all pages": (
        lambda: tiff(noise_image(5, 20, 30), photometric="minisblack", metadata={"truncate": True}),
        "several pages",
    ),
    "16-bit CMYK": (
        lambda: tiff(noise_image(9, 9, 4, depth=np.uint16), **SEPARATED),
        r"4 channels \(CMYK\) of 16 bits",
    ),
    "five inks": (lambda: tiff(noise_image(9, 9, 5), **SEPARATED), "of a kind that is not supported"),
    "inks that are not CMYK": (
        lambda: tiff(noise_image(9, 9, 4), **SEPARATED, extratags=[(332, "H", 1, 2, True)]),
        "inks other than CMYK",
    ),
    "CIELab": (lambda: tiff(noise_image(9, 9, 3), photometric="cielab"), "holds CIELab"),
    "a transparency mask": (lambda: with_tags(RGB, {262: 4}), "holds a transparency mask"),
    "LogLuv": (lambda: with_tags(RGB, {262: 32845}), "holds LogLuv"),
    "raw sensor data": (lambda: with_tags(RGB, {262: 32803}), "holds raw sensor data"),
    "an unknown photometric kind": (lambda: with_tags(RGB, {262: 4711}), "colours of kind 4711"),
    "12 bits": (lambda: with_tags(GREY_16, {258: 12}), "of type uint12"),
    "16-bit palette": (
        lambda: tiff(GREY_16, photometric="palette", colormap=np.zeros((3, 65536), np.uint16)),
        "palette",
    ),
    **{
        f"TIFF of {kind}": (
            lambda kind=kind: tiff(np.zeros((9, 9), kind)),  # type: ignore[misc]
            f"has pixels of type {kind.replace('64', '')}",
        )
        for kind in ("int8", "int16", "int32", "uint32", "float16", "float32", "float64", "complex64")
    },
    "a TIFF with too few strips": (lambda: with_tags(RGB, {278: 6}), "its header is damaged"),
    "a TIFF of one strip and more rows": (
        lambda: raw_tiff(noise_image(6, 9), 8, {262: ("H", 1), 257: ("I", 60)}),
        "its header is damaged",
    ),
    "a page that is a thumbnail": (lambda: with_tags(RGB, {254: 1}), "begins with a thumbnail"),
    "a PGM of several images": (
        lambda: b"P5 2 2 255\n\1\2\3\4P5 2 2 255\n\1\2\3\4",
        "holds several images",
    ),
    "a PPM of text with several images": (lambda: b"P2 1 1 9\n5\nP2 1 1 9\n5\n", "several images"),
    "a PGM with values above its maximum": (lambda: b"P5 2 1 100\n\1\xc8", "above 100"),
    "a PAM file": (
        lambda: b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n\1",
        "is a PAM file",
    ),
    "a PGM of text with a negative value": (lambda: b"P2 2 1 255\n1 -2", "values above|below"),
    "a HEIC file": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC file"),
    "a page of the web": (lambda: b"<!DOCTYPE html><html>404</html>", "is not an image"),
    "a PFM file": (lambda: saved(Image.new("F", (4, 4)), "PPM"), "floating-point"),
    "a short PGM": (lambda: b"P5 20 20 255\n" + bytes(100), "truncated"),
    "a short text": (lambda: b"P2 2 2 255\n1 2 3", "truncated"),
    "a BMP with a JPEG inside": (lambda: bmp(4, 4, 0, 4), "with a JPEG file inside"),
    "a BMP with a PNG inside": (lambda: bmp(4, 4, 0, 5), "with a PNG file inside"),
    "a BMP of a negative width": (lambda: bmp(-8, 8), "its header is damaged"),
    "a BMP of no height": (lambda: bmp(8, 0), "its header is damaged"),
    "a BMP of an unknown header": (lambda: bmp(8, 8, size=41), "its header is damaged"),
    "a BMP of 2 bits": (lambda: bmp(8, 8, 2), "of 2 bits"),
    "a BMP that is too short": (lambda: bmp(50, 50, 32), "truncated"),
    "a BMP with its pixels in its header": (
        lambda: bmp(8, 8)[:10] + bytes(4) + bmp(8, 8)[14:],
        "its header is damaged",
    ),
    "a number with a null character": (lambda: b"P2 2 1 255\n1\0 2", "cannot be decoded"),
    "a JPEG of 12 bits": (
        lambda: saved(FRAMES[0], "JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"),
        "12 bits per channel",
    ),
    "a sound": (lambda: b"RIFF\x10\0\0\0WAVEfmt \0\0\0\0", "is not an image"),
    "a huge PNG": (lambda: png(60000, 60000, 8, 0, b""), "60,000×60,000 pixels.*--max-pixels"),
    "a large PNG with little data": (lambda: png(12000, 12000, 16, 6, b""), "truncated"),
    "a PNG with an endless chunk": (
        lambda: png(8, 8, 8, 0, bytes(72)).replace(b"\0\0\0\x0cIDAT", b"\xff\xff\0\0IDAT"),
        "truncated",
    ),
    "a large BMP of run lengths with little data": (lambda: bmp(12000, 12000, 8, 1), "truncated"),
    "a huge PGM": (lambda: b"P5 100000 100000 255\n", "--max-pixels"),
    "a huge BMP": (lambda: bmp(1 << 30, 1 << 30), "--max-pixels"),
    "a huge WebP": (
        lambda: b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff",
        "--max-pixels",
    ),
    "a huge TIFF": (lambda: with_tags(RGB, {256: 60000, 257: 60000}), "--max-pixels"),
    "a huge TIFF of 16 bits": (lambda: with_tags(GREY_16, {256: 60000, 257: 60000}), "--max-pixels"),
    "a TIFF that says nothing of its colours": (
        lambda: with_tags(RGB, {262: None}),
        "its header is damaged",
    ),
}  # fmt: skip
PACKAGES = re.compile(
    r"PIL|cv2|OpenCV|opencv|tifffile|imagecodecs|numpy|module|Error|0x|object|<|_"
)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_refused_with_a_reason_in_words(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    make, reason = REFUSED[name]
    with pytest.raises(BadImageError, match=reason) as raised:
        decode(make())
    assert not PACKAGES.search(str(raised.value))
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def limit() -> Iterator[Callable[[str], object]]:
    """Return a function that sets the limit on pixels for one test."""
    yield set_max_pixels
    set_max_pixels(None)


def test_the_limit_on_pixels_can_be_changed(limit: Callable[[str], object]) -> None:
    data = encode(noise_image(20, 30), Encoding("PNG"))
    assert decode(data, 600).pixels.shape == (20, 30)
    with pytest.raises(BadImageError, match="30×20 pixels by its header, more than 599"):
        decode(data, 599)
    limit("599")
    with pytest.raises(BadImageError, match="--max-pixels"):
        decode(data)
    assert Image.MAX_IMAGE_PIXELS is None, "Pillow has no limit of its own"
    assert MAX_PIXELS == 2 * (1024 * 1024 * 1024 // 4 // 3), "the size that Pillow refuses"


FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM")
SAMPLES = {
    **{kind: encode(RGB[:12, :16], Encoding(kind, 90 if kind == "JPEG" else None)) for kind in FORMATS},
    "palette BMP": saved(Image.fromarray(RGB[:12, :16]).quantize(16), "BMP"),
    "palette PNG": saved(Image.fromarray(RGB[:12, :16]).quantize(16), "PNG", transparency=3),
    "CMYK JPEG": saved(Image.fromarray(RGB[:12, :16]).convert("CMYK"), "JPEG"),
    "16-bit TIFF": encode(GREY_16[:12, :16], Encoding("TIFF")),
    "LZW TIFF": saved(Image.fromarray(RGB[:12, :16]), "TIFF", compression="tiff_lzw"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_damage_anywhere_ends_in_pixels_or_a_reason(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data, generator, reasons = SAMPLES[name], np.random.default_rng(0), []
    for _ in range(60):
        damaged = bytearray(data)
        for at in generator.integers(0, min(len(data), 200), generator.integers(1, 4)):
            damaged[at] = generator.integers(256)
        cut = int(generator.integers(1, 2 * len(data)))
        try:
            assert decode(bytes(damaged[:cut]), 1_000_000).pixels.size
        except BadImageError as error:
            reasons.append(str(error))
    assert reasons
    assert not PACKAGES.search("; ".join(reasons))
    assert capfd.readouterr() == ("", "")


def test_whatever_a_decoder_raises_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(RGB, Encoding("PNG"))
    for error in (
        MemoryError(),
        cv2.error("C++"),
        RecursionError(),
        OverflowError(),
        struct.error(),
    ):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(cv2, "imdecode", fail)
        with pytest.raises(BadImageError, match="^cannot be decoded: "):
            decode(data)


NOISY = """
import sys, threading, warnings
from pathlib import Path
warnings.simplefilter("default")
from expand.errors import BadImageError
from expand.images.decoder import decode
def read():
    for file in sys.argv[1:]:
        try: decode(Path(file).read_bytes())
        except BadImageError: pass
threads = [threading.Thread(target=read) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("mine", file=sys.stderr)
import cv2, numpy, os
cv2.imdecode(numpy.frombuffer(Path(sys.argv[1]).read_bytes(), "u1"), -1)
"""


def test_image_libraries_print_nothing_and_others_still_can(tmp_path: Path) -> None:
    jpeg = saved(FRAMES[0], "JPEG")
    noisy = {
        "bad.png": png(2, 2, 8, 0, b"\0\1\2\0\3\4")[:-20] + bytes(20),
        "a.jpg": jpeg[:-40] + b"\xff\0\x12\x34" + jpeg[-40:],
        "b.jpg": jpeg[:2] + b"\xff\xe1\0\x10Exif\0\0II*\0\x08\0\0\0" + jpeg[2:],
        "c.tif": tiff(noise_image(9, 9, 7), photometric="minisblack", planarconfig="contig"),
        "d.png": png(2, 2, 8, 0, b"\0\1\2\0\3\4", [chunk(b"iCCP", b"x\0\0" + zlib.compress(b"y"))]),
    }
    names = []
    for name, data in noisy.items():
        names.append(str(tmp_path / name))
        with open(names[-1], "wb") as file:
            file.write(data)
    done = subprocess.run(
        [sys.executable, "-c", NOISY, *names], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    first, *rest = done.stderr.splitlines()
    assert first == "mine"
    assert "libpng" in "".join(rest), "after decoding, C libraries print again"


@pytest.mark.parametrize("side", [65501, 16384])
def test_what_is_too_wide_for_a_format_is_refused(side: int) -> None:
    wide = np.zeros((1, side, 3), np.uint8)
    with pytest.raises(BadImageError, match=f"is {side}×1 pixels; WEBP holds at most 16383"):
        encode(wide, Encoding("WEBP"))
    if side > 65500:
        with pytest.raises(BadImageError, match="JPEG holds at most 65500"):
            encode(wide, Encoding("JPEG", 90))
    assert decode(encode(wide, Encoding("PNG"))).pixels.shape == wide.shape


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_with_missing_data_is_refused(mode: str, progressive: bool) -> None:
    image = Image.fromarray(noise_image(60, 80, 3)).convert(mode)
    data = saved(image, "JPEG", quality=90, progressive=progressive)
    half, end = data[: len(data) // 2], b"\xff\xd9"
    for cut in (half, half + end, half + bytes(len(half)), half + end + bytes(100), data[:-2]):
        with pytest.raises(BadImageError, match="the file is truncated"):
            decode(cut)
    assert decode(data + bytes(100)).pixels.shape[:2] == (60, 80)


def test_a_jpeg_with_a_damaged_middle_is_read_as_pillow_reads_it() -> None:
    data = bytearray(saved(Image.fromarray(noise_image(60, 80, 3)), "JPEG", quality=90))
    data[len(data) // 2] ^= 8  # libjpeg says: extraneous bytes before marker
    shown = np.asarray(Image.open(io.BytesIO(bytes(data))))
    np.testing.assert_array_equal(decode(bytes(data)).pixels, shown)


@pytest.mark.parametrize("compression", ["zlib", "lzma"])
def test_a_part_of_a_tiff_that_becomes_more_than_the_image_is_refused(
    compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = {"zlib": zlib, "lzma": lzma}[compression].compress(bytes(9_000_000))
    monkeypatch.setitem(SAFE_PART, 8, 1000)  # so that a small file stands for a large one
    data = bytearray(
        tiff(GREY_16, photometric="minisblack", compression=compression, metadata=None)
    )
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tags = file.pages[0].tags
        for code, value in ((273, len(data)), (279, len(packed))):
            struct.pack_into("<I", data, tags[code].valueoffset, value)
    with pytest.raises(BadImageError, match="damaged"):
        decode(bytes(data) + packed)


def test_a_tiff_with_missing_parts_is_refused() -> None:
    data = bytearray(tiff(GREY_16, photometric="minisblack"))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        start = file.pages[0].tags[273].valueoffset
    data[start : start + 4] = bytes(4)
    with pytest.raises(BadImageError, match="truncated"):
        decode(bytes(data))


def test_the_option_max_pixels_holds_in_workers_and_ends_with_the_command(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder(
        {"a/large.png": noise_image(40, 50, 3), "a/small.png": noise_image(20, 30, 3)}
    )
    out = tmp_path / "out"
    options = ["--max-pixels", "1000", "--workers", "2", "-q"]
    run = ["run", str(src), str(out)]
    result = CliRunner().invoke(command, [*run, *options], standalone_mode=False)
    assert result.return_value == 1
    reason = '"a/large.png" is 50×40 pixels by its header, more than 1,000'
    assert reason in result.output
    assert not any("max_pixels" in line for line in (out / "metadata.jsonl").open())
    assert "EXPAND_MAX_PIXELS" not in os.environ
    again = CliRunner().invoke(command, [*run, "-q"], standalone_mode=False)
    assert again.return_value == 0, again.output
    assert len(list((out / "a").iterdir())) == 8, "another limit resumes"


@pytest.mark.parametrize("value", ["0", "-1", "", "x", "1e6"])
def test_a_limit_that_is_no_number_is_refused(value: str, limit: Callable[[str], object]) -> None:
    limit(value)
    with pytest.raises(ExpandError, match="EXPAND_MAX_PIXELS must be a number of pixels, got"):
        decode(encode(RGB, Encoding("PNG")))
