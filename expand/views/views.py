"""Views: view k of an image is a pure function of (seed, the image's id, k, the recipe). View 0 is the image itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from expand.errors import ExpandError
from expand.geometry import IDENTITY, Placement, Size
from expand.images.pixels import Pixels
from expand.recipes.recipe import Recipe
from expand.techniques import GeometricTechnique, PixelTechnique, Technique
from expand.views.keys import MASK, STEPS, draw, unit
from expand.views.resample import resample
from expand.views.walk import mixed_radix, origin, shuffled, walk

SAMPLINGS = ("stratified", "random")
Params = dict[str, Any]


class Rendered(NamedTuple):
    """A view: its pixels, and its parameters with whatever a technique drew while it was applied."""

    pixels: Pixels
    params: Params


class Step(NamedTuple):
    """A technique in its place: its key in the parameters, which of the view's numbers it takes, and what it acts on."""

    key: str
    technique: Technique
    takes: list[int]
    move: GeometricTechnique | None
    change: PixelTechnique | None


@dataclass(frozen=True)
class Views:
    """All views of all images under one recipe, seed and sampling."""

    recipe: Recipe
    seed: int = 0
    sampling: str = "stratified"

    def __post_init__(self) -> None:
        if self.sampling not in SAMPLINGS:
            raise ExpandError(f"--sampling must be {' or '.join(SAMPLINGS)}, got {self.sampling!r}")
        if not 0 <= self.seed <= MASK:
            raise ExpandError(f"--seed must be 0 … 2^64 - 1, got {self.seed}")

    def params(self, source_id: str, k: int) -> Params:
        """Return the resolved parameters of view `k` of an image, technique by technique: plain data, the same anywhere."""
        if k < 0:
            raise ExpandError(f"views are numbered from 0, got {k}")
        recipe = self.recipe
        if k == 0:
            return recipe.neutral()
        variants = self.variants(source_id, k)
        numbers = self._numbers(source_id, k)
        numbers += map(unit, draw(self.seed, "seed", source_id, k, self.seeds))
        return {
            step.key: step.technique.choose(float(variant), [numbers[i] for i in step.takes])
            for step, variant in zip(self.steps, variants, strict=True)
        }

    def render(
        self, pixels: Pixels, params: Params, colour: Sequence[int] | None = None
    ) -> Rendered:
        """Return a view's pixels from the image's (H×W or H×W×C, 8 or 16 bit) and the view's parameters.

        `colour` is what `recipe.fill.colour` gives for these pixels, for a caller who renders many views of one image.
        """
        fill, moved, used = self.recipe.fill, False, dict(params)
        for step in self.steps:
            if step.change:
                pixels, used[step.key] = step.change.apply(pixels, params[step.key])
            elif not moved:
                moved = True
                placement = self.placement(
                    params, Size(float(pixels.shape[1]), float(pixels.shape[0]))
                )
                pixels = resample(
                    pixels, placement, fill, fill.colour(pixels) if colour is None else colour
                )
        return Rendered(pixels, used)

    def placement(self, params: Params, size: Size) -> Placement:
        """Return the one map, from output to input, that all geometric techniques of a view amount to."""
        source = IDENTITY
        for step in self.steps:
            if step.move:
                here, size = step.move.place(params[step.key], size)
                source = source.after(here)
        return Placement(source, size)

    def variants(self, source_id: str, k: int) -> tuple[int, ...]:
        """Return the variant of each technique in view `k`; 0 where a technique has no factor, or changes nothing."""
        radices, total = self.radices, self.recipe.combinations
        if k == 0:
            return (0,) * len(radices)
        if self.sampling == "random":
            if self.recipe.distinct is None:
                numbers = draw(self.seed, "variant", source_id, k, len(radices))
                return tuple(number % radix for number, radix in zip(numbers, radices, strict=True))
            return mixed_radix(
                shuffled(self.seed, source_id, k // total, total)[k % total], radices
            )
        start, phase = origin(self.seed, source_id, 2 + self.spread)[:2]
        if k < total:
            return walk(1 + (start + k - 1) % (total - 1), radices)
        return walk((phase + k) % total, radices)

    def _numbers(self, source_id: str, k: int) -> list[float]:
        """Return the numbers in [0, 1) that the techniques spread over their ranges in view k."""
        if self.sampling == "random":
            return [unit(number) for number in draw(self.seed, "number", source_id, k, self.spread)]
        offsets = origin(self.seed, source_id, 2 + self.spread)[2:]
        return [
            unit((offset + k * step) & MASK) for offset, step in zip(offsets, STEPS, strict=False)
        ]

    @cached_property
    def steps(self) -> list[Step]:
        """The techniques in their places."""
        steps, spread, seeds = [], 0, self.spread
        for key, technique in zip(self.recipe.keys, self.recipe.walked, strict=True):
            takes = [
                *range(spread, spread + technique.spread),
                *range(seeds, seeds + technique.seeds),
            ]
            spread, seeds = spread + technique.spread, seeds + technique.seeds
            move = technique if isinstance(technique, GeometricTechnique) else None
            change = technique if isinstance(technique, PixelTechnique) else None
            steps.append(Step(key, technique, takes, move, change))
        return steps

    @cached_property
    def radices(self) -> tuple[int, ...]:
        """How many variants each technique walks through; 1 where it has no factor."""
        return tuple(technique.factor or 1 for technique in self.recipe.walked)

    @cached_property
    def spread(self) -> int:
        """How many numbers a view takes from the evenly spread sequence."""
        return sum(technique.spread for technique in self.recipe.walked)

    @cached_property
    def seeds(self) -> int:
        """How many independent numbers a view takes."""
        return sum(technique.seeds for technique in self.recipe.walked)


def view(
    image: Pixels,
    source_id: str,
    k: int,
    recipe: Recipe | str = "classic",
    seed: int = 0,
    sampling: str = "stratified",
) -> Pixels:
    """Return the k-th view of an image (H×W or H×W×C, 8 or 16 bit), as `expand` writes it before encoding.

    `source_id` is the image's path relative to the input folder, POSIX style; `recipe` is one, or its name or file.
    """
    views = Views(recipe if isinstance(recipe, Recipe) else Recipe.load(recipe), seed, sampling)
    return image.copy() if k == 0 else views.render(image, views.params(source_id, k)).pixels
