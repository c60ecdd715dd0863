"""Recipes: ordered techniques with their ranges, by name or from a YAML file."""

from __future__ import annotations

from expand.recipes.fill import Fill
from expand.recipes.recipe import Recipe

__all__ = ["Fill", "Recipe"]
