"""Image codecs: bytes to pixels and back, losing nothing that the format can hold.

Pixels are H×W (grey) or H×W×C arrays of 8 or 16 bits; three channels are RGB, four RGBA. Pillow reads the header (what
the file is, its JPEG tables, its orientation), OpenCV decodes and encodes, four times as fast and to the same bits;
Pillow takes over where OpenCV cannot (grey with alpha, palettes, CMYK, unusual JPEG tables), tifffile for TIFF beyond
four channels or 8 bits.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, cast

import cv2
import numpy as np
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from expand.errors import BadImage
from expand.techniques.technique import Pixels
from expand.tiff import FROM_OPENCV, ORIENTATION, is_plain, read_tiff, write_tiff

FORMATS = {"png": (".png",), "jpg": (".jpg", ".jpeg"), "webp": (".webp",)}
"""What `--format` may ask for beside "keep", and the suffixes of such files."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".pgm", ".ppm"})
"""What counts as an image file: the suffixes that torchvision's ImageFolder reads."""
DEFAULT_QUALITY = {"JPEG": 95, "WEBP": 90}
Tables = tuple[tuple[int, tuple[int, ...]], ...]

Image.MAX_IMAGE_PIXELS = None  # large pictures are a user's right; memory is bounded by one image a worker
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # a bad file is reported once, by us


@dataclass(frozen=True)
class Encoding:
    """How a file holds its pixels; enough to write others like it.

    `quality` is None where nothing is lost. `tables` are JPEG quantisation tables that no quality of libjpeg gives,
    `sampling` is OpenCV's number for the chroma subsampling, `profile` an ICC colour profile.
    """

    format: str
    quality: int | None = None
    tables: Tables | None = None
    sampling: int | None = None
    profile: bytes | None = None

    def override(self, format_: str, quality: int | None) -> Encoding:
        """Return the encoding that `--format` and `--quality` ask for ("keep" and None: as the source has it)."""
        asked = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}.get(format_, self.format)
        if asked == self.format:
            if quality is None or self.quality is None:
                return self
            return replace(self, quality=quality, tables=None)
        lossy = DEFAULT_QUALITY.get(asked)
        return Encoding(asked, None if lossy is None else quality or lossy, profile=self.profile)


class Decoded(NamedTuple):
    """An image file: upright pixels, how they were encoded, and whether an orientation tag had to be applied."""

    pixels: Pixels
    encoding: Encoding
    turned: bool


def decode(data: bytes) -> Decoded:
    """Return the pixels of an image file, upright; raise BadImage in words if it is none, or cut off."""
    if not data:
        raise BadImage("is empty")
    try:
        header = Image.open(io.BytesIO(data))
        orientation = _orientation(header, data)
    except UnidentifiedImageError:
        return _from_tiff(data) if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") else _refuse(data)
    except (OSError, SyntaxError, ValueError, TypeError, EOFError) as error:
        raise BadImage(f"cannot be decoded ({error})") from error
    if header.format == "TIFF" and not is_plain(header):
        return _from_tiff(data)
    encoding = _encoding(header, data)
    if header.format == "TIFF":  # which Pillow turns upright itself
        return _decoded(_with_pillow(header), encoding, 1)._replace(turned=orientation != 1)
    pixels = _with_pillow(header) if header.mode in ("LA", "PA", "P", "CMYK", "1") else _with_opencv(data, header)
    return _decoded(pixels, encoding, orientation)


