"""Switches: the techniques of a recipe that are on or off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from expand.recipes.recipe import Recipe
from expand.techniques import Technique
from train.errors import TrainError


@dataclass(frozen=True)
class Switch:
    """A technique that is on or off; a flip along both axes is two of them."""

    name: str
    technique: Technique


def switches_of(recipe: Recipe) -> tuple[Switch, ...]:
    """List the techniques of a recipe that can be on or off, in its order."""
    return tuple(
        Switch(key + part.label.removeprefix(part.name), part)
        for key, technique in zip(recipe.keys, recipe.techniques, strict=True)
        for part in technique.parts()
    )


def combine(recipe: Recipe, switches: Iterable[Switch], name: str) -> Recipe | None:
    """Build the recipe with these switches on, in their order; None for no switch at all."""
    techniques: list[Technique] = []
    for switch in switches:
        whole = techniques[-1].merge(switch.technique) if techniques else None
        if whole:
            techniques[-1] = whole
        else:
            techniques.append(switch.technique)
    return replace(recipe, name=name, techniques=tuple(techniques)) if techniques else None


def check_switches(recipe: Recipe, switches: Sequence[Switch]) -> None:
    """Raise TrainError for a recipe with fewer than two switches."""
    if len(switches) < 2:
        raise TrainError(
            f'recipe "{recipe.name}" has only one technique; an ablation needs at least two'
        )
