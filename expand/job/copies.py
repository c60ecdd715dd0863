"""The copies of one source: its bytes in, the files of its views out. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from expand.images.decoder import Decoded, ImageFile, open_image
from expand.images.encoder import encode
from expand.images.pixels import Pixels
from expand.job.settings import Settings
from expand.layouts.names import copy_name
from expand.layouts.source import check_name
from expand.records.rows import Row
from expand.views.drawn import DrawnView, Wanted, draw_views
from expand.views.views import Rendered


class File(NamedTuple):
    """One file of the expanded dataset, not written yet."""

    name: str
    view: int
    params: dict[str, Any]
    width: int
    height: int
    data: bytes
    sha256: str
    source_sha256: str
    same_as: int
    as_source: bool
    """Whether `data` is the source's own bytes, so that a link can stand for it."""


class OpenSource(NamedTuple):
    """A source whose header was read, and the views that are to become files."""

    id: str
    data: bytes
    image: ImageFile
    ks: Sequence[int]
    """Ascending."""
    rows: Sequence[Row] = ()
    """The manifest's rows of views that have files already; new views are compared with them."""


def open_source(
    source_id: str, data: bytes, ks: Sequence[int], rows: Sequence[Row] = ()
) -> OpenSource:
    """Open a source, from the bytes of its file; raise BadImageError if it cannot be used."""
    check_name(source_id)
    return OpenSource(source_id, data, open_image(data), ks, rows)


def draw_sources(settings: Settings, sources: Sequence[OpenSource]) -> list[dict[int, DrawnView]]:
    """Draw the views of several sources at once; return those of each, by their number."""
    wanted = [Wanted(source.id, *source.image.size, source.ks) for source in sources]
    return draw_views(settings.views, wanted)


def make_files(
    source: OpenSource, settings: Settings, drawn: Mapping[int, DrawnView] | None = None
) -> Iterator[File]:
    """Yield the files of the views of a source; `drawn` is its part of `draw_sources`.

    Raise BadImageError if the source cannot be used.
    """
    if drawn is None:
        (drawn,) = draw_sources(settings, [source])
    data, decoded = source.data, source.image.decode()
    source_hash = sha256(data).hexdigest()
    encoding = decoded.encoding.override(settings.format, settings.quality)
    views = ImageViews(source, decoded.pixels, settings, drawn)
    for k in source.ks:
        pixels, params = views.render(k)
        if k == 0:
            name, file = source.id, encode_original(decoded, data)
        else:
            name, file = copy_name(source.id, k, settings.format), encode(pixels, encoding)
        file_hash = source_hash if file is data else sha256(file).hexdigest()
        same_as = views.find_same(k, pixels, file_hash)
        height, width = pixels.shape[:2]
        yield File(
            name, k, params, width, height, file, file_hash, source_hash, same_as, file is data
        )


class ImageViews:
    """The views of one decoded image, and which of them have equal pixels."""

    def __init__(
        self,
        source: OpenSource,
        pixels: Pixels,
        settings: Settings,
        drawn: Mapping[int, DrawnView],
    ) -> None:
        self.source_id, self.pixels, self.views = source.id, pixels, settings.views
        self.drawn = drawn
        # computed once for all views; not possible where a technique that changes pixels comes
        # first, since the border to match is then another one in each view
        self.colour = (
            settings.recipe.fill.colour(pixels)
            if settings.recipe.begins_with_geometry and settings.factor > 1
            else None
        )
        self.by_hash: dict[str, list[int]] = {}
        """Views with pixels that no earlier view has, by the hash of their file."""
        for row in source.rows:
            if row["same_as"] == row["view"] > 0:
                self.by_hash.setdefault(row["sha256"], []).append(row["view"])

    def render(self, k: int) -> Rendered:
        """Return view `k`."""
        params, move = self.drawn.get(k) or (self.views.params(self.source_id, k), None)
        if k == 0:
            return Rendered(self.pixels, params)
        return self.views.render(self.pixels, params, self.colour, move)

    def find_same(self, k: int, pixels: Pixels, file_hash: str) -> int:
        """Return the first view with the pixels of view `k`; `k` itself if no earlier one has them.

        Equal pixels give equal files, so only views with an equal file are compared. Those are
        rendered again, because a lossy format can write one file for different pixels.
        """
        if k == 0 or _are_equal(self.pixels, pixels):
            return 0
        candidates = self.by_hash.setdefault(file_hash, [])
        for first in candidates:
            if first < k and _are_equal(self.render(first).pixels, pixels):
                return first
        candidates.append(k)
        return k


def _are_equal(first: Pixels, second: Pixels) -> bool:
    """Tell whether two images have equal pixels; quick where their middle rows differ."""
    middle = len(first) // 2
    return (
        first.shape == second.shape
        and first[middle].tobytes() == second[middle].tobytes()
        and np.array_equal(first, second)
    )


def encode_original(decoded: Decoded, data: bytes) -> bytes:
    """Return the file of view 0: the source's own bytes, or new ones without orientation tag."""
    return encode(decoded.pixels, decoded.encoding) if decoded.turned else data
