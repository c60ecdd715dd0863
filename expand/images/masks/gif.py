"""Masks in GIF: palette indices of up to 8 bits, with the palette of their file."""

from __future__ import annotations

import io
from functools import partial

import numpy as np
from PIL import Image

from expand.errors import BadImageError
from expand.images.decoder import check_size
from expand.images.formats import max_pixels
from expand.images.masks.stored import Stored
from expand.images.pixels import Pixels
from expand.images.quiet import quiet


def open_gif_mask(data: bytes) -> Stored:
    """Read the palette indices of a GIF file; raise BadImageError for an animation."""
    try:
        with quiet, Image.open(io.BytesIO(data), formats=["GIF"]) as image:
            check_size(*image.size, max_pixels())
            if getattr(image, "n_frames", 1) > 1:
                raise BadImageError("is an animation; a mask is one image")
            image.load()
            values, mode = np.array(image), image.mode
            palette = image.getpalette() if mode == "P" else None
            shown = image.info.get("transparency")
    except (BadImageError, MemoryError):
        raise
    except Exception as error:  # decoders raise anything on damaged bytes
        raise BadImageError("cannot be decoded: the file is truncated or damaged") from error
    if mode not in ("L", "P"):
        raise BadImageError(f"has the mode {mode}; masks in GIF have a palette or grey levels")
    return Stored(values, "GIF", partial(_write, palette, shown))


def _write(palette: list[int] | None, transparency: int | None, pixels: Pixels) -> bytes:
    """Return a file of one image with these indices; the same bytes for the same indices.

    (Pillow would number the colours anew, and leave out those that are not used.)
    """
    image = Image.fromarray(pixels)
    if palette:
        missing = 3 * (int(pixels.max()) + 1) - len(palette)
        image.putpalette([*palette, *[0] * missing])  # black for an index that it does not have
    file = io.BytesIO()
    extra = {} if transparency is None else {"transparency": transparency}
    with quiet:
        image.save(file, "GIF", optimize=False, save_all=False, **extra)
    return file.getvalue()
