"""Views of several images, drawn and placed together before any of the images is decoded.

The numbers come from `ViewBatches`, as arrays. The images may have any sizes; each is rendered
later, by `Views.render`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from expand.geometry import Size
from expand.techniques import Choice
from expand.views.batches import ViewBatches
from expand.views.resample import Move, make_moves
from expand.views.views import Params, Views


class Wanted(NamedTuple):
    """The views `ks` of an image of a size in pixels."""

    source_id: str
    width: int
    height: int
    ks: Sequence[int]


class DrawnView(NamedTuple):
    """A view that is not rendered yet: its parameters, and its resampling.

    `move` is None for view 0, and where the resampling depends on pixels that change before it.
    """

    params: Params
    move: Move | None


def draw_views(views: Views, images: Sequence[Wanted]) -> list[dict[int, DrawnView]]:
    """Return the wanted views of each image, by their number; the values are `Views.params`."""
    drawn: list[dict[int, DrawnView]] = [
        {0: DrawnView(views.params(image.source_id, 0), None)} if 0 in image.ks else {}
        for image in images
    ]
    pairs = [(row, k) for row, image in enumerate(images) for k in image.ks if k]
    if pairs:
        for (row, k), view in zip(pairs, _draw(views, images, pairs), strict=True):
            drawn[row][k] = view
    return drawn


def _draw(views: Views, images: Sequence[Wanted], pairs: list[tuple[int, int]]) -> list[DrawnView]:
    """Return a view for each pair of an image and a number."""
    count = len(pairs)
    rows = np.fromiter((row for row, _ in pairs), np.int64, count)
    ks = np.fromiter((k for _, k in pairs), np.uint64, count)
    batches = ViewBatches(views, [image.source_id for image in images])
    choices = batches.choices(rows, ks)
    moves: Sequence[Move | None] = [None] * count
    if views.recipe.begins_with_geometry:
        sides = np.array([(image.width, image.height) for image in images], np.float64)[rows]
        size = Size(sides[:, 0], sides[:, 1])
        moves = make_moves(batches.placement(choices, size), size)
    each = zip(*(_rows(choice, count) for choice in choices.values()), strict=True)
    return [
        DrawnView(dict(zip(choices, values, strict=True)), move)
        for values, move in zip(each, moves, strict=True)
    ]


def _rows(choice: Choice, count: int) -> Iterator[Choice]:
    """Yield a choice for each of `count` views, from one that holds arrays."""
    columns = (np.broadcast_to(values, count).tolist() for values in choice.values())
    return (dict(zip(choice, row, strict=True)) for row in zip(*columns, strict=True))
