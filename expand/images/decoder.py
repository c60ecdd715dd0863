"""Decode image files to pixels: all bits and channels that the file holds.

Pixels are H×W (grey) or H×W×C arrays of 8 or 16 bits; two channels are grey and alpha, three RGB,
four RGBA. All images are decoded here, and whatever goes wrong is a `BadImageError` with a reason.
Each format has a reader that opens the file, which reads the header, and loads the pixels. OpenCV
loads most, four times as fast as Pillow and to the same bits.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

from expand.errors import BadImageError
from expand.geometry import IDENTITY, Affine, Size
from expand.images.channels import usual_extra
from expand.images.formats import FORMATS, Encoding, max_pixels
from expand.images.pixels import Pixels, has_memory
from expand.images.profiles import fits
from expand.images.quiet import quiet
from expand.images.readers.jpeg import open_jpeg
from expand.images.readers.picture import DAMAGED, DAMAGED_HEADER, TRUNCATED, Picture
from expand.images.readers.png import open_png

# `decode` has a limit of its own, which comes from a setting
Image.MAX_IMAGE_PIXELS = None


def _open_webp(data: bytes) -> Picture:
    from expand.images.readers.webp import open_webp

    return open_webp(data)


def _open_bmp(data: bytes) -> Picture:
    from expand.images.readers.bmp import open_bmp

    return open_bmp(data)


def _open_tiff(data: bytes) -> Picture:
    from expand.images.readers.tiff import open_tiff

    return open_tiff(data)


def _open_pnm(data: bytes) -> Picture:
    from expand.images.readers.pnm import open_pnm

    return open_pnm(data)


READERS: dict[str, Callable[[bytes], Picture]] = {
    "JPEG": open_jpeg,
    "PNG": open_png,
    "WEBP": _open_webp,
    "BMP": _open_bmp,
    "TIFF": _open_tiff,
    "PPM": _open_pnm,
}
"""The readers; those of rarer formats are imported where one of their files is opened."""
BY_MAGIC = [(kind.magic, READERS[name]) for name, kind in FORMATS.items()]


class Decoded(NamedTuple):
    """A decoded file: upright pixels, their encoding, and whether it had an orientation tag."""

    pixels: Pixels
    encoding: Encoding
    turned: bool


class ImageFile:
    """An image file whose header was read: the size of its pixels, and a way to decode them."""

    __slots__ = ("_data", "_picture", "orientation", "size")

    def __init__(self, data: bytes, limit: int | None) -> None:
        picture = _open(data, limit)
        self._data = data, limit
        self._picture: Picture | None = picture
        width, height = picture.width, picture.height
        self.size = (height, width) if picture.orientation in TRANSPOSED else (width, height)
        """The width and height of the decoded image."""
        self.orientation = picture.orientation
        """The EXIF orientation, 1 … 8."""

    def decode(self) -> Decoded:
        """Decode the pixels; raise `BadImageError` with the reason if they are damaged."""
        # opened again for a second time: a decoder that failed can go on behind the damage, and
        # make up the pixels before
        picture, self._picture = self._picture or _open(*self._data), None
        return _decode(picture)


def open_image(data: bytes, limit: int | None = None) -> ImageFile:
    """Read the header of an image file.

    `limit` is the largest number of pixels, by default that of `--max-pixels`. Raises
    `BadImageError` with the reason if the bytes are not an image of a supported format, have a
    damaged header, hold more pixels, or hold what is not supported.
    """
    return ImageFile(data, limit)


def decode(data: bytes, limit: int | None = None) -> Decoded:
    """Decode an image file, and apply its EXIF orientation; `limit` is that of `open_image`.

    Raises `BadImageError` with the reason if it cannot be used.
    """
    return _decode(_open(data, limit))


def _open(data: bytes, limit: int | None) -> Picture:
    picture = _read_header(data)
    check_size(picture.width, picture.height, max_pixels() if limit is None else limit)
    return picture


def _decode(picture: Picture) -> Decoded:
    with quiet:
        pixels = _load(picture)
    encoding, orientation = picture.encoding, picture.orientation
    if encoding.profile and not fits(encoding.profile, _colours(pixels, encoding)):
        encoding = encoding.without_profile()
    if orientation == 1:
        return Decoded(pixels, encoding, picture.turned)
    return Decoded(upright(pixels, orientation), encoding, True)


def _read_header(data: bytes) -> Picture:
    if not data:
        raise BadImageError("is empty")
    for magic, open_picture in BY_MAGIC:
        if data.startswith(magic):
            try:
                return open_picture(data)
            except BadImageError:
                raise
            except Exception as error:  # decoders raise anything on damaged bytes
                raise BadImageError(DAMAGED_HEADER) from error
    raise BadImageError(_other(data))


def _other(data: bytes) -> str:
    """Return why bytes that are of no supported format are refused."""
    if data[:2] in (b"Pf", b"PF") and data[2:3].isspace():
        return "has floating-point pixels; 8 and 16 bits are supported"
    if data.startswith(LFS_POINTER):
        return "is a Git LFS pointer, not the image; git lfs pull fetches the image"
    for at, magic, name in OTHERS:
        if data.startswith(magic, at):
            return f"is a {name} file; {SUPPORTED}"
    try:
        with quiet:
            kind = Image.open(io.BytesIO(data)).format
    except Exception as error:  # decoders raise anything on damaged bytes
        raise BadImageError("is not an image") from error
    return f"is a {kind} file; {SUPPORTED}"


TITLES = ", ".join(kind.title for kind in FORMATS.values())
SUPPORTED = f"{' and '.join(TITLES.rsplit(', ', 1))} are supported"
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
OTHERS = (
    (0, b"P7\n", "PAM"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"JXL ", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"%PDF", "PDF"),
    (128, b"DICM", "DICOM"),
)
"""Other formats that Pillow does not know: where their first bytes are, and which."""


def check_size(width: int, height: int, limit: int) -> None:
    """Refuse more pixels than `limit`, by the header of a file."""
    if width < 1 or height < 1:
        raise BadImageError(DAMAGED_HEADER)
    if width * height > limit:
        raise BadImageError(
            f"is {width:,}×{height:,} pixels by its header, more than {limit:,}; "
            "--max-pixels changes the limit"
        )


NO_MEMORY = "cannot be decoded: it does not fit into memory"
BYTES_A_PIXEL = 12
"""What decoding takes at most, in about: three arrays of 8-bit RGBA."""
DEPTHS = frozenset(np.dtype(kind) for kind in (np.uint8, np.uint16))


def _load(picture: Picture) -> Pixels:
    try:
        pixels = picture.load()
    except MemoryError as error:
        raise BadImageError(NO_MEMORY) from error
    except Exception as error:  # decoders raise anything on damaged bytes
        if not has_memory(BYTES_A_PIXEL * picture.width * picture.height):
            raise BadImageError(NO_MEMORY) from error
        if isinstance(error, BadImageError):
            raise
        truncated = "truncated" in str(error)
        raise BadImageError(TRUNCATED if truncated else DAMAGED) from error
    if pixels.shape[:2] != (picture.height, picture.width):
        raise BadImageError(DAMAGED_HEADER)
    if pixels.dtype not in DEPTHS:
        raise BadImageError(f"has pixels of type {pixels.dtype}; 8 and 16 bits are supported")
    return pixels if pixels.flags.c_contiguous else np.ascontiguousarray(pixels)


def _colours(pixels: Pixels, encoding: Encoding) -> int:
    """Return how many channels are colours."""
    channels = 1 if pixels.ndim == 2 else int(pixels.shape[2])
    return channels - len(usual_extra(channels) if encoding.extra is None else encoding.extra)


TRANSPOSED = (5, 6, 7, 8)
"""The EXIF orientations that exchange width and height."""


def upright_map(orientation: int, size: Size) -> Affine:
    """Return the map from points of the stored image to points of the upright one, of `size`."""
    turned = Affine(0, 1, 0, 1, 0, 0) if orientation in TRANSPOSED else IDENTITY
    if orientation in (3, 4, 7, 8):
        turned = Affine(1, 0, 0, 0, -1, size.height).after(turned)
    if orientation in (2, 3, 6, 7):
        turned = Affine(-1, 0, size.width, 0, 1, 0).after(turned)
    return turned


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn pixels (H×W or H×W×C) upright by their EXIF orientation (1 … 8)."""
    if orientation in TRANSPOSED:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
