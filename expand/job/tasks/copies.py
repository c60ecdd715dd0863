"""The copies of one source: its bytes in, the files of its views out. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

import cv2
import numpy as np

from expand.errors import BadImageError, ExpandError
from expand.images.decoder import Decoded, ImageFile, open_image
from expand.images.encoder import encode
from expand.images.pixels import Pixels
from expand.job.settings import Settings
from expand.job.tasks.labels import LoadedLabels, OpenLabels, WrittenLabels, classes_of
from expand.job.tasks.placing import place_together, place_views
from expand.layouts.labelled.dataset import Labels
from expand.layouts.names import copy_name
from expand.layouts.source import Source, check_name
from expand.records.rows import Row
from expand.views.drawn import DrawnView, DrawnViews, WantedViews
from expand.views.views import Rendered

SMALL = 1 << 17
"""Bytes of all views of a source up to which they are rendered together with those of others.

Those of a chunk of sources then have at most 8 MB; larger images gain little.
"""


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


class OpenSource(NamedTuple):
    """A source whose header was read, and the views that are to become files."""

    id: str
    data: bytes
    image: ImageFile
    ks: Sequence[int]
    """Ascending."""
    rows: Sequence[Row] = ()
    """The manifest's rows of views that have files already; new views are compared with them."""
    labels: OpenLabels | None = None
    classes: Sequence[str] = ()
    """Its classes, if the recipe has rules for classes."""


def open_source(
    source_id: str,
    data: bytes,
    ks: Sequence[int],
    rows: Sequence[Row] = (),
    classes: Sequence[str] = (),
) -> OpenSource:
    """Open a source, from the bytes of its file; raise BadImageError if it cannot be used."""
    check_name(source_id)
    return OpenSource(source_id, data, open_image(data), ks, rows, classes=classes)


def open_labelled(
    settings: Settings,
    source: Source,
    data: bytes,
    ks: Sequence[int],
    rows: Sequence[Row],
    labels: tuple[Labels, LoadedLabels],
) -> OpenSource:
    """Open a source of a labelled dataset, with the bytes of its labels.

    Raise BadImageError if it cannot be used.
    """
    opened = open_source(source.id, data, ks, rows)
    reader, loaded = labels
    parsed = OpenLabels.parse(reader, source, loaded, opened.image)
    return opened._replace(labels=parsed, classes=classes_of(settings, source, parsed))


class DrawnSource(NamedTuple):
    """The views of a source, by their number, and what was rendered of it together with others."""

    views: Mapping[int, DrawnView]
    decoded: Decoded | None = None
    pixels: Mapping[int, Pixels] = MappingProxyType({})
    """Of the views that are rendered already."""
    problem: Exception | None = None
    """Why the source cannot be decoded, if that was tried."""
    labels: Sequence[WrittenLabels] = ()
    """Those of its views, if they were made together with those of others."""


def draw_sources(settings: Settings, sources: Sequence[OpenSource]) -> list[DrawnSource]:
    """Draw the views of several sources at once, and render small ones; in the sources' order."""
    drawn = DrawnViews(
        settings.views,
        [
            WantedViews(source.id, *source.image.size, source.ks, source.classes)
            for source in sources
        ],
    )
    small = _render_small(drawn, sources) if settings.recipe.is_native else {}
    each = drawn.by_image()
    labels = _label_together(settings, sources, each)
    return [
        DrawnSource(views, *small.get(row, NOT_DECODED), labels.get(row, ()))
        for row, views in enumerate(each)
    ]


def _label_together(
    settings: Settings, sources: Sequence[OpenSource], drawn: Sequence[Mapping[int, DrawnView]]
) -> dict[int, list[WrittenLabels]]:
    """Return the labels of the views of sources, by the source's index.

    Between the images of the views, this code would have to be loaded into the processor again for
    each. Sources of which views have to be made one by one are left out.
    """
    labelled = {row: source.labels for row, source in enumerate(sources) if source.labels}
    unplaced = {row: own.unplaced(drawn[row]) for row, own in labelled.items()}
    result: dict[int, list[WrittenLabels]] = {}
    for row, placed in place_together(settings, unplaced).items():
        with suppress(ExpandError, MemoryError):  # raised again where the files are made
            result[row] = [
                labelled[row].of_view(view, _name(sources[row], view.k, settings), settings)
                for view in placed
            ]
    return result


Small = tuple[Decoded | None, Mapping[int, Pixels], Exception | None]
"""A small source, decoded; its views, if they are rendered; or why it cannot be decoded."""
NOT_DECODED: Small = (None, MappingProxyType({}), None)


def _render_small(drawn: DrawnViews, sources: Sequence[OpenSource]) -> dict[int, Small]:
    """Decode small sources and render their views, those of one shape together.

    Return them by the source's index.
    """
    groups: dict[tuple[Any, ...], dict[int, Decoded]] = {}
    result: dict[int, Small] = {}
    for row, source in enumerate(sources):
        width, height = source.image.size
        if width * height * len(source.ks) > SMALL:
            continue
        try:
            decoded = source.image.decode()
        except (BadImageError, MemoryError, cv2.error) as error:
            result[row] = None, {}, error
            continue
        if decoded.pixels.nbytes * len(source.ks) <= SMALL:
            shape = decoded.pixels.shape, decoded.pixels.dtype
            groups.setdefault(shape, {})[row] = decoded
    for group in groups.values():
        rendered: Mapping[int, Mapping[int, Pixels]] = {}
        # a view that cannot be rendered, or one of another size: each is rendered on its own
        with suppress(ExpandError, MemoryError, cv2.error):
            rendered = drawn.render({row: decoded.pixels for row, decoded in group.items()})
        result |= {row: (group[row], rendered.get(row, {}), None) for row in group}
    return result


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
        name = _name(source, k, settings)
        file = encode(pixels, encoding) if k else encode_original(decoded, data)
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
        )


def _label(
    source: OpenSource, settings: Settings, drawn: Mapping[int, DrawnView]
) -> Iterator[WrittenLabels]:
    """Yield the labels of the views of a source."""
    assert source.labels
    for view in place_views(settings, source.labels.unplaced(drawn)):
        yield source.labels.of_view(view, _name(source, view.k, settings), settings)


def _name(source: OpenSource, k: int, settings: Settings) -> str:
    """Return the name of the file of view `k`."""
    if source.labels:
        return source.labels.image_name(k, settings.format)
    return copy_name(source.id, k, settings.format) if k else source.id


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


def encode_original(decoded: Decoded, data: bytes) -> bytes:
    """Return the file of view 0: the source's own bytes, or new ones without orientation tag."""
    return encode(decoded.pixels, decoded.encoding) if decoded.turned else data
