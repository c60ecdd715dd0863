"""A mask file: its values, and a way to write moved ones as the same kind of file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.images.masks.bmp import open_bmp_mask
from expand.images.masks.gif import open_gif_mask
from expand.images.masks.png import open_png_mask
from expand.images.masks.stored import Stored
from expand.images.masks.tiff import open_tiff_mask
from expand.images.pixels import Pixels

OPENERS: dict[bytes, Callable[[bytes], Stored | None]] = {
    b"\x89PNG": open_png_mask,
    b"BM": open_bmp_mask,
    b"GIF8": open_gif_mask,
    b"II": open_tiff_mask,
    b"MM": open_tiff_mask,
}
"""What reads the values of a file, by its first bytes; None: the image that it shows has them."""
FINEST, FULL_COLOUR = 100, 0x111111
"""The quality of a JPEG mask, and OpenCV's number for chroma that is not subsampled."""


@dataclass(frozen=True, eq=False)
class MaskFile:
    """The values of a mask, upright by its own EXIF orientation.

    Palette indices are values, and so are grey levels and colours. There is no alpha where all
    pixels are opaque: then those that are written are opaque too. Numbers of 32 or 64 bits have
    two or four channels of 16 bits, as a mask has no other depth: they move with each other.
    """

    pixels: Pixels
    """H×W or H×W×C, uint8 or uint16."""
    fill: int
    """What such pixels have where a view shows nothing."""
    format: str
    """"PNG", "TIFF" and so on."""
    lossless: bool
    """False for JPEG and lossy WebP, which change the values that are written."""
    turned: bool
    """Whether it had an orientation tag, which `write` leaves out."""
    kind: str
    """Which values it can hold, in words: "values up to 255"."""
    holds: Callable[[int], bool]
    """Tells whether it can hold a value."""
    _write: Callable[[Pixels], bytes]

    def write(self, pixels: Pixels) -> bytes:
        """Encode pixels of any size, of the kind of `pixels`, as a file of the same kind.

        Mode, palette, transparency and bit depth are those of the file. Raise BadImageError if the
        format cannot hold so large an image.
        """
        return self._write(pixels)


def open_mask(data: bytes, fill: int = 0) -> MaskFile:
    """Read a mask; no value is changed.

    `fill` is the value to be written where a view shows nothing of its image. Raise BadImageError
    with the reason if the file is not an image of a supported format, is damaged, or cannot hold
    it.
    """
    opener = OPENERS.get(data[:4]) or OPENERS.get(data[:2])
    stored = (opener and opener(data)) or _as_shown(data)
    stored = stored.without_alpha()
    if not stored.holds(fill):
        raise BadImageError(f"cannot hold the fill {fill} of --mask-fill: it has {stored.kind}")
    if stored.values.dtype in (np.uint8, np.uint16):
        return _file(stored, stored.values, fill, stored.write)
    bits = _bits(np.full((1, 1, *stored.values.shape[2:]), fill, stored.values.dtype))[0, 0]
    return _file(stored, _bits(stored.values) ^ bits, 0, partial(_write_other, stored, bits))


def _file(stored: Stored, pixels: Pixels, fill: int, write: Callable[[Pixels], bytes]) -> MaskFile:
    return MaskFile(
        pixels,
        fill,
        stored.format,
        stored.lossless,
        stored.turned,
        stored.kind,
        stored.holds,
        write,
    )


def _as_shown(data: bytes) -> Stored:
    """Read a file whose values are the grey levels or colours that it shows."""
    decoded = decode(data)
    encoding = decoded.encoding
    lossless = encoding.quality is None
    if encoding.format == "JPEG":
        encoding = Encoding("JPEG", FINEST, sampling=FULL_COLOUR, profile=encoding.profile)
    elif not lossless:
        encoding = Encoding(encoding.format, None, profile=encoding.profile)
    write = partial(encode, encoding=encoding)
    alpha = decoded.pixels.ndim == 3 and decoded.pixels.shape[2] in (2, 4) and not encoding.extra
    return Stored(decoded.pixels, encoding.format, write, lossless, decoded.turned, alpha)


def _bits(values: Pixels) -> Pixels:
    """Return numbers of any type (H×W or H×W×C) as H×W×D numbers of 8 or 16 bits."""
    depth = np.uint8 if values.dtype.itemsize == 1 else np.uint16
    return np.ascontiguousarray(values).view(depth).reshape(*values.shape[:2], -1)


def _write_other(stored: Stored, fill: Pixels, pixels: Pixels) -> bytes:
    shape = (*pixels.shape[:2], *stored.values.shape[2:])
    # exclusive or, so that 0 becomes the bits of the fill
    values = np.ascontiguousarray(pixels ^ fill).view(stored.values.dtype).reshape(shape)
    return stored.write(values)