def encode(pixels: Pixels, encoding: Encoding) -> bytes:
    """Return an image file of these pixels; raise BadImage where the format cannot hold them."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    _check_fits(encoding.format, channels, pixels.dtype)
    if encoding.format == "TIFF":
        return write_tiff(pixels, encoding.profile)
    if channels == 2 or encoding.tables:
        return _encode_with_pillow(pixels, encoding)
    suffix, settings = _OPENCV[encoding.format](encoding, pixels.ndim)
    stored = cv2.cvtColor(pixels, _TO_OPENCV[channels]) if channels > 2 else pixels
    if encoding.profile and encoding.format != "PPM":
        tags = [cv2.IMAGE_METADATA_ICCP], [np.frombuffer(encoding.profile, np.uint8)]
        done, buffer = cv2.imencodeWithMetadata(suffix, stored, *tags, settings)
    else:
        done, buffer = cv2.imencode(suffix, stored, settings)
    if not done:
        raise BadImage(f"cannot be written as {encoding.format}")
    return buffer.tobytes()


def _decoded(pixels: Pixels, encoding: Encoding, orientation: int) -> Decoded:
    if pixels.dtype not in (np.uint8, np.uint16):
        raise BadImage(f"has pixels of type {pixels.dtype}; 8 and 16 bits are supported")
    return Decoded(upright(pixels, orientation), encoding, orientation in range(2, 9))


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return pixels as an EXIF orientation (1 … 8) says that they are to be seen."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _orientation(header: Image.Image, data: bytes) -> int:
    """Return the EXIF orientation; a PNG is searched first, since Pillow decodes all of it to find none."""
    if header.format == "PNG" and b"eXIf" not in data and b"Raw profile type exif" not in data:
        return 1
    return int(header.getexif().get(ORIENTATION, 1))


def _from_tiff(data: bytes) -> Decoded:
    page = read_tiff(data)
    return _decoded(page.pixels, Encoding("TIFF", profile=page.profile), page.orientation)


def _refuse(data: bytes) -> Decoded:
    raise BadImage("is no image" if not any(data.startswith(m) for m in _MAGIC) else "cannot be decoded (damaged header)")


_MAGIC = (b"\xff\xd8", b"\x89PNG", b"RIFF", b"BM", b"P5", b"P6", b"P2", b"P3")
_TO_OPENCV = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}


def _with_opencv(data: bytes, header: Image.Image) -> Pixels:
    if header.format == "PNG" and b"IEND" not in data[-64:]:
        raise BadImage("cannot be decoded (cut off)")
    if header.format == "PNG" and data[24:26] == b"\x10\x04":
        raise BadImage("is grey with alpha at 16 bits, which is not supported")
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise BadImage("cannot be decoded (cut off or damaged)")
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, FROM_OPENCV[pixels.shape[2]])


def _with_pillow(header: Image.Image) -> Pixels:
    try:
        if header.mode in ("P", "PA"):
            header = header.convert("RGBA" if "transparency" in header.info or header.mode == "PA" else "RGB")
        elif header.mode in ("CMYK", "1", "YCbCr"):
            header = header.convert("L" if header.mode == "1" else "RGB")
        return np.array(header)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadImage(f"cannot be decoded ({error})") from error


def _encoding(header: Image.Image, data: bytes) -> Encoding:
    """Return how an opened file was encoded."""
    kind, profile = str(header.format), header.info.get("icc_profile")
    kind = {"MPO": "JPEG"}.get(kind, kind)
    if kind == "JPEG":
        jpeg = cast(JpegImagePlugin.JpegImageFile, header)
        tables = _tables(jpeg)
        quality = _standard_tables().get(tables)
        return Encoding("JPEG", quality or 0, None if quality else tables, _sampling(jpeg), profile)
    if kind == "WEBP":
        lossless = b"VP8L" in data[12:64] or (data[12:16] == b"VP8X" and b"VP8L" in data and b"VP8 " not in data)
        return Encoding("WEBP", None if lossless else DEFAULT_QUALITY["WEBP"], profile=profile)
    if kind not in ("PNG", "BMP", "PPM", "TIFF"):
        raise BadImage(f"is a {kind} file; JPEG, PNG, WebP, BMP, TIFF, PGM and PPM are supported")
    return Encoding(kind, profile=profile)


def _tables(jpeg: Any) -> Tables:
    return tuple((number, tuple(table)) for number, table in sorted(jpeg.quantization.items()))


@lru_cache(maxsize=1)
def _standard_tables() -> dict[Tables, int]:
    """Return which quality of libjpeg gives which quantisation tables, for colour and for grey."""
    known: dict[Tables, int] = {}
    for shape in ((8, 8, 3), (8, 8)):
        for quality in range(1, 101):
            file = cv2.imencode(".jpg", np.zeros(shape, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            known.setdefault(_tables(Image.open(io.BytesIO(file))), quality)
    return known


def _sampling(jpeg: Any) -> int | None:
    """Return OpenCV's number for a colour JPEG's chroma subsampling (0x221111: 4:2:0), None where it has none for it."""
    factors = [(layer[1], layer[2]) for layer in jpeg.layer]
    if len(factors) != 3 or factors[1:] != [(1, 1), (1, 1)]:
        return None
    number = factors[0][0] << 20 | factors[0][1] << 16 | 0x1111
    return number if number in (0x111111, 0x211111, 0x221111, 0x121111, 0x411111) else None


def _jpeg(encoding: Encoding, dimensions: int) -> tuple[str, list[int]]:
    settings = [cv2.IMWRITE_JPEG_QUALITY, encoding.quality or DEFAULT_QUALITY["JPEG"]]
    if encoding.sampling and dimensions == 3:
        settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, encoding.sampling]
    return ".jpg", settings


def _webp(encoding: Encoding, _dimensions: int) -> tuple[str, list[int]]:
    if encoding.quality is None:
        return ".webp", [cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR]
    return ".webp", [cv2.IMWRITE_WEBP_QUALITY, encoding.quality]


_OPENCV: dict[str, Callable[[Encoding, int], tuple[str, list[int]]]] = {
    "JPEG": _jpeg,
    "WEBP": _webp,
    "PNG": lambda _encoding, _dimensions: (".png", []),
    "BMP": lambda _encoding, _dimensions: (".bmp", []),
    "PPM": lambda _encoding, dimensions: (".pgm" if dimensions == 2 else ".ppm", []),
}


def _encode_with_pillow(pixels: Pixels, encoding: Encoding) -> bytes:
    """Return a file that OpenCV does not write: a JPEG with tables of its own, a PNG of grey with alpha."""
    buffer = io.BytesIO()
    settings: dict[str, Any] = {"icc_profile": encoding.profile} if encoding.profile else {}
    if encoding.tables:
        settings["qtables"] = {number: list(table) for number, table in encoding.tables}
        settings["subsampling"] = {0x111111: 0, 0x211111: 1, 0x411111: "4:1:1"}.get(encoding.sampling or 0, 2)
    else:
        settings["compress_level"] = 1
    Image.fromarray(pixels).save(buffer, encoding.format, **settings)
    return buffer.getvalue()


def _check_fits(kind: str, channels: int, depth: np.dtype[Any]) -> None:
    """Refuse pixels that a format cannot hold."""
    holds = {"JPEG": (1, 3), "PPM": (1, 3), "BMP": (1, 3, 4), "WEBP": (3, 4), "PNG": (1, 2, 3, 4)}.get(kind)
    if holds and channels not in holds:
        what = "is grey" if channels == 1 else f"has {channels} channels"
        raise BadImage(f"{what}, which {kind} cannot hold")
    if depth == np.uint16 and (kind in ("JPEG", "BMP", "WEBP") or (kind == "PNG" and channels == 2)):
        raise BadImage(f"has 16 bits, which {kind} cannot hold")
