"""The parts of a TIFF, strips or tiles: all are there, and none becomes more than the image."""

from __future__ import annotations

import lzma
import zlib
from math import prod
from typing import Any

from expand.errors import BadImageError
from expand.images.readers.picture import DAMAGED, DAMAGED_HEADER, TRUNCATED

DEFLATE, OLD_DEFLATE, LZMA = 8, 32946, 34925
SAFE_PART = {DEFLATE: 1 << 20, OLD_DEFLATE: 1 << 20, LZMA: 0}
"""The bytes of a compressed part that cannot become more than about a gigabyte."""
ROOM = 1 << 20
UNCOMPRESSED, OLD_JPEG = 1, 6
LARGEST_TILE = 1 << 24
"""The most pixels of a tile of an image that is much smaller."""


def check_parts(page: Any) -> None:
    """Refuse a page with parts that are missing, go beyond the end, or become too much."""
    size = page.parent.filehandle.size
    starts, counts = page.dataoffsets, page.databytecounts
    if not len(starts) == len(counts) >= prod(page.chunked):
        raise BadImageError(DAMAGED_HEADER)
    safe = SAFE_PART.get(int(page.compression), size)
    for start, count in zip(starts, counts, strict=True):
        if start <= 0 or count <= 0 or start + count > size:
            raise BadImageError(TRUNCATED)
        if count > safe and _expands(page, start, count):
            raise BadImageError(DAMAGED)


def _expands(page: Any, start: int, count: int) -> bool:
    """Whether a part becomes more than the whole image, with room for the filling of tiles."""
    most = 2 * page.nbytes + ROOM
    page.parent.filehandle.seek(start)
    stored = page.parent.filehandle.read(count)
    is_lzma = int(page.compression) == LZMA
    decoder: Any = lzma.LZMADecompressor() if is_lzma else zlib.decompressobj()
    return bool(len(decoder.decompress(stored, most + 1)) > most)


def check_stored(page: Any) -> None:
    """Refuse a page whose pixels are not in the file, where Pillow would show others instead."""
    if int(page.compression) == OLD_JPEG:  # which says in other tags where its pixels are
        return
    size, starts = page.parent.filehandle.size, page.dataoffsets
    if page.is_tiled:
        tile = page.tilewidth * page.tilelength
        if not 0 < tile <= max(LARGEST_TILE, 4 * page.imagewidth * page.imagelength):
            raise BadImageError(DAMAGED_HEADER)
    if len(starts) < prod(page.chunked) or min(starts) <= 0:
        raise BadImageError(DAMAGED_HEADER)
    if max(starts) >= size:
        raise BadImageError(TRUNCATED)
    if int(page.compression) == UNCOMPRESSED:
        planes = page.samplesperpixel if page.planarconfig == 2 else 1
        bits = page.imagewidth * (page.samplesperpixel // planes) * page.bitspersample
        if (bits + 7) // 8 * page.imagelength * planes > size:
            raise BadImageError(TRUNCATED)
