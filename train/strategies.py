"""Strategies: which image, as which view, every item is in every pass over the sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.errors import ExpandError
from expand.keys import draw
from expand.recipe import Recipe
from expand.views import Views
from train.errors import TrainError
from train.folder import Folder

STRATEGIES = ("none", "disk", "fly", "hybrid")
HYBRID_SEED = 0x68796272
"""Keeps the views that hybrid adds on the fly apart from those that are on disk under the same seed."""


@dataclass(frozen=True)
class Strategy:
    """What a pass over the sources shows.

    none: the sources as they are. disk: copy `k mod F` in pass k. fly: view k in pass k (`k mod factor` if there is one).
    hybrid: the copy, and view k of the techniques in `recipe` on top of it.

    With `clean_every` F, fly shows what a folder of F views would, expanded anew, from another seed, for every F passes:
    the untouched image as often, every variant as often, so that it differs from such a folder in repetition alone.
    """

    name: str
    recipe: Recipe | None = None
    view_seed: int = 0
    sampling: str = "stratified"
    factor: int | None = None
    clean_every: int | None = None
    visit_all: bool = False

    def __post_init__(self) -> None:
        if self.name not in STRATEGIES:
            raise TrainError(f"--strategy must be {', '.join(STRATEGIES)}, got {self.name!r}")
        if self.factor is not None and self.factor < 1:
            raise TrainError(f"--factor must be at least 1, got {self.factor}")
        if self.clean_every is not None and self.clean_every < 1:
            raise TrainError(f"--clean-every must be at least 1, got {self.clean_every}")
        if not 0 <= self.view_seed < 2**64:
            raise TrainError(f"--view-seed must be 0 … 2^64 - 1, got {self.view_seed}")
        if self.visit_all and self.name not in ("disk", "hybrid"):
            raise TrainError(f"--visit all is for the files of an expanded set, not for --strategy {self.name}")

    def views(self, k: int = 0) -> Views | None:
        """Return the views of which one is computed in pass `k`, None if there are none."""
        if self.recipe is None:
            return None
        seed, block = self.view_seed ^ (HYBRID_SEED if self.name == "hybrid" else 0), self.block(k)
        try:
            return Views(self.recipe, draw(seed, "block", "", block, 1)[0] if block else seed, self.sampling)
        except ExpandError as error:
            raise TrainError(str(error)) from error

    def view(self, k: int) -> int:
        """Return which view is computed in pass `k`; 0: the image as it is read."""
        if self.recipe is None:
            return 0
        k = k % self.factor if self.factor else k
        return k % self.clean_every if self.clean_every else k

    def block(self, k: int) -> int:
        """Return which of the expansions that follow one another pass `k` belongs to."""
        k = k % self.factor if self.factor else k
        return k // self.clean_every if self.clean_every else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the strategy as plain data."""
        values = {key: getattr(self, key) for key in self.__dataclass_fields__}
        return {**values, "recipe": self.recipe and self.recipe.to_dict()}


class Visits:
    """The items that an epoch visits, and which row of the folder each of them is in a pass."""

    def __init__(self, folder: Folder, strategy: Strategy) -> None:
        self.strategy = strategy
        if strategy.name in ("none", "fly"):
            self.folder = folder.originals()
            self.table = np.arange(len(self.folder))[:, None]
        else:
            self.folder = folder
            self.table = folder.table
        self.files_a_source = self.table.shape[1]
        if strategy.visit_all:
            self.table = self.table.reshape(-1, 1)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def copies(self) -> int:
        """How many files of each source there are to choose from."""
        return int(self.table.shape[1])

    @property
    def labels(self) -> NDArray[np.int64]:
        """The label of each item."""
        return self.folder.labels[self.table[:, 0]]

    @property
    def ids(self) -> list[str]:
        """The source of each item."""
        return [self.folder.sources[row] for row in self.table[:, 0]]

    def rows(self, items: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """Return the folder's rows of some items in pass `k`."""
        rows: NDArray[np.int64] = self.table[items, k % self.copies]
        return rows


def order(seed: int, k: int, count: int) -> NDArray[np.int64]:
    """Return the order of the items in pass `k`: from the seed and the pass alone."""
    return np.random.Generator(np.random.PCG64(draw(seed, "order", "", k, 4))).permutation(count)
