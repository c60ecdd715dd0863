"""Expand a COCO dataset as the command does."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from expand.job.job import expand
from expand.layouts.labelled.dataset import Dataset
from expand.recipes.recipe import Recipe

RECORDS = ("expand.json", "expand.jsonl")
RECIPE = (
    "techniques: [flip, rotate: {degrees: [-15, 15]}, translate: {x: [-0.1, 0.1], y: [-0.1, 0.1]}]"
)


class Grown(NamedTuple):
    dataset: Dataset
    bad: dict[str, str]
    """Why sources cannot be used."""
    status: int

    @property
    def title(self) -> str:
        return self.dataset.title

    @property
    def notes(self) -> tuple[str, ...]:
        return self.dataset.notes


def grow(
    root: Path,
    out: Path,
    factor: int = 2,
    recipe: str = RECIPE,
    layout: str = "auto",
    split: str = "",
) -> Grown:
    """Expand a dataset in one process."""
    report = expand(root, out, factor, Recipe.parse(recipe), workers=1, layout=layout, split=split)
    bad = {each.source: each.reason for each in report.summary.bad}
    return Grown(report.plan.dataset, bad, report.status)
