"""Open and expand a dataset as the command does."""

from __future__ import annotations

from pathlib import Path

from expand.job.job import expand
from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.labelled.open import open_dataset
from expand.recipes.recipe import Recipe

RECORDS = ("expand.json", "expand.jsonl")


def opened(root: Path, layout: str = "auto", split: str = "", factor: int = 2) -> Dataset:
    """Open a dataset."""
    return open_dataset(root, Request(layout, split), factor)


def expanded(
    root: Path, out: Path, recipe: Recipe, factor: int = 2, layout: str = "auto", split: str = ""
) -> dict[str, str]:
    """Expand a dataset; return why each bad image is bad."""
    report = expand(root, out, factor, recipe, workers=1, layout=layout, split=split)
    return {bad.source: bad.reason for bad in report.summary.bad}


def files(root: Path) -> dict[str, bytes]:
    """Return the files of a folder by their paths, without the records of a run."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name not in RECORDS
    }
