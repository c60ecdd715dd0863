"""The views of several sources, drawn at once: parameters, pixels of small images, and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

import cv2

from expand.errors import BadImageError, ExpandError
from expand.images.decoder import Decoded
from expand.images.pixels import Pixels
from expand.job.settings import Settings
from expand.job.tasks.labels import WrittenLabels
from expand.job.tasks.placing import place_together
from expand.job.tasks.sources import OpenSource
from expand.views.drawn import DrawnView, DrawnViews, WantedViews

SMALL = 1 << 17
"""Bytes of all views of a source up to which they are rendered together with those of others.

Those of a chunk of sources then have at most 8 MB; larger images gain little.
"""


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
                labelled[row].of_view(view, sources[row].name(view.k, settings.format), settings)
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
