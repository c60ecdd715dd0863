"""Strategies: which image, as which view, every item is in every pass over the sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from expand.errors import ExpandError
from expand.recipes.recipe import Recipe
from expand.views.keys import draw
from expand.views.views import Views
from train.errors import TrainError

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
        if self.visit_all and not self.reads_copies:
            raise TrainError(
                f"--visit all is for the files of an expanded set, not for --strategy {self.name}"
            )

    @property
    def reads_copies(self) -> bool:
        """Tell whether it reads the copies in an expanded folder."""
        return self.name in ("disk", "hybrid")

    def views(self, k: int = 0) -> Views | None:
        """Return the views of which one is computed in pass `k`, None if there are none."""
        if self.recipe is None:
            return None
        seed, block = self.view_seed ^ (HYBRID_SEED if self.name == "hybrid" else 0), self.block(k)
        try:
            return Views(
                self.recipe, draw(seed, "block", "", block, 1)[0] if block else seed, self.sampling
            )
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
