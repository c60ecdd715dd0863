"""Views of images for whose classes a recipe has rules, drawn together.

Each set of rules has its own walk through the variants. So the parameters are drawn for the images
of one set at a time and then put together; a technique that rules leave out gets parameters with
which it changes nothing. Such views are placed and rendered like any others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from expand.techniques import Choice
from expand.views.batches import Choices, ViewBatches
from expand.views.views import Params, Views

Labels = Sequence[str]


def view_batches(
    views: Views, ids: Sequence[str], labels: Sequence[Labels] | None = None
) -> ViewBatches:
    """Return the views of a fixed list of images, of which `labels` has the classes."""
    if not views.recipe.classes or labels is None:
        return ViewBatches(views, ids)
    return ClassBatches(views, ids, labels)


class ClassBatches(ViewBatches):
    """The views of images of which some fall under rules for their classes."""

    def __init__(self, views: Views, ids: Sequence[str], labels: Sequence[Labels]) -> None:
        super().__init__(views, ids)
        self.labels = labels
        numbers: dict[Views | None, list[int]] = {}
        own = {each: views.for_classes(each) for each in set(map(tuple, labels))}
        for row, each in enumerate(labels):
            numbers.setdefault(own[tuple(each)], []).append(row)
        self.part = np.zeros(len(ids), np.int64)
        self.place = np.zeros(len(ids), np.int64)
        """Which of `parts` an image belongs to, and its index there."""
        self.parts: list[ViewBatches | None] = []
        for part, (group, rows) in enumerate(numbers.items()):
            self.part[rows], self.place[rows] = part, np.arange(len(rows))
            own_ids = [ids[row] for row in rows]
            self.parts.append(ViewBatches(group, own_ids) if group else None)

    def params(self, row: int, k: int) -> Params:
        """Return the parameters of view `k` of the image in a row."""
        return self.views.params(self.ids[row], k, self.labels[row])

    def choices(self, rows: NDArray[np.int64], k: int | NDArray[np.uint64]) -> Choices:
        """Return the parameters of view `k` ≥ 1 of the images in `rows`, or of as many views `k`.

        The values are those of `Views.params`, as arrays of len(rows).
        """
        ks = np.broadcast_to(np.asarray(k, np.uint64), len(rows))
        drawn: list[tuple[NDArray[np.int64], Choices]] = []
        for number, part in enumerate(self.parts):
            places = np.flatnonzero(self.part[rows] == number)
            if part and len(places):
                drawn.append((places, part.choices(self.place[rows[places]], ks[places])))
        return {
            key: _merge(choice, len(rows), [(at, own[key]) for at, own in drawn if key in own])
            for key, choice in self.views.recipe.neutral().items()
        }


def _merge(
    neutral: Choice, count: int, drawn: Sequence[tuple[NDArray[np.int64], Choice]]
) -> Choice:
    """Return the choices of `count` views: some were drawn, all others change nothing."""
    merged: Choice = {}
    for name, value in neutral.items():
        columns = [(places, np.asarray(choice[name])) for places, choice in drawn]
        kind = np.result_type(*(column for _, column in columns)) if columns else None
        merged[name] = np.full(count, value, kind)
        for places, column in columns:
            merged[name][places] = column
    return merged
