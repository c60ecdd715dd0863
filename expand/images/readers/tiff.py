"""Read TIFF: grey, RGB, palette and CMYK, any number of channels; 16 bits for grey and RGB.

Pillow reads what it reads without loss, tifffile the rest. OpenCV reads the compressions that
tifffile needs another package for.
"""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from expand.errors import BadImageError
from expand.images.channels import ALPHA, PREMULTIPLIED, UNSPECIFIED, usual_extra
from expand.images.formats import Encoding
from expand.images.pixels import Pixels
from expand.images.profiles import cmyk_to_rgb
from expand.images.readers.picture import (
    Picture,
    load_with_opencv,
    load_with_pillow,
    read_orientation,
)
from expand.images.readers.tiff_parts import check_parts, check_stored
from expand.images.readers.tiff_tags import (
    BLACK,
    CMYK,
    PALETTE,
    RGB,
    WHITE,
    Tags,
    check_single,
    read_tags,
)

BY_TIFFFILE = (1, 8, 32773, 32946, 34925)
"""Compressions that tifffile reads: none, deflate, PackBits, deflate again, LZMA."""
BY_OPENCV = (5, 7)
"""Compressions that OpenCV reads: LZW and JPEG."""
CORELDRAW_ALPHA = 999


def open_tiff(data: bytes) -> Picture:
    """Open a TIFF file with one picture."""
    import tifffile

    file = tifffile.TiffFile(io.BytesIO(data))
    tags = read_tags(file)
    if check_single(file):
        return _rows(file, tags)
    encoding = Encoding("TIFF", profile=tags.profile, extra=_extra(tags))
    if _is_plain(tags) and data[:4] != b"MM\0+":  # which Pillow does not read
        return _plain(data, tags, encoding)
    if tags.kind not in (WHITE, BLACK, RGB) or tags.bits < 8:
        raise BadImageError(f"has {_describe(tags)}, which is not supported")
    if tags.compression not in BY_TIFFFILE:
        return _compressed(data, tags, encoding)
    load = partial(_load_with_tifffile, tags)
    return Picture(tags.width, tags.height, encoding, load, tags.orientation)


def _describe(tags: Tags) -> str:
    kind = {WHITE: "grey", BLACK: "grey", RGB: "RGB", PALETTE: "palette", CMYK: "CMYK"}
    name = kind.get(tags.kind, "YCbCr")
    plural = "s" * (tags.channels > 1)
    compression = tags.compression_name.replace("_", " ").lower()
    return (
        f"{tags.channels} channel{plural} ({name}) of {tags.bits} bits, compression: {compression}"
    )


def _rows(file: Any, tags: Tags) -> Picture:
    rows, columns, channels = file.series[0].shape
    encoding = Encoding("TIFF", profile=tags.profile, extra=(UNSPECIFIED,) * (channels - 1))
    if encoding.extra == usual_extra(channels):
        encoding = replace(encoding, extra=None)
    return Picture(columns, rows, encoding, partial(_load_rows, file), tags.orientation)


def _load_rows(file: Any) -> Pixels:
    for page in file.pages:
        check_parts(page)
    pixels: Pixels = file.series[0].asarray(maxworkers=1)
    return pixels


def _is_plain(tags: Tags) -> bool:
    """Whether Pillow reads a file without loss."""
    if tags.bits > 8:
        return False
    if tags.kind == PALETTE:
        return tags.extra in ((), (ALPHA,))
    if tags.kind in (BLACK, RGB) and tags.bits == 8:
        return tags.extra in ((), (PREMULTIPLIED,), (ALPHA,), (CORELDRAW_ALPHA,))
    return not tags.extra


def _plain(data: bytes, tags: Tags, encoding: Encoding) -> Picture:
    try:
        header = TiffImageFile(io.BytesIO(data))
    except SyntaxError as error:
        raise BadImageError(f"has {_describe(tags)}, which is not supported") from error
    if len(header.getbands()) != tags.channels:
        raise BadImageError(f"has {_describe(tags)}, which is not supported")
    load = partial(_load_plain, header, tags)
    if tags.kind == CMYK:
        encoding = encoding.without_profile()
    # Pillow turns the image upright itself when it loads it
    return Picture(*header.size, encoding, load, turned=read_orientation(header) != 1)


