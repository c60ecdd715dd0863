"""Pieces: the techniques of a recipe as things that are switched on and off, and the strengths at which each is tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from expand.recipes.recipe import Recipe
from expand.techniques import Technique
from expand.techniques.geometric.crop import Crop
from expand.techniques.geometric.flip import AXES, Flip
from expand.techniques.geometric.rotate import Rotate
from expand.techniques.geometric.rotate90 import Rotate90
from expand.techniques.geometric.scale import Scale
from expand.techniques.geometric.translate import Translate
from expand.techniques.pixel.erase import Erase
from expand.techniques.pixel.noise import Noise
from expand.techniques.ranges import Range
from train.errors import TrainError

SHARES = (0.25, 0.5, 1.0)
"""Of a technique's range: the strengths that the screen tries, towards either end."""


@dataclass(frozen=True)
class Switch:
    """A technique that is on or off; a flip along both axes is two of them."""

    name: str
    technique: Technique


class Setting(NamedTuple):
    """One strength of a technique: in words, and as the parameters of a view; None: as views draw it."""

    words: str
    choice: dict[str, Any] | None


def switches_of(recipe: Recipe) -> tuple[Switch, ...]:
    """Return what can be switched in a recipe, in its order."""
    found: list[Switch] = []
    for key, technique in zip(recipe.keys, recipe.techniques, strict=True):
        if isinstance(technique, Flip):
            found += [Switch(f"flip {axis}", Flip((axis,))) for axis in technique.axes]
        else:
            found.append(Switch(f"{key}{_range_in_words(technique)}", technique))
    return tuple(found)


def combine(recipe: Recipe, switches: Iterable[Switch], name: str) -> Recipe | None:
    """Return the recipe with these pieces alone, in their order there; None for no piece at all."""
    chosen = list(switches)
    flips = tuple(axis for axis in AXES if Switch(f"flip {axis}", Flip((axis,))) in chosen)
    techniques: list[Technique] = []
    for switch in chosen:
        if not isinstance(switch.technique, Flip):
            techniques.append(switch.technique)
        elif not any(isinstance(technique, Flip) for technique in techniques):
            techniques.append(Flip(flips))
    return replace(recipe, name=name, techniques=tuple(techniques)) if techniques else None


def settings(switch: Switch) -> list[Setting]:
    """Return the strengths at which a technique is tried, from weak to strong."""
    technique = switch.technique
    if isinstance(technique, Flip):
        return [Setting("mirrored", {axis: axis in technique.axes for axis in AXES})]
    if isinstance(technique, Rotate90):
        turns = (1, 2, 3) if technique.factor == 4 else (2,)
        return [
            Setting(f"{90 * quarters}°", technique.choose(quarters * technique.factor // 4, []))
            for quarters in turns
        ]
    if isinstance(technique, Rotate):
        return [
            Setting(f"{_signed(v)}°", {"degrees": v}) for v in _towards_ends(technique.degrees, 0.0)
        ]
    if isinstance(technique, Scale):
        return [Setting(f"× {v:.2f}", {"zoom": v}) for v in _towards_ends(technique.zoom, 1.0)]
    if isinstance(technique, Translate):
        return _shifts(technique)
    if isinstance(technique, Crop):
        areas = [v for v in _towards_ends(technique.area, 1.0) if v < 1]
        return [Setting(f"{v:.0%} of the area, centred", _box(v)) for v in areas]
    if isinstance(technique, Noise):
        amounts = [technique.amount.high * share for share in SHARES]
        return [
            Setting(
                f"{v:.1%} of the pixels", {"amount": v, "salt": _middle(technique.salt), "seed": 7}
            )
            for v in amounts
        ]
    if isinstance(technique, Erase):
        areas = sorted({technique.area.low, _middle(technique.area), technique.area.high})
        return [Setting(f"{v:.0%} of the area, in the middle", _box(v)) for v in areas]
    return [Setting("as drawn", None)]


def _shifts(technique: Translate) -> list[Setting]:
    unit = "" if technique.unit == "fraction" else " px"

    def shown(value: float) -> str:
        return f"{_signed(value)}{unit}" if unit else f"{_signed(100 * value)} %"

    across = [
        Setting(f"{shown(v)} across", {"x": v, "y": 0.0})
        for v in _towards_ends(technique.x, 0.0, whole=bool(unit))
    ]
    down = [
        Setting(f"{shown(v)} down", {"x": 0.0, "y": v})
        for v in _towards_ends(technique.y, 0.0, whole=bool(unit))
    ]
    return across + down


def _towards_ends(values: Range, neutral: float, *, whole: bool = False) -> list[float]:
    """Return some values of a range, from the one that changes nothing towards either end, without it."""
    found = {neutral + share * (end - neutral) for end in values for share in SHARES}
    found = {float(round(value)) for value in found} if whole else found
    return sorted(value for value in found if value != neutral)


def _box(area: float) -> dict[str, float]:
    side: float = area**0.5
    return {"x": (1 - side) / 2, "y": (1 - side) / 2, "width": side, "height": side}


def _middle(values: Range | float) -> float:
    return (values.low + values.high) / 2 if isinstance(values, Range) else values


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")


def _range_in_words(technique: Technique) -> str:
    """Return a technique's range as a part of its name: rotate ±90°."""
    if isinstance(technique, Rotate):
        return f" {_ends(technique.degrees)}°"
    if isinstance(technique, Translate):
        times, unit = (100.0, " %") if technique.unit == "fraction" else (1.0, " px")
        return f" {_ends(Range(*(times * end for end in technique.x)))}{unit}"
    if isinstance(technique, Scale):
        return f" × {technique.zoom.low:g} … {technique.zoom.high:g}"
    if isinstance(technique, Crop):
        return f" to {100 * technique.area.low:g} %"
    if isinstance(technique, Erase):
        return f" up to {100 * technique.area.high:g} %"
    return ""


def _ends(values: Range) -> str:
    if values.low == -values.high:
        return f"±{values.high:g}"
    return f"{values.low:g} … {values.high:g}".replace("-", "−")


def check_switches(recipe: Recipe, switches: Sequence[Switch]) -> None:
    """Refuse a recipe in which there is nothing to choose between."""
    if len(switches) < 2:
        raise TrainError(
            f'recipe "{recipe.name}" has one technique only; there is nothing to choose between'
        )
