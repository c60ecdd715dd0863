"""Recorded recipes: whether this version still makes the pixels that a record's recipe made.

`Recipe.to_dict` writes every setting, so a record whose noise has no version is of the first noise.
In a recipe that a user writes, no version means the newest.
"""

from __future__ import annotations

from typing import Any

from expand.techniques.pixel.noise import FIRST_VERSION, VERSION, Noise


def is_older(recipe: object) -> bool:
    """Tell whether a recorded recipe has noise that this version does not make."""
    return any(settings.get("version") != VERSION for settings in _noises(as_recorded(recipe)))


def as_recorded(recipe: Any) -> Any:
    """Return a recorded recipe with the version of its noise written out."""
    if not _noises(recipe):
        return recipe
    return {**recipe, "techniques": [_with_version(entry) for entry in recipe["techniques"]]}


def _with_version(entry: Any) -> Any:
    if not (noises := _noises_in(entry)):
        return entry
    return {**entry, Noise.name: {"version": FIRST_VERSION, **noises[0]}}


def _noises(recipe: Any) -> list[dict[str, Any]]:
    """Return the settings of noise in plain data that may be anything."""
    techniques = recipe.get("techniques") if isinstance(recipe, dict) else None
    entries = techniques if isinstance(techniques, list) else []
    return [settings for entry in entries for settings in _noises_in(entry)]


def _noises_in(entry: Any) -> list[dict[str, Any]]:
    settings = entry.get(Noise.name) if isinstance(entry, dict) else None
    return [settings] if isinstance(settings, dict) else []
