"""A recipe: an ordered set of techniques with their ranges and factors, and the count of views that it can give."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from expand.errors import ExpandError, SettingError
from expand.recipes.fill import DEFAULT_FILL, Fill
from expand.recipes.parse import Parsed, parse_recipe, read_recipe
from expand.techniques import NATIVE, Choice, GeometricTechnique, PixelTechnique, Technique
from expand.techniques.geometric.flip import AXES, Flip
from expand.techniques.geometric.rotate90 import Rotate90


@dataclass(frozen=True)
class Recipe:
    """Techniques in the order in which they act, and what fills the area that they uncover.

    The geometric ones must stand together: they are composed into one matrix, and each view is resampled once.
    """

    name: str
    techniques: tuple[Technique, ...]
    fill: Fill = DEFAULT_FILL

    def __post_init__(self) -> None:
        object.__setattr__(self, "techniques", tuple(self.techniques))
        if not self.techniques:
            raise ExpandError(f'recipe "{self.name}" has no techniques')
        names = [technique.name for technique in self.techniques if technique.name in NATIVE]
        for name in names:
            if names.count(name) > 1:
                raise ExpandError(f'recipe "{self.name}" has {name} twice')
        if len(self._blocks) > 1:
            raise ExpandError(
                f'recipe "{self.name}" has {self._blocks[1][0].name} apart from {self._blocks[0][-1].name}: techniques '
                "that move pixels must stand together, so that each view is resampled once"
            )

    @cached_property
    def _blocks(self) -> list[list[Technique]]:
        """The runs of geometric techniques that stand together."""
        blocks: list[list[Technique]] = []
        before: Technique | None = None
        for technique in self.techniques:
            if isinstance(technique, GeometricTechnique):
                if not isinstance(before, GeometricTechnique):
                    blocks.append([])
                blocks[-1].append(technique)
            before = technique
        return blocks

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The techniques' names as keys of a view's parameters: a catalogue technique that stands twice is numbered."""
        names = [technique.name for technique in self.techniques]
        return tuple(
            name if names.count(name) == 1 else f"{name}_{names[: place + 1].count(name)}"
            for place, name in enumerate(names)
        )

    @cached_property
    def walked(self) -> tuple[Technique, ...]:
        """The techniques with what coincides merged: beside quarter turns, a flip along both axes is a flip along one.

        (A vertical flip is a horizontal one and a half turn.)
        """
        turns = any(isinstance(technique, Rotate90) for technique in self.techniques)
        return tuple(
            Flip((AXES[0],))
            if turns and isinstance(technique, Flip) and technique.factor == 4
            else technique
            for technique in self.techniques
        )

    @property
    def begins_with_geometry(self) -> bool:
        """Tell whether the pixels that are resampled are the image's own."""
        return isinstance(self.techniques[0], GeometricTechnique)

    @property
    def nominal(self) -> int | None:
        """The product of the techniques' factors; None: as many as asked."""
        return _product(self.techniques)

    @property
    def distinct(self) -> int | None:
        """How many different views that really gives; None: as many as asked."""
        return _product(self.walked)

    @cached_property
    def combinations(self) -> int:
        """How many combinations of variants the techniques with factors have."""
        return math.prod(technique.factor or 1 for technique in self.walked)

    def neutral(self) -> dict[str, Any]:
        """Return the parameters of the view that changes nothing: view 0."""
        return {key: dict(choice) for key, choice in self._neutral.items()}

    @cached_property
    def _neutral(self) -> dict[str, Choice]:
        return {
            key: technique.neutral() for key, technique in zip(self.keys, self.walked, strict=True)
        }

    def with_factors(self, factors: Mapping[str, int]) -> Recipe:
        """Return a recipe of the named techniques alone, in their order here, with these factors.

        Each has the ranges that it has in this recipe, or its own defaults if it is not in it.
        """
        here = {technique.name: technique for technique in self.techniques}
        chosen = [_with_factor(here[name], factors[name]) for name in here if name in factors]
        for name in factors:
            if name not in here:
                if name not in NATIVE:
                    raise ExpandError(f'"{name}" is not a technique; there are {", ".join(NATIVE)}')
                technique = _with_factor(NATIVE[name](), factors[name])
                place = next(
                    (i for i, t in enumerate(chosen) if isinstance(t, PixelTechnique)), len(chosen)
                )
                chosen.insert(
                    place if isinstance(technique, GeometricTechnique) else len(chosen), technique
                )
        listed = ",".join(f"{technique.name}={technique.factor}" for technique in chosen)
        return replace(self, name=f"{self.name} {listed}", techniques=tuple(chosen))

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain data: what a YAML recipe holds, with every default written out."""
        techniques = [{technique.name: technique.settings()} for technique in self.techniques]
        fill = self.fill.value if isinstance(self.fill.value, str) else list(self.fill.value)
        return {"name": self.name, "fill": fill, "techniques": techniques}

    @classmethod
    def load(cls, name: str | Path) -> Recipe:
        """Return a named recipe (classic, blog), or the one that a YAML or JSON file holds."""
        return cls._from(read_recipe(name))

    @classmethod
    def parse(cls, text: str, where: str = "recipe") -> Recipe:
        """Return the recipe that a YAML text describes; `where` names the text in messages."""
        return cls._from(parse_recipe(text, where))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        """Return the recipe that `to_dict` described."""
        return cls.parse(json.dumps(data), str(data.get("name", "recipe")))

    @classmethod
    def _from(cls, parsed: Parsed) -> Recipe:
        return parsed.entry.within(lambda: cls(parsed.name, parsed.techniques, parsed.fill))


def _product(techniques: tuple[Technique, ...]) -> int | None:
    factors = [technique.factor for technique in techniques]
    return None if None in factors else math.prod(factor or 1 for factor in factors)


def _with_factor(technique: Technique, factor: int) -> Technique:
    if factor < 2:
        raise SettingError(
            f'"factor" of {technique.name} must be at least 2 here, got {factor}', "factor"
        )
    return technique.with_factor(factor)
