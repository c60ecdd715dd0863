"""Write TIFF: 8 and 16 bits, and any number of channels."""

from __future__ import annotations

import io

from expand.images.channels import usual_extra
from expand.images.pixels import Pixels


def write_tiff(pixels: Pixels, profile: bytes | None, extra: tuple[int, ...] | None) -> bytes:
    """Encode pixels as a TIFF file with lossless compression.

    `extra` are the kinds of the channels beyond colour, None for the usual ones.
    """
    import tifffile

    buffer = io.BytesIO()
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    kinds = usual_extra(channels) if extra is None else extra
    tifffile.imwrite(
        buffer,
        pixels,
        photometric="rgb" if channels - len(kinds) == 3 else "minisblack",
        planarconfig="contig" if pixels.ndim == 3 else None,
        extrasamples=kinds or None,
        compression="zlib",
        metadata=None,
        iccprofile=profile,
    )
    return buffer.getvalue()
