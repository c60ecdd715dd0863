"""A batch of views at once: the arithmetic of single views on arrays, with the same bits.

For training on the fly, which needs many views a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from expand.geometry import Placement, Size
from expand.images.pixels import Pixels
from expand.recipes.fill import border_colours, fit_colour
from expand.techniques import Choice
from expand.views.checked import check_kept
from expand.views.keys import STEPS, UNIT, draw_many
from expand.views.moves import Moves, make_moves
from expand.views.resample import resample_batch
from expand.views.views import Params, Views
from expand.views.walk import walk

Choices = dict[str, Choice]
TABLE = 100_000
"""Combinations of variants that are walked through once, at the start."""


class ViewBatches:
    """The views of a fixed list of images, batch by batch.

    The numbers that depend on an image only are drawn once.
    """

    def __init__(self, views: Views, ids: Sequence[str]) -> None:
        self.views, self.ids = views, ids
        self.encoded = [source_id.encode("utf-8") for source_id in ids]

    def choices(self, rows: NDArray[np.int64], k: int | NDArray[np.uint64]) -> Choices:
        """Return the parameters of view `k` ≥ 1 of the images in `rows`, or of as many views `k`.

        The values are those of `Views.params`, as arrays of len(rows).
        """
        ks = np.broadcast_to(np.asarray(k, np.uint64), len(rows))
        draw = self._random if self.views.sampling == "random" else self._stratified
        variants, spread = draw(rows, ks)
        numbers = np.concatenate([spread, self._draw("seed", rows, ks, self.views.seeds)], axis=1)
        return {
            step.key: step.technique.choose(
                variants[:, column].astype(np.float64), [numbers[:, i] for i in step.takes]
            )
            for column, step in enumerate(self.views.steps)
        }

    def params(self, row: int, k: int) -> Params:
        """Return the parameters of view `k` of the image in a row."""
        return self.views.params(self.ids[row], k)

    def render(
        self,
        pixels: Pixels,
        choices: Choices,
        colours: NDArray[np.int64] | None = None,
        moves: Moves | None = None,
    ) -> Pixels:
        """Render views of N images of one size (N×H×W or N×H×W×C), as `Views.render` does for each.

        `colours` (N×C) are the images' `fill_colours`, and `moves` their resamplings, for a caller
        that has them already.
        """
        source, moved = pixels, False
        for step in self.views.steps:
            if step.change:
                changed = step.change.apply_batch_within(pixels, choices[step.key], source)
                if len(pixels):
                    check_kept(pixels[0], changed[0], step.key)
                pixels = changed
            elif not moved:
                moved = True
                pixels = resample_batch(
                    pixels,
                    self.moves(choices, pixels.shape[1:]) if moves is None else moves,
                    self.views.recipe.fill,
                    self.fill_colours(pixels) if colours is None else colours,
                )
        return pixels

    def moves(self, choices: Choices, shape: tuple[int, ...]) -> Moves:
        """Return the resamplings of N views of images of one shape (H×W or H×W×C)."""
        size = Size(float(shape[1]), float(shape[0]))
        return make_moves(self.placement(choices, size), size)

    def placement(self, choices: Choices, size: Size) -> Placement:
        """Return the output-to-input map of each view, as arrays."""
        return self.views.placement(choices, size)

    def fill_colours(self, pixels: Pixels) -> NDArray[np.int64]:
        """Return the fill of the uncovered area of each of N images, N×C."""
        fill = self.views.recipe.fill
        channels = 1 if pixels.ndim == 3 else pixels.shape[3]
        if fill.value == "background":
            return border_colours(pixels)
        values = (
            [0] * channels
            if isinstance(fill.value, str)
            else fit_colour(fill.value, channels, np.iinfo(pixels.dtype).max)
        )
        return np.tile(np.array(values), (len(pixels), 1))

    def _stratified(
        self, rows: NDArray[np.int64], ks: NDArray[np.uint64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the variants (N × techniques) and the numbers of stratified views."""
        origins = self._origins[rows]
        steps = np.array(STEPS[: origins.shape[1] - 2], dtype=np.uint64)
        spread = ((origins[:, 2:] + ks[:, None] * steps) >> np.uint64(11)) * UNIT
        return self._variants(origins, ks), spread.astype(np.float64, copy=False)

    def _random(
        self, rows: NDArray[np.int64], ks: NDArray[np.uint64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the variants (N × techniques) and the numbers of independently drawn views."""
        views, radices = self.views, np.array(self.views.radices, dtype=np.uint64)
        if views.recipe.distinct is None:
            drawn = self._draw_whole("variant", rows, ks, len(radices))
            variants = (drawn % radices).astype(np.int64)
        else:
            ids = (self.ids[row] for row in rows.tolist())
            each = [views.variants(name, k) for name, k in zip(ids, ks.tolist(), strict=True)]
            variants = np.array(each, dtype=np.int64).reshape(len(rows), -1)
        return variants, self._draw("number", rows, ks, views.spread)

    def _variants(self, origins: NDArray[np.uint64], ks: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the variants of views `ks`, N × techniques."""
        total, one = np.uint64(self.views.recipe.combinations), np.uint64(1)
        # in the first round, combination 0 is left out: it is the image itself
        turns = max(total - one, one)
        first = one + (origins[:, 0] % turns + (ks - one) % turns) % turns
        later = (origins[:, 1] % total + ks % total) % total
        positions = np.where(ks < total, first, later)
        if total > TABLE:
            walked = [walk(position, self.views.radices) for position in positions.tolist()]
            return np.array(walked, dtype=np.int64).reshape(len(origins), -1)
        return self._walk[positions.astype(np.int64)]

    def _draw(
        self, kind: str, rows: NDArray[np.int64], ks: NDArray[np.uint64], count: int
    ) -> NDArray[np.float64]:
        """Return `count` independent numbers for each view, N × count."""
        drawn = self._draw_whole(kind, rows, ks, count)
        return ((drawn >> np.uint64(11)) * UNIT).astype(np.float64)

    def _draw_whole(
        self, kind: str, rows: NDArray[np.int64], ks: NDArray[np.uint64], count: int
    ) -> NDArray[np.uint64]:
        drawn = np.empty((len(rows), count), np.uint64)
        if not drawn.size:
            return drawn
        # views of one number together, by sorting: a huge factor has as many numbers as views
        order = np.argsort(ks, kind="stable")
        for places in np.split(order, np.flatnonzero(np.diff(ks[order])) + 1):
            ids = (self.encoded[row] for row in rows[places].tolist())
            drawn[places] = draw_many(self.views.seed, kind, ids, int(ks[places[0]]), count)
        return drawn

    @cached_property
    def _walk(self) -> NDArray[np.int64]:
        radices = self.views.radices
        return np.array(
            [walk(position, radices) for position in range(self.views.recipe.combinations)],
            dtype=np.int64,
        )

    @cached_property
    def _origins(self) -> NDArray[np.uint64]:
        """Where each image starts: position in the walk, phase, offsets; N × (2 + numbers)."""
        return draw_many(self.views.seed, "source", self.encoded, 0, 2 + self.views.spread)
