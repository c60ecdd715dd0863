"""The whole job, from a folder to one F times larger: what the command and the library call."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from expand import __version__
from expand.engines.choose import check_workers
from expand.engines.engine import Engine
from expand.errors import ExpandError
from expand.job.archives.plan import Archives, plan_archives
from expand.job.archives.run import run_archives
from expand.job.derived import Earlier
from expand.job.estimate import Estimate, check_fits, choose_engine, estimate
from expand.job.output import OutputState, hold_output
from expand.job.plan import Plan, make_plan
from expand.job.run import Progress, StrictError, run
from expand.job.settings import Settings
from expand.job.sharding.shard import Shard
from expand.job.summary import RunSummary, printable
from expand.job.tasks.context import TaskContext, check_output
from expand.layouts.labelled.dataset import VISIBLE, Request
from expand.layouts.layout import AUTO
from expand.layouts.limits import NameLimits
from expand.layouts.listing import ScanSummary
from expand.recipes.recipe import Recipe
from expand.recipes.rules import describe_unknown
from expand.records.card import CARD, FINISHED, UNFINISHED, versions, write_card
from expand.records.rows import LabelFileRow
from expand.storage.folder import OutputFolder
from expand.storage.identity import Identity
from expand.storage.removal import sweep


@dataclass(frozen=True)
class Report:
    """The result of a job."""

    plan: Plan
    summary: RunSummary
    workers: int
    notes: tuple[str, ...]

    @property
    def status(self) -> int:
        """The exit status: 0 all done, 1 done but some input was bad."""
        unread = any(each.files for each in self.plan.listing.summary.empty_classes)
        return 1 if self.summary.bad or unread or self.plan.dataset.problems else 0


def expand(
    src: str | os.PathLike[str] = "data/train",
    out: str | os.PathLike[str] = "data/expanded",
    factor: int = 4,
    recipe: Recipe | str = AUTO,
    *,
    workers: int | None = None,
    engine: Engine | None = None,
    overwrite: bool = False,
    strict: bool = False,
    layout: str = AUTO,
    split: str = "",
    visible: float = VISIBLE,
    mask_fill: int | None = None,
    columns: str = "",
    shard: str | None = None,
    durable: bool = False,
    progress: Progress = lambda _files: None,
    **settings: Any,
) -> Report:
    """Write an image dataset `factor` times as large as the class folders in `src` to `out`.

    `settings` are those of the command: seed, sampling, format, quality, originals, balance (as
    text, such as "max") and group_by. A bad image is
    listed in the report. Raise ExpandError if the job is refused or stopped. Interrupted? Call it
    again to resume. A larger `factor` adds the missing copies to an existing `out`. The work runs
    on `engine`, or else in `workers` processes of this machine. With `durable`, files are on the
    disk before the manifest names them.

    `layout` is how `src` is read, by default as it looks; "folders" takes each folder for a class.
    Of a dataset in parts, the training part grows, or the one that `split` names. An object of
    which a view shows less than the share `visible` loses its label there; `mask_fill` is the value
    of masks where a view shows nothing of its image; `columns` says what columns of a table move.
    With the `shard` "2/8", the second of eight shares of the dataset is expanded; `merge` makes one
    dataset of all when they are finished. The recipe "auto" is detect for datasets with boxes only,
    and else classic.
    """
    check_workers(workers)
    if workers and engine:
        raise ExpandError("give expand() a number of workers or an engine, not both")
    request = Request(layout, split, visible, mask_fill, columns)

    def settings_for(name: str) -> Settings:
        chosen = name if recipe == AUTO else recipe
        loaded = chosen if isinstance(chosen, Recipe) else Recipe.load(chosen)
        return Settings(loaded, factor, **settings)

    share = Shard.parse(shard) if shard else None
    wanted = settings_for if recipe == AUTO else settings_for("")
    with make_plan(Path(src), Path(out), wanted, request, share) as plan:
        estimated = estimate(plan)
        engine = engine or choose_engine(plan, estimated, workers)
        return do_job(plan, estimated, engine, overwrite, strict, progress, durable=durable)


def do_job(
    plan: Plan,
    estimated: Estimate,
    engine: Engine,
    overwrite: bool,
    strict: bool,
    progress: Progress,
    *,
    durable: bool = False,
) -> Report:
    """Do what a plan says, and write the run card."""
    with hold_output(plan, overwrite) as (folder, state):
        check_fits(plan, estimated, 1 - state.files / max(1, plan.files))
        archives = plan_archives(plan, state.card) if plan.settings.tars else None
        earlier = _note_derived(folder, _unfinished_card(plan, state.runs, archives), state)
        output = Identity.of(plan.out)
        context = TaskContext(
            plan.src,
            plan.out,
            plan.settings,
            plan.input,
            output,
            NameLimits.of(plan.out),
            state.careful,
            durable,
            plan.dataset.labels,
            (plan.records / CARD).relative_to(plan.out).as_posix(),
        )
        engine.check(_shared_files(plan))
        started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        try:
            if archives:
                summary = run_archives(plan, archives, context, engine, strict, progress, folder)
            else:
                summary = run(plan, context, engine, strict, progress, earlier)
        except StrictError as error:
            if state.card and not error.made:
                write_card(folder, state.card)  # the folder is as it was
            raise
        cost = {
            "started": started,
            "wall_seconds": round(summary.wall_seconds, 3),
            "cpu_seconds": round(summary.cpu_seconds, 3),
            "workers": engine.workers,
            "files": summary.made,
        }
        if (state.careful or engine.loses_workers) and not plan.shard:
            sweep(plan.out)  # of workers that outlived a kill for a moment, or died meanwhile
        check_output(plan.out, output)
        write_card(folder, _finished_card(plan, [*state.runs, cost], summary, archives))
        folder.sync_names()
    recipe = plan.settings.recipe
    unknown = describe_unknown(recipe.classes, plan.dataset.class_names)
    notes = (*recipe.notes, *unknown, *plan.dataset.notes, *state.notes)
    return Report(plan, summary, engine.workers, notes)


def _note_derived(folder: OutputFolder, card: dict[str, Any], state: OutputState) -> Earlier:
    """Write the run card of a job that begins; each file for the whole set is added to it later.

    Those of earlier runs stay in it: a run that is killed leaves them.
    """
    before = {file["file_name"]: file for file in (state.card or {}).get("derived", ())}

    def note(files: list[LabelFileRow]) -> None:
        named = {**before, **{file["file_name"]: file for file in files}}
        write_card(folder, {**card, **({"derived": [*named.values()]} if named else {})})

    note([])
    return Earlier(frozenset(before), state.careful, note)


def _shared_files(plan: Plan) -> dict[str, str]:
    """Return files that every worker must see: the run card, and the first source."""
    paths = [plan.records.absolute() / CARD]
    if first := next(iter(plan.listing), None):
        paths.append(plan.src.absolute() / first.id)
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()}


def _unfinished_card(
    plan: Plan, runs: list[dict[str, Any]], archives: Archives | None
) -> dict[str, Any]:
    """Return the run card that a job writes before it begins; `runs` are costs of earlier runs."""
    scanned = plan.found or plan.listing.summary
    return {
        "expand": __version__,
        "state": UNFINISHED,
        "source": os.path.relpath(plan.src.resolve(), plan.out.resolve()),
        "settings": plan.settings.to_dict(),
        **({"shard": str(plan.shard)} if plan.shard else {}),
        **({"archives": archives.to_dict()} if archives else {}),
        "found": {
            "sources": scanned.count,
            "bytes": scanned.bytes,
            "hidden": scanned.hidden,
            "not_images": scanned.foreign,
            "outside_class_folders": scanned.unlabelled,
            **({"without_images": _empty_classes(scanned)} if scanned.empty_classes else {}),
            **({"kept": scanned.kept} if scanned.kept else {}),
        },
        "versions": versions(),
        "platform": {
            "system": platform.platform(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        },
        "cost": {"runs": runs},
    }


def _empty_classes(scanned: ScanSummary) -> list[dict[str, Any]]:
    """Return the class folders without an image, as plain data."""
    return [{"class": printable(each.label), "files": each.files} for each in scanned.empty_classes]


def _label_counts(summary: RunSummary) -> dict[str, Any]:
    """Return what became of labels, as plain data."""
    return {
        "kept": summary.kept,
        "label_files": summary.label_files,
        "objects": summary.objects,
        "dropped": dict(sorted(summary.dropped.items())),
        "mended": dict(sorted(summary.mended.items())),
    }


def _finished_card(
    plan: Plan, runs: list[dict[str, Any]], summary: RunSummary, archives: Archives | None
) -> dict[str, Any]:
    """Return the run card of a job that is done."""
    return {
        **_unfinished_card(plan, runs, archives),
        "state": FINISHED,
        "counts": {
            "sources": summary.sources,
            "files": summary.files,
            "bytes": summary.bytes,
            "same_pixels": summary.same,
            "classes": summary.labels,
            **(_label_counts(summary) if plan.settings.dataset else {}),
        },
        **({"derived": summary.derived} if plan.settings.dataset else {}),
        "bad": [bad._asdict() for bad in summary.bad],
    }
