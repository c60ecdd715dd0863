"""The whole job, from a folder to one F times larger: what the command and the library function both call."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expand import __version__
from expand.engines.local import check_workers, count_workers
from expand.job.estimate import Estimate, check_fits, estimate
from expand.job.output import open_output
from expand.job.plan import Plan, make_plan
from expand.job.run import Progress, Tally, run
from expand.job.settings import Settings
from expand.recipes.recipe import Recipe
from expand.records.card import FINISHED, UNFINISHED, versions, write_card


@dataclass(frozen=True)
class Report:
    """What a job did."""

    plan: Plan
    tally: Tally
    workers: int
    notes: tuple[str, ...]

    @property
    def status(self) -> int:
        """The exit status: 0 all done, 1 done but some input was bad."""
        return 1 if self.tally.bad else 0


def expand(
    src: str | os.PathLike[str] = "data/train",
    out: str | os.PathLike[str] = "data/expanded",
    factor: int = 4,
    recipe: Recipe | str = "classic",
    *,
    workers: int | None = None,
    overwrite: bool = False,
    strict: bool = False,
    progress: Progress = lambda _files: None,
    **settings: Any,
) -> Report:
    """Write an image data set `factor` times as large as the class folders in `src` to `out`; return what was done.

    `settings` are those of the command: seed, sampling, format, quality, originals. Raise ExpandError where the job is
    refused or stopped; a bad image is in the report. Started again after whatever end, it goes on.
    """
    check_workers(workers)
    recipe = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
    plan = make_plan(Path(src), Path(out), Settings(recipe, factor, **settings))
    estimated = estimate(plan)
    return do_job(
        plan, estimated, count_workers(workers, estimated.core_seconds), overwrite, strict, progress
    )


def do_job(
    plan: Plan, estimated: Estimate, workers: int, overwrite: bool, strict: bool, progress: Progress
) -> Report:
    """Do what a plan says, and leave the run card."""
    with open_output(plan, overwrite) as state:
        check_fits(plan, estimated, 1 - state.done / plan.survey.count)
        write_card(plan.out, _card(plan, UNFINISHED, state.runs, None))
        started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        tally = run(plan, workers, strict, progress)
        cost = {
            "started": started,
            "wall_seconds": round(tally.wall_seconds, 3),
            "cpu_seconds": round(tally.cpu_seconds, 3),
            "workers": workers,
            "files": tally.made,
        }
        write_card(plan.out, _card(plan, FINISHED, [*state.runs, cost], tally))
    return Report(plan, tally, workers, tuple(state.notes))


def _card(
    plan: Plan, state: str, runs: list[dict[str, Any]], tally: Tally | None
) -> dict[str, Any]:
    """Return the run card."""
    found, settings = plan.survey, plan.settings
    card: dict[str, Any] = {
        "expand": __version__,
        "state": state,
        "source": os.path.relpath(plan.src.resolve(), plan.out.resolve()),
        "settings": settings.to_dict(),
        "found": {
            "sources": found.count,
            "bytes": found.bytes,
            "hidden": found.hidden,
            "not_images": found.foreign,
            "outside_class_folders": found.unlabelled,
        },
        "versions": versions(),
        "platform": {
            "system": platform.platform(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        },
        "cost": {"runs": runs},
    }
    if tally:
        card["counts"] = {
            "sources": tally.sources,
            "files": tally.files,
            "bytes": tally.bytes,
            "same_pixels": tally.same,
            "classes": tally.labels,
        }
        card["bad"] = [bad._asdict() for bad in tally.bad]
    return card
