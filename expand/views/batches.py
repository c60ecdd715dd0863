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
from expand.views.resample import resample_batch
from expand.views.views import Views
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

    def choices(self, rows: NDArray[np.int64], k: int) -> Choices:
        """Return the parameters of view `k` ≥ 1 of the images in `rows`.

        The values are those of `Views.params`, as arrays of len(rows).
        """
        if self.views.sampling == "random":
            return self._stacked(rows, k)
        origins = self._origins[rows]
        variants = self._variants(origins, k)
        steps = np.array(STEPS[: origins.shape[1] - 2], dtype=np.uint64)
        spread = ((origins[:, 2:] + np.uint64(k) * steps[None]) >> np.uint64(11)) * UNIT
        numbers = np.concatenate([spread, self._seeds(rows, k)], axis=1)
        return {
            step.key: step.technique.choose(
                variants[:, column].astype(np.float64), [numbers[:, i] for i in step.takes]
            )
            for column, step in enumerate(self.views.steps)
        }

    def render(
        self, pixels: Pixels, choices: Choices, colours: NDArray[np.int64] | None = None
    ) -> Pixels:
        """Render views of N images of one size (N×H×W or N×H×W×C), as `Views.render` does for each.

        `colours` (N×C) are the images' `fill_colours`, for a caller that has them already.
        """
        moved = False
        for step in self.views.steps:
            if step.change:
                changed = step.change.apply_batch(pixels, choices[step.key])
                if len(pixels):
                    check_kept(pixels[0], changed[0], step.key)
                pixels = changed
            elif not moved:
                moved = True
                pixels = self._resample(
                    pixels, choices, colours if colours is not None else self.fill_colours(pixels)
                )
        return pixels

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

    def _resample(self, pixels: Pixels, choices: Choices, colours: NDArray[np.int64]) -> Pixels:
        size = Size(float(pixels.shape[2]), float(pixels.shape[1]))
        placement = self.placement(choices, size)
        return resample_batch(pixels, placement, self.views.recipe.fill, colours)

    def _stacked(self, rows: NDArray[np.int64], k: int) -> Choices:
        """Return the parameters, drawn one by one, as arrays."""
        singles = [self.views.params(self.ids[row], k) for row in rows]
        return {
            key: {name: np.array([single[key][name] for single in singles]) for name in choice}
            for key, choice in singles[0].items()
        }

    def _variants(self, origins: NDArray[np.uint64], k: int) -> NDArray[np.int64]:
        """Return the variants of view `k`, N × techniques."""
        total = np.uint64(self.views.recipe.combinations)
        if k < int(total):
            positions = 1 + (origins[:, 0] % (total - np.uint64(1)) + np.uint64(k - 1)) % (
                total - np.uint64(1)
            )
        else:
            positions = (origins[:, 1] % total + np.uint64(k % int(total))) % total
        if total > TABLE:
            walked = [walk(position, self.views.radices) for position in positions.tolist()]
            return np.array(walked, dtype=np.int64).reshape(len(origins), -1)
        return self._walk[positions.astype(np.int64)]

    def _seeds(self, rows: NDArray[np.int64], k: int) -> NDArray[np.float64]:
        """Return the independent numbers of view `k`, N × seeds."""
        ids = (self.encoded[row] for row in rows.tolist())
        drawn = draw_many(self.views.seed, "seed", ids, k, self.views.seeds)
        return ((drawn >> np.uint64(11)) * UNIT).astype(np.float64)

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
