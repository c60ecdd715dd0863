"""The command `train worth`: from a study to its page."""

from __future__ import annotations

from dataclasses import dataclass, replace

from expand.cli.output import echo, visible
from expand.cli.progress import progress_bar
from expand.storage.lock import Lock
from train.compare.protocol import measure_speeds
from train.data.pack import Packing
from train.data.subsets import MOST_DRAWS
from train.errors import TrainError
from train.runtime.world import ALONE, World, join_world
from train.trials.answer import Answer
from train.trials.context import TrialContext, hide_decoding, new_context, notes_of, of_draw
from train.trials.freshness import check_fresh
from train.trials.options import StudyOptions
from train.trials.runner import missing_trials, read_results, run_trials
from train.trials.settled import settle
from train.trials.study_dir import StudyDir, as_begun, open_study
from train.worth.export import PAGE, write_results
from train.worth.planning import format_plan
from train.worth.study import WorthStudy, sizes_of, trials
from train.worth.summary import summarise
from train.worth.terminal import format_summary

GPU_SEEDS, CPU_SEEDS = 10, 6


def find_worth(
    study: WorthStudy,
    study_dir: StudyDir,
    options: StudyOptions,
    *,
    plan: bool,
    quiet: bool,
    packing: Packing = hide_decoding,
) -> Answer:
    """Run a study of worth, or resume it, or with `plan` only estimate it; return what to print.

    `packing` shows the progress of decoding. Under torchrun every process runs its share of the
    trials, and the first one reports.
    """
    world = join_world()
    with world.explained():
        run = _Run(study_dir, options, world, quiet)
        return _find_worth(study, run, packing, plan=plan)


@dataclass(frozen=True)
class _Run:
    """Where a study runs, and how."""

    study_dir: StudyDir
    options: StudyOptions
    world: World
    quiet: bool


def _find_worth(study: WorthStudy, run: _Run, packing: Packing, *, plan: bool) -> Answer:
    study_dir, world = run.study_dir, run.world
    study = as_begun(study, study_dir)
    context = new_context(study, study_dir.cache.root, study_dir.cache.limit, packing)
    folder = context.data.train.folder
    sizes = sizes_of(study, len(folder), len(folder.classes))
    run = replace(run, options=_with_seeds(study, run.options, context.device.type == "cuda"))
    if not world.is_main:
        if not plan:
            _run_share(context, run, sizes)
        return Answer("")
    for note in [] if run.quiet else notes_of(context):
        echo(note, err=True)
    study_dir.out.mkdir(parents=True, exist_ok=True)
    with Lock(study_dir.out):
        if stayed := str(open_study(study, study_dir, context.data)):
            echo(visible(stayed), err=True)
        context = settle(context, study_dir, ALONE if plan else world)
        first = of_draw(context, context.study.draw_of(0, sizes[-1], sizes[-1]))
        for arm in study.arms:
            check_fresh(first, arm)
        if plan:
            speeds = measure_speeds(first, study_dir, [])
            return Answer(format_plan(context, sizes, speeds, run.options.seeds, study_dir.jobs))
        world.barrier()
        return _run_all(context, run, sizes)


def _run_share(context: TrialContext[WorthStudy], run: _Run, sizes: tuple[int, ...]) -> None:
    """Run the share of a process that does not report."""
    study = settle(context, run.study_dir, run.world).study
    run.world.barrier()
    planned = list(trials(study, sizes, run.options.seeds))
    run_trials(study, run.study_dir, planned, lambda _count: None, run.world)


def _run_all(context: TrialContext[WorthStudy], run: _Run, sizes: tuple[int, ...]) -> Answer:
    """Run the trials that are missing, and write the report."""
    study, study_dir = context.study, run.study_dir
    planned = list(trials(study, sizes, run.options.seeds))
    with progress_bar(len(missing_trials(study_dir, planned)), "trials", run.quiet) as progress:
        run_trials(study, study_dir, planned, progress, run.world)
    results = read_results(study_dir, planned, context.data.test, run.world)
    worth = summarise(context, planned, results, run.options, study_dir.jobs)
    write_results(study_dir.out, worth, planned, results)
    return Answer(format_summary(worth, study_dir.out / PAGE), len(worth.diverged))


def _with_seeds(study: WorthStudy, options: StudyOptions, on_gpu: bool) -> StudyOptions:
    """Return the options with a number of seeds; each draw needs one at least."""
    seeds = options.seeds or max(GPU_SEEDS if on_gpu else CPU_SEEDS, study.draws or 0)
    if study.draws and study.draws > seeds:
        raise TrainError(
            f"--draws {study.draws:,} needs as many --seeds, got {seeds:,}: a seed takes one draw"
        )
    if not study.draws and seeds > MOST_DRAWS:
        raise TrainError(
            f"--seeds {seeds:,} has as many draws, which are at most {MOST_DRAWS:,}; give --draws"
        )
    return replace(options, seeds=seeds)
