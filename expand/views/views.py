"""View k of an image: a pure function of (seed, the image's id, k, the recipe).

View 0 is the image itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from expand.errors import ExpandError, shown
from expand.geometry import IDENTITY, Placement, Size
from expand.images.pixels import Pixels
from expand.recipes.recipe import Recipe
from expand.recipes.rules import Rule
from expand.techniques import GeometricTechnique, PixelTechnique, Technique
from expand.techniques.ranges import is_whole
from expand.views.checked import check_kept
from expand.views.keys import MASK, STEPS, draw, unit
from expand.views.moves import Move, make_moves
from expand.views.resample import resample
from expand.views.walk import mixed_radix, origin, shuffled, walk

SAMPLINGS = ("stratified", "random")
MOST_SHUFFLED = 1_000_000
"""Views that `--sampling random` can put into a random order for each image."""
Params = dict[str, Any]


class Rendered(NamedTuple):
    """A rendered view: its pixels, and its parameters with what techniques drew when applied."""

    pixels: Pixels
    params: Params


class Step(NamedTuple):
    """A technique of a recipe, with its key in a view's parameters and the numbers that it takes.

    `takes` are indices of the view's numbers. `move` is the technique if it is geometric, `change`
    if it changes pixels.
    """

    key: str
    technique: Technique
    takes: list[int]
    move: GeometricTechnique | None
    change: PixelTechnique | None


@dataclass(frozen=True)
class Views:
    """The views of any image for one recipe, seed (0 … 2^64 − 1) and sampling.

    Stratified views walk through the variants evenly and spread over the ranges; random ones are
    drawn independently.
    """

    recipe: Recipe
    seed: int = 0
    sampling: str = "stratified"

    def __post_init__(self) -> None:
        if not isinstance(self.sampling, str) or self.sampling not in SAMPLINGS:
            raise ExpandError(
                f"--sampling must be {' or '.join(SAMPLINGS)}, got {shown(self.sampling)}"
            )
        if not is_whole(self.seed) or not 0 <= self.seed <= MASK:
            raise ExpandError(f"--seed must be 0 … 2^64 - 1, got {shown(self.seed)}")
        if (
            self.sampling == "random"
            and self.recipe.distinct is not None
            and self.recipe.combinations > MOST_SHUFFLED
        ):
            raise ExpandError(
                f"--sampling random can shuffle {MOST_SHUFFLED:,} views; recipe "
                f'"{self.recipe.name}" has {self.recipe.combinations:,}. '
                "Give one of its techniques no factor"
            )

    def params(self, source_id: str, k: int, labels: Iterable[str] = ()) -> Params:
        """Return the parameters of view `k` of an image as plain data, for each technique.

        `labels` are the classes of the image, for which the recipe can have rules. A technique that
        they leave out gets the parameters with which it changes nothing.
        """
        if k < 0:
            raise ExpandError(f"views are numbered from 0, got {k}")
        recipe = self.recipe
        if k == 0:
            return recipe.neutral()
        if (own := self.for_classes(labels)) is not self:
            return recipe.neutral() | (own.params(source_id, k) if own else {})
        variants = self.variants(source_id, k)
        numbers = self._numbers(source_id, k)
        numbers += map(unit, draw(self.seed, "seed", source_id, k, self.seeds))
        return {
            step.key: step.technique.choose(float(variant), [numbers[i] for i in step.takes])
            for step, variant in zip(self.steps, variants, strict=True)
        }

    def for_classes(self, labels: Iterable[str]) -> Views | None:
        """Return the views of images of these classes; None if rules leave them no technique.

        They are these views if the recipe has no rules for them.
        """
        own = tuple(labels)
        rules = self.recipe.rules_of(own)
        if not rules:
            return self
        if rules not in self._under_rules:
            recipe = self.recipe.for_classes(own)
            self._under_rules[rules] = replace(self, recipe=recipe) if recipe else None
        return self._under_rules[rules]

    @cached_property
    def _under_rules(self) -> dict[tuple[Rule, ...], Views | None]:
        """The views under rules for classes, as far as they were asked for."""
        return {}

    def render(
        self,
        pixels: Pixels,
        params: Params,
        colour: Sequence[int] | None = None,
        move: Move | None = None,
    ) -> Rendered:
        """Render a view from an image (H×W or H×W×C, 8 or 16 bits) and the view's parameters.

        For a caller with many views: `colour` is `recipe.fill.colour` of these pixels, and `move`
        is `move(params, pixels.shape)`. Raises `BadImageError` if the image cannot be changed
        so.
        """
        source, fill, moved, used = pixels, self.recipe.fill, False, dict(params)
        for step in self.steps:
            if step.change:
                changed, used[step.key] = step.change.apply_within(pixels, params[step.key], source)
                if changed is not pixels:
                    check_kept(pixels, changed, step.key)
                pixels = changed
            elif not moved:
                moved = True
                move = move or self.move(params, pixels.shape)
                pixels = resample(
                    pixels, move, fill, fill.colour(pixels) if colour is None else colour
                )
        return Rendered(pixels, used)

    def move(self, params: Params, shape: tuple[int, ...]) -> Move:
        """Return the resampling of a view of an image of this shape (H×W or H×W×C)."""
        size = Size(float(shape[1]), float(shape[0]))
        return make_moves(self.placement(params, size), size).each()[0]

    def placement(self, params: Params, size: Size) -> Placement:
        """Compose the geometric techniques of a view into one output-to-input map."""
        source = IDENTITY
        for step in self.steps:
            if step.move:
                here, size = step.move.place(params[step.key], size)
                source = source.after(here)
        return Placement(source, size)

    def variants(self, source_id: str, k: int) -> tuple[int, ...]:
        """Return the variant of each technique in view `k`; 0 if it has no factor or is off."""
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
        """Return the numbers in [0, 1) that techniques spread over their ranges in view `k`."""
        if self.sampling == "random":
            return [unit(number) for number in draw(self.seed, "number", source_id, k, self.spread)]
        offsets = origin(self.seed, source_id, 2 + self.spread)[2:]
        return [
            unit((offset + k * step) & MASK) for offset, step in zip(offsets, STEPS, strict=False)
        ]

    @cached_property
    def steps(self) -> list[Step]:
        """The techniques in order, each with the numbers that it takes."""
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
        """The number of variants of each technique; 1 if it has no factor."""
        return tuple(technique.factor or 1 for technique in self.recipe.walked)

    @cached_property
    def spread(self) -> int:
        """The count of numbers that a view takes from the evenly spread sequence."""
        return sum(technique.spread for technique in self.recipe.walked)

    @cached_property
    def seeds(self) -> int:
        """The count of independent numbers that a view takes."""
        return sum(technique.seeds for technique in self.recipe.walked)
