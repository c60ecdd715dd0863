"""Expand a drawn dataset as a user does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expand import Recipe, expand
from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.labelled.open import open_dataset

FLIP = "techniques: [flip]"
AWAY = "techniques: [translate: {x: [0.6, 0.61], y: [0, 0]}]"
"""Moves an image to the right by more than half its width: what was on the right is gone."""


def opened(src: Path, **request: Any) -> Dataset:
    """Open a dataset, by what it looks like."""
    return open_dataset(src, Request(**request), 2)


def grow(src: Path, out: Path, recipe: str = FLIP, factor: int = 2, **settings: Any) -> list[str]:
    """Expand a dataset; return the bad sources, each with its reason."""
    chosen = Recipe.parse(recipe) if "techniques" in recipe else Recipe.load(recipe)
    report = expand(src, out, factor, chosen, workers=1, **settings)
    return [f"{bad.source} {bad.reason}" for bad in report.summary.bad]
