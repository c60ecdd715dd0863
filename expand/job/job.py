"""The whole job, from a folder to one F times larger: what the command and the library call."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from expand.engines.choose import check_workers
from expand.engines.engine import Engine
from expand.errors import STOPPED, ExpandError
from expand.job.cards import finished_card, unfinished_card
from expand.job.checks.earlier import OutputState
from expand.job.derived import Earlier
from expand.job.output import hold_output
from expand.job.planning.estimate import Estimate, check_fits, choose_engine, estimate
from expand.job.planning.opening import make_plan
from expand.job.planning.plan import Plan
from expand.job.run import Means, Progress, StrictError, run
from expand.job.settings import Settings
from expand.job.sharding.shard import Shard
from expand.job.summary import RunSummary
from expand.job.tasks.context import TaskContext, check_output
from expand.layouts.labelled.dataset import VISIBLE, Request
from expand.layouts.layout import AUTO
from expand.layouts.limits import NameLimits
from expand.recipes.recipe import Recipe
from expand.recipes.rules import describe_unknown
from expand.records.card import CARD, write_card
from expand.records.rows import LabelFileRow
from expand.storage.folder import OutputFolder
from expand.storage.identity import Identity
from expand.storage.removal import sweep
from expand.storage.stores.url import parse_place

if TYPE_CHECKING:
    from expand.job.archives.plan import Archives


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
        """Return the settings with a recipe; its name is used if the recipe is to be chosen."""
        chosen = name if recipe == AUTO else recipe
        loaded = chosen if isinstance(chosen, Recipe) else Recipe.load(chosen)
        return Settings(loaded, factor, **settings)

    share = Shard.parse(shard) if shard else None
    wanted = settings_for if recipe == AUTO else settings_for("")
    with make_plan(parse_place(src), parse_place(out), wanted, request, share) as plan:
        estimated = estimate(plan)
        engine = engine or choose_engine(plan, estimated, workers)
        means = Means(engine, strict, progress)
        return do_job(plan, estimated, means, overwrite=overwrite, durable=durable)


def do_job(
    plan: Plan,
    estimated: Estimate,
    means: Means,
    *,
    overwrite: bool = False,
    durable: bool = False,
) -> Report:
    """Do what a plan says, and write the run card."""
    if means.strict and plan.dataset.problems:
        said = "; ".join(plan.dataset.notes)
        raise ExpandError(f'"{plan.src}": {said} (--strict)', STOPPED)
    workers = means.engine.workers
    if plan.in_blocks:
        from expand.job.blocks.job import run_blocks

        summary, noted = run_blocks(plan, estimated, means, overwrite)
        return Report(plan, summary, workers, (*_notes(plan), *noted))
    with hold_output(plan, overwrite) as (folder, state):
        check_fits(plan, estimated, 1 - state.files / max(1, plan.files))
        archives = _plan_archives(plan, state) if plan.settings.tars else None
        earlier = _note_derived(folder, unfinished_card(plan, state.runs, archives), state)
        context = _context(plan, careful=state.careful, durable=durable)
        means.engine.check(_shared_files(plan))
        started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        try:
            if archives:
                from expand.job.archives.run import run_archives

                summary = run_archives(plan, archives, context, means, folder)
            else:
                summary = run(plan, context, means, earlier)
        except StrictError as error:
            if state.card and not error.made:
                write_card(folder, state.card)  # the folder is as it was
            raise
        if (state.careful or means.engine.loses_workers) and not plan.shard:
            sweep(plan.target)  # of workers that outlived a kill for a moment, or died meanwhile
        check_output(plan.target, context.output)
        runs = [*state.runs, _cost(summary, workers, started)]
        write_card(folder, finished_card(plan, runs, summary, archives))
        folder.sync_names()
    return Report(plan, summary, workers, (*_notes(plan), *state.notes))


def _context(plan: Plan, *, careful: bool, durable: bool) -> TaskContext:
    """Return what all tasks of a run have in common."""
    assert plan.input is not None
    return TaskContext(
        plan.folder,
        plan.target,
        plan.settings,
        plan.input,
        Identity.of(plan.target),
        NameLimits.of(plan.target),
        careful,
        durable,
        plan.dataset.labels,
        (plan.records / CARD).relative_to(plan.target).as_posix(),
    )


def _cost(summary: RunSummary, workers: int, started: str) -> dict[str, Any]:
    """Return what the run card says of the cost of a run."""
    return {
        "started": started,
        "wall_seconds": round(summary.wall_seconds, 3),
        "cpu_seconds": round(summary.cpu_seconds, 3),
        "workers": workers,
        "files": summary.made,
    }


def _plan_archives(plan: Plan, state: OutputState) -> Archives:
    from expand.job.archives.plan import plan_archives  # tars only

    return plan_archives(plan, state.card)


def _notes(plan: Plan) -> list[str]:
    """Return what there is to say about the recipe and the dataset."""
    recipe = plan.settings.recipe
    unknown = describe_unknown(recipe.classes, plan.dataset.class_names)
    return [*recipe.notes, *unknown, *plan.dataset.notes]


def _note_derived(folder: OutputFolder, card: dict[str, Any], state: OutputState) -> Earlier:
    """Write the run card of a job that begins; each set-wide file is added to it later.

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
        paths.append(plan.folder.absolute() / first.id)
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()}
