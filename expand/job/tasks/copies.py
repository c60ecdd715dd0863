"""The copies of one source: its bytes in, the files of its views out. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from expand.images.decoder import Decoded
from expand.images.encoder import encode
from expand.images.formats import OPTIONS
from expand.images.pixels import Pixels
from expand.job.settings import Settings
from expand.job.tasks.drawing import DrawnSource, draw_sources
from expand.job.tasks.exchanging import place_view
from expand.job.tasks.labels import WrittenLabels
from expand.job.tasks.placing import place_views
from expand.job.tasks.sources import OpenSource
from expand.views.drawn import DrawnView
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
    labels: WrittenLabels | None = None
    label: str = ""
    """Its class, if it is another one than that of its source."""


def make_files(
    source: OpenSource, settings: Settings, drawn: DrawnSource | None = None
) -> Iterator[File]:
    """Yield the files of the views of a source; `drawn` is its part of `draw_sources`.

    Raise BadImageError if the source cannot be used.
    """
    if drawn is None:
        (drawn,) = draw_sources(settings, [source])
    if drawn.problem:  # a second try could give pixels: libraries go on after what is damaged
        raise drawn.problem
    data, decoded = source.data, drawn.decoded or source.image.decode()
    source_hash = sha256(data).hexdigest()
    encoding = decoded.encoding.override(settings.format, settings.quality)
    views = ImageViews(source, decoded.pixels, settings, drawn)
    labels = iter(drawn.labels)
    if source.labels and not drawn.labels:
        labels = _label(source, settings, {k: views.choose(k) for k in source.ks})
    for k in source.ks:
        pixels, params = views.render(k)
        name, label = place_view(settings, source, k, views.choose(k))
        file = encode(pixels, encoding) if k else encode_original(decoded, data, settings)
        file_hash = source_hash if file is data else sha256(file).hexdigest()
        same_as = views.find_same(k, pixels, file_hash)
        height, width = pixels.shape[:2]
        yield File(
            name,
            k,
            params,
            width,
            height,
            file,
            file_hash,
            source_hash,
            same_as,
            file is data,
            next(labels) if source.labels else None,
            label,
        )


def _label(
    source: OpenSource, settings: Settings, drawn: Mapping[int, DrawnView]
) -> Iterator[WrittenLabels]:
    """Yield the labels of the views of a source."""
    assert source.labels
    for view in place_views(settings, source.labels.unplaced(drawn)):
        yield source.labels.of_view(view, source.name(view.k, settings.format), settings)


class ImageViews:
    """The views of one decoded image, and which of them have equal pixels."""

    def __init__(
        self,
        source: OpenSource,
        pixels: Pixels,
        settings: Settings,
        drawn: DrawnSource,
    ) -> None:
        self.source_id, self.classes = source.id, source.classes
        self.pixels, self.settings = pixels, settings
        self.drawn = drawn
        self.by_hash: dict[str, list[int]] = {}
        """Views with pixels that no earlier view has, by the hash of their file."""
        for row in source.rows:
            if row["same_as"] == row["view"] > 0:
                self.by_hash.setdefault(row["sha256"], []).append(row["view"])

    def render(self, k: int) -> Rendered:
        """Return view `k`."""
        views = self.settings.views
        params, move = self.choose(k)
        pixels = self.pixels if k == 0 else self.drawn.pixels.get(k)
        if pixels is not None:
            return Rendered(pixels, params)
        return views.render(self.pixels, params, self.colour, move)

    def choose(self, k: int) -> DrawnView:
        """Return the parameters of view `k` and, if it is known, its resampling."""
        views = self.settings.views
        drawn = self.drawn.views.get(k)
        return drawn or DrawnView(views.params(self.source_id, k, self.classes), None)

    @cached_property
    def colour(self) -> list[int] | None:
        """The fill of all views.

        None where a technique that changes pixels comes first, since the border to match is then
        another one in each view.
        """
        recipe = self.settings.recipe
        return recipe.fill.colour(self.pixels) if recipe.begins_with_geometry else None

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


def encode_original(decoded: Decoded, data: bytes, settings: Settings) -> bytes:
    """Return the file of view 0: the source's own bytes, or new ones.

    New ones have no orientation tag, or another format where all images must have the same.
    """
    wanted = settings.original_format
    if wanted in OPTIONS and OPTIONS[wanted].name != decoded.encoding.format:
        return encode(decoded.pixels, decoded.encoding.override(wanted, settings.quality))
    return encode(decoded.pixels, decoded.encoding) if decoded.turned else data
