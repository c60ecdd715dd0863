"""The command `train compare`: from a study to its page."""

from __future__ import annotations

from dataclasses import replace

from expand.cli.output import echo, visible
from expand.cli.progress import progress_bar
from expand.storage.lock import Lock
from train.compare.export import PAGE, write_results
from train.compare.findings.draws import check_draws
from train.compare.planning import format_plan, make_forecast
from train.compare.protocol import measure_costs, measure_speeds
from train.compare.study import ComparisonStudy, in_order, trials
from train.compare.summary import summarise
from train.compare.terminal import format_summary
from train.data.pack import Packing
from train.runtime.world import ALONE, World, join_world
from train.trials.answer import Answer
from train.trials.context import TrialContext, hide_decoding, new_context, notes_of, of_draw
from train.trials.freshness import check_fresh
from train.trials.options import StudyOptions
from train.trials.runner import missing_trials, read_results, run_trials
from train.trials.settled import looks_of, record_look, settle
from train.trials.study_dir import StudyDir, as_begun, open_study
from train.trials.tuning.run import run_search
from train.trials.tuning.search import Search

GPU_SEEDS, CPU_SEEDS = 10, 6


def compare(
    study: ComparisonStudy,
    study_dir: StudyDir,
    options: StudyOptions,
    *,
    plan: bool,
    quiet: bool,
    packing: Packing = hide_decoding,
) -> Answer:
    """Run a comparison, or resume it, or with `plan` only estimate it; return what to print.

    `packing` shows the progress of decoding. Under torchrun every process runs its share of the
    trials, and the first one reports.
    """
    world = join_world()
    with world.explained():
        return _compare(study, study_dir, options, world, plan=plan, quiet=quiet, packing=packing)


def _compare(
    study: ComparisonStudy,
    study_dir: StudyDir,
    options: StudyOptions,
    world: World,
    *,
    plan: bool,
    quiet: bool,
    packing: Packing,
) -> Answer:
    study = as_begun(study, study_dir)
    context = new_context(study, study_dir.cache.root, study_dir.cache.limit, packing)
    default = GPU_SEEDS if context.device.type == "cuda" else CPU_SEEDS
    options = replace(options, seeds=options.seeds or max(default, study.draws or 0))
    check_draws(context, options.seeds)
    if not world.is_main:
        if not plan:
            _run_share(context, study_dir, options, world)
        return Answer("")
    for note in [] if quiet else notes_of(context):
        echo(note, err=True)
    study_dir.out.mkdir(parents=True, exist_ok=True)
    with Lock(study_dir.out):
        if stayed := str(open_study(study, study_dir, context.data)):
            echo(visible(stayed), err=True)
        context = settle(context, study_dir, ALONE if plan else world)
        study = context.study
        first = of_draw(context, study.drawn_for(0))
        for arm in study.arms:
            check_fresh(first, arm)
        looks = looks_of(study_dir, options)
        expansions = measure_costs(first, study_dir)
        speeds = measure_speeds(first, study_dir, expansions)
        if plan:
            forecast = make_forecast(context, speeds, options.seeds, study_dir.jobs, looks)
            return Answer(format_plan(study, forecast, speeds, options.seeds))
        world.barrier()
        found = _search(context, study_dir, world, quiet=quiet)
        planned = list(trials(study, options.seeds, speeds, found.settings() if found else {}))
        with progress_bar(len(missing_trials(study_dir, planned)), "trials", quiet) as progress:
            run_trials(study, study_dir, planned, progress, world)
        results = read_results(study_dir, in_order(study, planned), context.data.test, world)
        record_look(study_dir, looks)
        comparison = summarise(context, results, expansions, options, study_dir.jobs, found, looks)
        write_results(study_dir.out, comparison, results)
    text = format_summary(comparison, study_dir.out / PAGE)
    return Answer(text, len(comparison.diverged))


def _search(
    context: TrialContext[ComparisonStudy], study_dir: StudyDir, world: World, *, quiet: bool
) -> Search | None:
    """Search for the settings of each arm, if that is asked for."""
    study = context.study
    if not study.tune:
        return None
    draw, settings = study.drawn_for(0), study.settings_to_try(context.smallest_side)
    first = of_draw(context, draw)
    return run_search(first, study_dir, study.arms, settings, world, draw, quiet=quiet)


def _run_share(
    context: TrialContext[ComparisonStudy],
    study_dir: StudyDir,
    options: StudyOptions,
    world: World,
) -> None:
    """Run the share of a process that does not report, once the main one has measured costs."""
    context = settle(context, study_dir, world)
    world.barrier()
    first = of_draw(context, context.study.drawn_for(0))
    speeds = measure_speeds(first, study_dir, measure_costs(first, study_dir))
    found = _search(context, study_dir, world, quiet=True)
    planned = list(trials(context.study, options.seeds, speeds, found.settings() if found else {}))
    run_trials(context.study, study_dir, planned, lambda _count: None, world)
