"""Views of several images, drawn and placed together before any of the images is decoded.

The numbers come from `ViewBatches`, as arrays. The images may have any sizes, and each is rendered
later, by `Views.render`. Small images of one shape are rendered together: where a view takes a few
microseconds, calling the functions one by one would be most of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from expand.geometry import Size
from expand.images.pixels import Pixels
from expand.techniques import Choice
from expand.views.by_class import view_batches
from expand.views.moves import Move, Moves, make_moves
from expand.views.views import Params, Views


class WantedViews(NamedTuple):
    """Which views of an image are wanted, and the size of the image in pixels."""

    source_id: str
    width: int
    height: int
    ks: Sequence[int]
    labels: Sequence[str] = ()
    """The classes of the image."""


class DrawnView(NamedTuple):
    """A view that is not rendered yet: its parameters, and its resampling.

    `move` is None for view 0, and where the resampling depends on pixels that change before it.
    """

    params: Params
    move: Move | None


class DrawnViews:
    """The wanted views of some images: a view for each pair of an image and a number k ≥ 1."""

    def __init__(self, views: Views, images: Sequence[WantedViews]) -> None:
        self.views, self.images = views, images
        pairs = [(row, k) for row, image in enumerate(images) for k in image.ks if k]
        self.rows = np.array([row for row, _ in pairs], np.int64)
        self.ks = np.array([k for _, k in pairs], np.uint64)
        self.batches = view_batches(
            views, [image.source_id for image in images], [image.labels for image in images]
        )
        self.choices = self.batches.choices(self.rows, self.ks) if pairs else {}
        self.moves = self._moves() if pairs and views.recipe.begins_with_geometry else None

    def _moves(self) -> Moves:
        sides = [(image.width, image.height) for image in self.images]
        width, height = np.array(sides, np.float64)[self.rows].T
        size = Size(width, height)
        return make_moves(self.batches.placement(self.choices, size), size)

    def by_image(self) -> list[dict[int, DrawnView]]:
        """Return the views of each image, by their number; the parameters are `Views.params`."""
        untouched = DrawnView(self.views.recipe.neutral(), None)
        drawn: list[dict[int, DrawnView]] = [
            {0: untouched} if 0 in image.ks else {} for image in self.images
        ]
        count = len(self.rows)
        each = zip(*(_rows(choice, count) for choice in self.choices.values()), strict=True)
        moves: Sequence[Move | None] = self.moves.each() if self.moves else [None] * count
        pairs = zip(self.rows.tolist(), self.ks.tolist(), each, moves, strict=True)
        for row, k, values, move in pairs if count else ():
            drawn[row][k] = DrawnView(dict(zip(self.choices, values, strict=True)), move)
        return drawn

    def render(self, images: Mapping[int, Pixels]) -> dict[int, dict[int, Pixels]]:
        """Render the views of images of one shape and type, given by their index.

        Return them by the image's index and the view's number; they are those of `Views.render`.
        Raises as it does, for one of the images or for all.
        """
        views: dict[int, dict[int, Pixels]] = {row: {} for row in images}
        places = np.flatnonzero(np.isin(self.rows, list(images)))
        if not len(places):
            return views
        stacked = np.stack(list(images.values()))
        index = {row: at for at, row in enumerate(images)}
        at = [index[row] for row in self.rows[places].tolist()]
        first = self.views.recipe.begins_with_geometry
        rendered = self.batches.render(
            stacked[at],
            {key: _take(choice, places, len(self.rows)) for key, choice in self.choices.items()},
            self.batches.fill_colours(stacked)[at] if first else None,
            self.moves.take(places) if self.moves else None,
        )
        for place, view in zip(places.tolist(), rendered, strict=True):
            views[int(self.rows[place])][int(self.ks[place])] = view
        return views


def _rows(choice: Choice, count: int) -> Iterator[Choice]:
    """Yield a choice for each of `count` views, from one that holds arrays."""
    columns = (np.broadcast_to(values, count).tolist() for values in choice.values())
    return (dict(zip(choice, row, strict=True)) for row in zip(*columns, strict=True))


def _take(choice: Choice, places: np.ndarray, count: int) -> Choice:
    """Return the choices of some of `count` views."""
    return {name: np.broadcast_to(values, count)[places] for name, values in choice.items()}