def _load_plain(header: Image.Image, tags: Tags) -> Pixels:
    check_stored(tags.page)
    if tags.kind == CMYK:
        return cmyk_to_rgb(header)
    return _palette(header, tags) if tags.kind == PALETTE else load_with_pillow(header)


def _palette(header: Image.Image, tags: Tags) -> Pixels:
    """Load palette indices as colours; some programs write 8-bit colours where 16 are meant."""
    if max(tags.page.colormap.ravel()) > 255:
        return load_with_pillow(header)
    header.load()
    indices = np.array(header)
    colours: Pixels = tags.page.colormap.T.astype(np.uint8)
    if indices.ndim == 3:
        return np.dstack([colours[indices[..., 0]], indices[..., 1]])
    shown: Pixels = colours[indices]
    return shown


def _load_with_tifffile(tags: Tags) -> Pixels:
    """Load a page as H×W or H×W×C."""
    page = tags.page
    check_parts(page)
    pixels = page.asarray(maxworkers=1)
    if page.axes == "SYX":
        pixels = np.ascontiguousarray(np.moveaxis(pixels, 0, -1))
    elif page.axes not in ("YX", "YXS"):
        raise BadImageError(f"has axes {page.axes}, which are not supported")
    return _colours(pixels, tags)


def _colours(pixels: Pixels, tags: Tags) -> Pixels:
    """Turn white-is-zero to black-is-zero, and premultiplied colours to plain ones."""
    if tags.kind == WHITE:
        grey = pixels if pixels.ndim == 2 else pixels[..., 0]
        inverted = np.iinfo(pixels.dtype).max - grey
        pixels = inverted if pixels.ndim == 2 else np.dstack([inverted, pixels[..., 1:]])
    if PREMULTIPLIED in tags.extra:
        if len(tags.extra) > 1:
            raise BadImageError(f"has {_describe(tags)}, colours premultiplied: not supported")
        white, numbers = np.iinfo(pixels.dtype).max, pixels.astype(np.float64)
        plain = np.rint(numbers[..., :-1] * white / np.maximum(numbers[..., -1:], 1)).clip(0, white)
        pixels = np.concatenate([plain.astype(pixels.dtype), pixels[..., -1:]], axis=-1)
    return pixels


def _compressed(data: bytes, tags: Tags, encoding: Encoding) -> Picture:
    """Open LZW and other compressions that tifffile does not read, with OpenCV.

    OpenCV turns the image upright itself. Of 8 bits, it reads RGB only, and changes it by alpha.
    """
    plain = tags.bits == 16 or (tags.kind == RGB and tags.extra == (UNSPECIFIED,))
    known = tags.compression in BY_OPENCV and tags.channels in (1, 3, 4)
    if not (known and plain) or tags.planar:
        raise BadImageError(f"has {_describe(tags)}, which is not supported")
    sideways = tags.orientation >= 5
    size = (tags.height, tags.width) if sideways else (tags.width, tags.height)
    turned = tags.orientation != 1
    return Picture(*size, encoding, partial(_load_compressed, data, tags), turned=turned)


def _load_compressed(data: bytes, tags: Tags) -> Pixels:
    pixels = load_with_opencv(data)
    if (1 if pixels.ndim == 2 else pixels.shape[2]) != tags.channels:
        raise BadImageError(f"has {_describe(tags)}, which is not supported")
    return _colours(pixels, tags)


def _extra(tags: Tags) -> tuple[int, ...] | None:
    """Return the kinds of the channels beyond colour, None if they are the usual ones.

    Usual is what `write_tiff` writes for pixels of so many channels.
    """
    kinds = tuple(ALPHA if kind else UNSPECIFIED for kind in tags.extra)
    if tags.kind in (PALETTE, CMYK):
        return None
    return None if kinds == usual_extra(tags.channels) else kinds
