"""RLE: the masks of COCO files as run lengths, column by column, and back.

pycocotools writes the compressed form. It does not check what it reads (lengths that end too early
leave memory as it was), so lengths are read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError, shown
from expand.geometry import Size

Bits = NDArray[np.uint8]
"""H×W, 0 or 1."""


def decode(segmentation: Mapping[str, Any], size: Size) -> Bits:
    """Return a mask of the size of its image; raise BadImageError if it is not one."""
    height, width = int(size.height), int(size.width)
    if segmentation.get("size") != [height, width]:
        raise BadImageError(
            f"its RLE mask has the size {shown(segmentation.get('size'))}, and height and width of "
            f"the image are [{height}, {width}]"
        )
    counts = segmentation.get("counts")
    if isinstance(counts, str):
        lengths = _lengths(counts)
    elif isinstance(counts, list) and all(type(count) is int for count in counts):
        lengths = counts
    else:
        raise BadImageError(f"its RLE counts must be text or whole numbers, got {shown(counts)}")
    if (lengths and min(lengths) < 0) or sum(lengths) != height * width:
        raise BadImageError(
            f"its RLE counts are of {shown(sum(lengths))} pixels, and the image has "
            f"{height * width}"
        )
    values = np.arange(len(lengths), dtype=np.uint8) & 1
    bits: Bits = np.repeat(values, lengths).reshape(width, height).T
    return np.ascontiguousarray(bits)


def encode(bits: Bits, *, compressed: bool) -> dict[str, Any]:
    """Return a mask as run lengths: as text if compressed, else as whole numbers."""
    if compressed:
        from pycocotools.mask import encode as encode_bits  # an extra, and slow to import

        written = encode_bits(np.asfortranarray(bits))
        counts = written["counts"]
        text = counts if isinstance(counts, str) else counts.decode("ascii")
        return {"size": list(bits.shape), "counts": text}
    flat = bits.T.ravel()
    changes = np.flatnonzero(np.diff(flat, prepend=0)).tolist()
    counts = np.diff([0, *changes, len(flat)]).tolist()
    return {"size": list(bits.shape), "counts": counts}


def _lengths(text: str) -> list[int]:
    """Return the run lengths of compressed counts, as maskApi.c of cocoapi writes them.

    Each is 5 bits a character from 48 on, the lowest first; bit 6 says that more follow. From the
    fourth on they are differences to the length two places before.
    """
    lengths: list[int] = []
    value = shift = 0
    for code in text.encode("utf-8", "replace"):
        bits = code - 48
        if not 0 <= bits < 64 or shift > 60:
            raise BadImageError(f"its RLE counts have the character {chr(code)!r}")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
        value = shift = 0
    if shift:
        raise BadImageError("its RLE counts end within a number")
    return lengths
