"""The whole job, from a folder to one F times larger: what the command and the library function both call."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from expand import __version__
from expand.copies import Settings
from expand.engine import check_workers, count_workers
from expand.errors import ExpandError
from expand.manifest import CARD, MANIFEST, PART, read_card, write_card
from expand.plan import Bill, Plan, check_fits, estimate, make_plan
from expand.recipe import Recipe
from expand.run import Progress, Tally, known_sources, run
from expand.store import PARTIAL, Lock, empty_folder

LIBRARIES = ("numpy", "opencv-python-headless", "pillow", "tifffile", "albumentations")
FINISHED, UNFINISHED = "finished", "unfinished"


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


@dataclass(frozen=True)
class Opened:
    """An output folder that is ours to write to: what earlier runs did there, and what to say about it."""

    done: int
    runs: list[dict[str, Any]]
    notes: list[str]


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
    bill = estimate(plan)
    return do_job(plan, bill, count_workers(workers, bill.core_seconds), overwrite, strict, progress)


def do_job(plan: Plan, bill: Bill, workers: int, overwrite: bool, strict: bool, progress: Progress) -> Report:
    """Do what a plan says, and leave the run card."""
    with open_output(plan, overwrite) as opened:
        check_fits(plan, bill, 1 - opened.done / plan.survey.count)
        write_card(plan.out, _card(plan, UNFINISHED, opened.runs, None))
        started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        tally = run(plan, workers, strict, progress)
        cost = {
            "started": started,
            "wall_seconds": round(tally.wall_seconds, 3),
            "cpu_seconds": round(tally.cpu_seconds, 3),
            "workers": workers,
            "files": tally.made,
        }
        write_card(plan.out, _card(plan, FINISHED, [*opened.runs, cost], tally))
    return Report(plan, tally, workers, tuple(opened.notes))


@contextmanager
def open_output(plan: Plan, overwrite: bool) -> Iterator[Opened]:
    """Hold the output folder; refuse one that holds anything but an earlier run of this very plan, unless `overwrite`."""
    out = plan.out
    existed = out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with Lock(out):
            card = read_card(out)
            if not card and any(path.suffix != PARTIAL for path in out.iterdir()):
                raise ExpandError(f'"{out}" is not empty and has no {CARD}: it was not written by expand; give another folder')
            if card and overwrite:
                empty_folder(out)
                card = None
            yield _check_earlier(plan, card) if card else Opened(0, [], [])
    except BaseException:
        if not existed and not any(out.iterdir()):
            out.rmdir()
        raise


def _check_earlier(plan: Plan, card: dict[str, Any]) -> Opened:
    """Refuse to go on with other settings, or with sources gone; note what else changed."""
    earlier, now = card["settings"], plan.settings.to_dict()
    different = [f"{key} was {_short(earlier.get(key))}, is {_short(now[key])}" for key in now if earlier.get(key) != now[key]]
    if different:
        raise ExpandError(f'"{plan.out}" was written with other settings: {"; ".join(different)}; --overwrite starts afresh')
    done, gone = known_sources(plan)
    if gone:
        named = ", ".join(f'"{source}"' for source in gone[:3]) + (", …" if len(gone) > 3 else "")
        lost = f'{len(gone):,} sources that "{plan.src}" no longer has ({named})'
        raise ExpandError(f'"{plan.out}" has copies of {lost}; --overwrite starts afresh')
    changed = [
        f"{name} {old} → {versions().get(name)}" for name, old in card["versions"].items() if versions().get(name) != old
    ]
    notes = [f"written in part with other versions, so the bytes may differ: {', '.join(changed)}"] if changed else []
    return Opened(done, card["cost"]["runs"], notes)


def _short(value: Any) -> str:
    """Return a setting in a few words; of a recipe, what it is made of."""
    if isinstance(value, dict) and "techniques" in value:
        return f'"{value["name"]}" ({value["techniques"]})'
    return str(value)


def _card(plan: Plan, state: str, runs: list[dict[str, Any]], tally: Tally | None) -> dict[str, Any]:
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
        "platform": {"system": platform.platform(), "machine": platform.machine(), "python": platform.python_version()},
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


def versions() -> dict[str, str]:
    """Return the versions of what the bytes of a copy depend on."""
    found = {"expand": __version__}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found


def is_record(name: str) -> bool:
    """Tell whether a file at the top of an output folder is one of expand's records."""
    return name in (CARD, MANIFEST) or name.startswith(PART.split("{")[0])
