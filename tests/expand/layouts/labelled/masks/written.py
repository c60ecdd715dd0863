"""Expand a drawn dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expand import Recipe, expand
from expand.layouts.labelled.dataset import Dataset


def expanded(
    root: Path, out: Path, recipe: str = "classic", factor: int = 3, **asked: Any
) -> tuple[Dataset, dict[str, str]]:
    """Write the expanded dataset; return it, and the reason of each bad source."""
    loaded = Recipe.parse(recipe) if "techniques" in recipe else Recipe.load(recipe)
    report = expand(root, out, factor, loaded, workers=1, **asked)
    return report.plan.dataset, {each.source: each.reason for each in report.summary.bad}
