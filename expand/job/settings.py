"""Settings: everything that decides the content of an expanded dataset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from expand.errors import ExpandError, shown
from expand.images.formats import OPTIONS
from expand.recipes.recipe import Recipe
from expand.techniques.ranges import MOST_FACTOR, is_whole
from expand.views.views import Views

ORIGINALS = ("copy", "link", "none")
KINDS: dict[str, tuple[type, ...]] = {
    "recipe": (dict,),
    "factor": (int,),
    "seed": (int,),
    "sampling": (str,),
    "format": (str,),
    "quality": (int, type(None)),
    "originals": (str,),
}
"""The types of the settings as plain data."""


@dataclass(frozen=True)
class Settings:
    """Everything that decides the content of an expanded dataset; checks itself."""

    recipe: Recipe
    factor: int
    seed: int = 0
    sampling: str = "stratified"
    format: str = "keep"
    quality: int | None = None
    originals: str = "copy"

    def __post_init__(self) -> None:
        if not is_whole(self.factor) or self.factor < 1:
            raise ExpandError(f"--factor must be at least 1, got {shown(self.factor)}")
        if self.factor > MOST_FACTOR:
            raise ExpandError(f"--factor must be at most {MOST_FACTOR:,}, got {shown(self.factor)}")
        if self.format not in ("keep", *OPTIONS):
            raise ExpandError(f"--format must be keep, {', '.join(OPTIONS)}, got {self.format!r}")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ExpandError(f"--quality must be 1 … 100, got {self.quality}")
        if self.originals not in ORIGINALS:
            raise ExpandError(f"--originals must be {', '.join(ORIGINALS)}, got {self.originals!r}")
        if self.factor == 1 and self.originals == "none":
            raise ExpandError("--factor 1 with --originals none leaves nothing to write")
        most = self.recipe.distinct
        if most is not None and self.factor > most:
            raise ExpandError(
                f'--factor {self.factor} is more than recipe "{self.recipe.name}" can give: {most} '
                "distinct views"
            )
        self.views  # noqa: B018  # checks the seed and the sampling

    @cached_property
    def views(self) -> Views:
        """All views of all images under these settings."""
        return Views(self.recipe, self.seed, self.sampling)

    @property
    def written(self) -> range:
        """The views that become files."""
        return range(1 if self.originals == "none" else 0, self.factor)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        values = {key: getattr(self, key) for key in self.__dataclass_fields__}
        return {**values, "recipe": self.recipe.to_dict()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Settings:
        """Build the settings from the result of `to_dict`.

        Raise ExpandError for anything else: a run card may come from anyone.
        """
        for key, kinds in KINDS.items():
            if not isinstance(data.get(key), kinds) or isinstance(data.get(key), bool):
                raise ExpandError(f'the run card has a setting "{key}" that cannot be used')
        known = {key: data[key] for key in cls.__dataclass_fields__ if key in data}
        return cls(**{**known, "recipe": Recipe.from_dict(data["recipe"])})
