"""Strategies: the file and the view that each source is shown as in each epoch."""

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
"""Makes the views that hybrid adds differ from those on disk with the same seed."""


@dataclass(frozen=True)
class Strategy:
    """What an epoch shows of each source.

    none: the source as it is. disk: copy `epoch mod F`. fly: view `epoch`, or `epoch mod factor` if
    there is a factor. hybrid: the copy, with view `epoch` of the techniques in `recipe` on top.

    With `clean_every` F, fly shows what a folder of F views, expanded anew from another seed every
    F epochs, would show: the untouched image and every variant equally often. So it differs from
    such a folder in repetition alone.
    """

    name: str
    recipe: Recipe | None = None
    view_seed: int = 0
    sampling: str = "stratified"
    factor: int | None = None
    clean_every: int | None = None
    visit_all: bool = False
    pools_files: bool = False
    """disk: an epoch has as many images as there are sources, taken from all files in turn, so that
    it has as many steps as one of any other strategy."""

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
                "--visit all is for the files of an expanded dataset, "
                f"not for --strategy {self.name}"
            )

    @property
    def reads_copies(self) -> bool:
        """Whether it reads the copies in an expanded folder."""
        return self.name in ("disk", "hybrid")

    def views(self, epoch: int = 0) -> Views | None:
        """Return the views that an epoch draws from; None if it shows images as they are read."""
        if self.recipe is None:
            return None
        seed, block = self.view_seed, self.block(epoch)
        if self.name == "hybrid":
            seed ^= HYBRID_SEED
        if block:
            (seed,) = draw(seed, "block", "", block, 1)
        try:
            return Views(self.recipe, seed, self.sampling)
        except ExpandError as error:
            raise TrainError(str(error)) from error

    def view(self, epoch: int) -> int:
        """Return the number of the view that an epoch shows; 0: the image as it is read."""
        if self.recipe is None:
            return 0
        k = epoch % self.factor if self.factor else epoch
        return k % self.clean_every if self.clean_every else k

    def block(self, epoch: int) -> int:
        """Return the number of the expansion that an epoch shows, with `clean_every`; else 0."""
        k = epoch % self.factor if self.factor else epoch
        return k // self.clean_every if self.clean_every else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the strategy as plain data."""
        values = {key: getattr(self, key) for key in self.__dataclass_fields__}
        if not self.pools_files:  # as the runs have it that were recorded before there was one
            del values["pools_files"]
        return {**values, "recipe": self.recipe and self.recipe.to_dict()}
