"""Copies: a source's bytes in, the files of its views out (decode, views, encode); reads and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple
from zlib import crc32

import numpy as np

from expand.errors import BadImageError
from expand.images.decoder import Decoded, decode
from expand.images.encoder import encode
from expand.images.pixels import Pixels
from expand.job.settings import Settings
from expand.layouts.source import copy_name
from expand.records.manifest import Row
from expand.views.views import Rendered


class File(NamedTuple):
    """One file of the expanded set: its row, and its bytes; `as_source` tells that they are the source's own."""

    row: Row
    data: bytes
    as_source: bool


def make_files(
    source_id: str, data: bytes, settings: Settings, ks: Iterable[int]
) -> Iterator[File]:
    """Yield the files of views `ks` of a source, made from its file's bytes; raise BadImage if it is not usable."""
    try:
        source_id.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadImageError("has a name that is not UTF-8") from error
    decoded = decode(data)
    source_hash = sha256(data).hexdigest()
    encoding = decoded.encoding.override(settings.format, settings.quality)
    plot_styles = ImageViews(source_id, decoded.pixels, settings)
    for k in ks:
        pixels, params = plot_styles.render(k)
        if k == 0:
            name, file = source_id, original(decoded, data)
        else:
            name, file = copy_name(source_id, k, settings.format), encode(pixels, encoding)
        row = Row(
            file_name=name,
            label=source_id.partition("/")[0],
            source=source_id,
            view=k,
            params=params,
            width=pixels.shape[1],
            height=pixels.shape[0],
            bytes=len(file),
            sha256=source_hash if file is data else sha256(file).hexdigest(),
            source_sha256=source_hash,
            same_as=plot_styles.first_like(k, pixels),
        )
        yield File(row, file, file is data)


class ImageViews:
    """The views of one decoded image, and which of them have equal pixels."""

    def __init__(self, source_id: str, pixels: Pixels, settings: Settings) -> None:
        self.source_id, self.pixels, self.views = source_id, pixels, settings.views
        recipe = settings.recipe
        # where a technique that changes pixels comes first, the border to match is another one in each view
        self.colour = (
            recipe.fill.colour(pixels)
            if recipe.begins_with_geometry and settings.factor > 1
            else None
        )
        self.seen: dict[tuple[int, ...], int] = {checksum(pixels): 0}

    def render(self, k: int) -> Rendered:
        """Return view `k`."""
        params = self.views.params(self.source_id, k)
        return (
            self.views.render(self.pixels, params, self.colour)
            if k
            else Rendered(self.pixels, params)
        )

    def first_like(self, k: int, pixels: Pixels) -> int:
        """Return the first view seen with the pixels of view `k`: itself, if there is none before it."""
        first = self.seen.setdefault(checksum(pixels), k)
        # a checksum may be shared by chance; the other view is made again to be sure
        return first if first == k or np.array_equal(self.render(first).pixels, pixels) else k


def checksum(pixels: Pixels) -> tuple[int, ...]:
    """Return a fast checksum of an image's pixels, and its shape."""
    return crc32(np.ascontiguousarray(pixels).data), *pixels.shape


def original(decoded: Decoded, data: bytes) -> bytes:
    """Return the file of view 0: the source's own bytes, encoded again only where an orientation tag must go."""
    return encode(decoded.pixels, decoded.encoding) if decoded.turned else data
