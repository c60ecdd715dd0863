"""Image formats: which files are images, what each format can hold, and how a file stores pixels.

Loads neither numpy nor OpenCV, so that the command line can list the formats without them.
"""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass, replace
from functools import lru_cache

from expand.errors import BadImageError, ExpandError

ANY_NUMBER = range(1, 1 << 16)
MAX_PIXELS = 178_956_970
"""The default of `--max-pixels`: Pillow takes larger images for decompression bombs."""
MAX_PIXELS_VARIABLE = "EXPAND_MAX_PIXELS"
"""The environment variable that takes `--max-pixels` to worker processes."""
Tables = tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True)
class ImageFormat:
    """All that is known about one format; tables and messages are made from these records."""

    name: str
    """The name that Pillow gives it."""
    title: str
    """The name, or names, in messages."""
    suffixes: tuple[str, ...]
    """The suffixes of its files; the first is the one that copies get."""
    magic: tuple[bytes, ...]
    """The first bytes of its files."""
    channels: Container[int]
    """The numbers of channels that a file can hold at 8 bits."""
    channels_16: Container[int] = ()
    """The numbers of channels that a file can hold at 16 bits."""
    option: str | None = None
    """Its value of `--format`; None if copies cannot be converted to it."""
    quality: int = 0
    """The default quality; 0 if the format is lossless."""
    largest: int = 0
    """The largest width and height that a file can have; 0 if there is no limit in practice."""


FORMATS = {
    kind.name: kind
    for kind in (
        ImageFormat(
            "JPEG",
            "JPEG",
            (".jpg", ".jpeg"),
            (b"\xff\xd8",),
            (1, 3),
            option="jpg",
            quality=95,
            largest=65500,
        ),
        ImageFormat(
            "PNG", "PNG", (".png",), (b"\x89PNG",), (1, 2, 3, 4), (1, 2, 3, 4), option="png"
        ),
        ImageFormat(
            "WEBP", "WebP", (".webp",), (b"RIFF",), (3, 4), option="webp", quality=90, largest=16383
        ),
        ImageFormat("BMP", "BMP", (".bmp",), (b"BM",), (1, 3, 4)),
        ImageFormat(
            "TIFF",
            "TIFF",
            (".tif", ".tiff"),
            (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"II\0*", b"MM*\0"),
            ANY_NUMBER,
            ANY_NUMBER,
        ),
        ImageFormat(
            "PPM",
            "PGM, PPM",
            (".pgm", ".ppm"),
            tuple(b"P%d" % kind for kind in range(1, 7)),
            (1, 3),
            (1, 3),
        ),
    )
}
"""The supported formats, by name."""
OPTIONS = {
    kind.option: kind
    for kind in sorted(FORMATS.values(), key=lambda kind: kind.quality > 0)
    if kind.option
}
"""The formats that copies can be converted to, by their value of `--format`."""
SUFFIXES = frozenset(suffix for kind in FORMATS.values() for suffix in kind.suffixes)
"""The suffixes of image files: those that torchvision's ImageFolder reads."""


def kind_of_suffix(name: str) -> ImageFormat | None:
    """Return the format that the suffix of a file name says; None if it says none."""
    low = name.lower()
    return next((kind for kind in FORMATS.values() if low.endswith(kind.suffixes)), None)


def kind_of_bytes(data: bytes) -> ImageFormat | None:
    """Return the format that the first bytes of a file say; None if they say none."""
    return next((kind for kind in FORMATS.values() if data.startswith(kind.magic)), None)


@dataclass(frozen=True)
class Encoding:
    """How a file stores its pixels; enough to write others like it.

    `quality` is None if the encoding is lossless. `tables` are JPEG quantisation tables that no
    quality of libjpeg gives, `sampling` is OpenCV's number of the chroma subsampling, and `profile`
    is an ICC colour profile. `extra` are the kinds of the channels beyond colour in a TIFF file,
    where they are not the usual ones (see `channels.usual_extra`).
    """

    format: str
    quality: int | None = None
    tables: Tables | None = None
    sampling: int | None = None
    profile: bytes | None = None
    extra: tuple[int, ...] | None = None

    def without_profile(self) -> Encoding:
        """Return the encoding without its colour profile."""
        return replace(self, profile=None)

    def override(self, format_: str, quality: int | None) -> Encoding:
        """Return the encoding for `--format` and `--quality`; "keep" and None leave it as it is."""
        asked = OPTIONS[format_] if format_ in OPTIONS else FORMATS[self.format]
        if asked.name == self.format:
            if quality is None or self.quality is None:
                return self
            return replace(self, quality=quality, tables=None)
        lossy = (quality or asked.quality) if asked.quality else None
        return Encoding(asked.name, lossy, profile=self.profile, extra=self.extra)


def check_fits(encoding: Encoding, shape: tuple[int, ...], *, sixteen_bits: bool) -> None:
    """Refuse pixels (H×W or H×W×C) that a format cannot hold."""
    kind, channels = FORMATS[encoding.format], shape[2] if len(shape) > 2 else 1
    if channels not in kind.channels:
        what = "is grey" if channels == 1 else f"has {channels} channels"
        raise BadImageError(f"{what}, which {kind.name} cannot hold")
    if sixteen_bits and channels not in kind.channels_16:
        raise BadImageError(f"has 16 bits, which {kind.name} cannot hold")
    if encoding.extra is not None and kind.name != "TIFF":
        raise BadImageError(f"has channels beyond colour and alpha, which {kind.name} cannot hold")
    if kind.largest and max(shape[:2]) > kind.largest:
        raise BadImageError(
            f"is {shape[1]}×{shape[0]} pixels; {kind.name} holds at most {kind.largest} a side"
        )


def set_max_pixels(value: str | None) -> str | None:
    """Set the largest number of pixels, for this process and those that it starts.

    None is the default. Return what was set before.
    """
    before = os.environ.pop(MAX_PIXELS_VARIABLE, None)
    if value is not None:
        os.environ[MAX_PIXELS_VARIABLE] = value
    max_pixels.cache_clear()
    return before


@lru_cache(maxsize=1)
def max_pixels() -> int:
    """Return the largest number of pixels of an image that is decoded: that of `--max-pixels`."""
    value = os.environ.get(MAX_PIXELS_VARIABLE)
    if value is None:
        return MAX_PIXELS
    if not value.isdecimal() or int(value) < 1:
        raise ExpandError(f"{MAX_PIXELS_VARIABLE} must be a number of pixels, got {value!r}")
    return int(value)
