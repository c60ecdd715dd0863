"""The command `train compare`: its steps, from a study to its page."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from train.compare.export import PAGE, write_results
from train.compare.findings.draws import check_draws
from train.compare.planning import format_plan, make_forecast
from train.compare.protocol import measure_costs, measure_speeds
from train.compare.study import ComparisonStudy, in_order, trials
from train.compare.summary import summarise
from train.compare.terminal import format_summary
from train.data.decoded import ShowDecoding
from train.trials.command import Answer, Running, Steps, run_study
from train.trials.context import hide_decoding, of_draw
from train.trials.freshness import check_fresh
from train.trials.options import StudyOptions
from train.trials.runner import Result
from train.trials.settled import looks_of, record_look
from train.trials.study import TrialContext
from train.trials.study_dir import StudyDir
from train.trials.tuning.run import run_search
from train.trials.tuning.search import Search, chosen_settings

GPU_SEEDS, CPU_SEEDS = 10, 6


class Trained(NamedTuple):
    """What the trials show: what was searched, and their results by epochs, arm and seed."""

    found: Search | None
    results: list[Result]


def compare(
    study: ComparisonStudy,
    study_dir: StudyDir,
    options: StudyOptions,
    *,
    plan: bool,
    quiet: bool,
    decoding: ShowDecoding = hide_decoding,
) -> Answer:
    """Run a comparison, or resume it, or with `plan` only estimate it; return what to print."""
    steps = Steps(_check, _prepare, _train, _report, _plan)
    return run_study(study, study_dir, options, steps, plan=plan, quiet=quiet, decoding=decoding)


def _check(context: TrialContext[ComparisonStudy], options: StudyOptions) -> StudyOptions:
    default = GPU_SEEDS if context.device.type == "cuda" else CPU_SEEDS
    options = replace(options, seeds=options.seeds or max(default, context.study.draws or 0))
    check_draws(context, options.seeds)
    return options


def _first(running: Running[ComparisonStudy]) -> TrialContext[ComparisonStudy]:
    """Return the context of the sources that the first seed learns from."""
    return of_draw(running.context, running.study.drawn_for(0))


def _prepare(running: Running[ComparisonStudy]) -> None:
    first = _first(running)
    for arm in running.study.arms:
        check_fresh(first, arm)
    looks_of(running.study_dir, running.options)
    measure_speeds(first, running.study_dir, measure_costs(first, running.study_dir))


def _plan(running: Running[ComparisonStudy]) -> str:
    study, study_dir, seeds = running.study, running.study_dir, running.options.seeds
    first, looks = _first(running), looks_of(running.study_dir, running.options)
    speeds = measure_speeds(first, study_dir, measure_costs(first, study_dir))
    forecast = make_forecast(running.context, speeds, seeds, study_dir.jobs, looks)
    return format_plan(study, forecast, speeds, seeds)


def _train(running: Running[ComparisonStudy]) -> Trained:
    study, study_dir = running.study, running.study_dir
    first = _first(running)
    speeds = measure_speeds(first, study_dir, measure_costs(first, study_dir))
    found = run_search(running, study.arms, study.longest, study.drawn_for(0))
    planned = list(trials(study, running.options.seeds, speeds, chosen_settings(found)))
    results = dict(zip(planned, running.run_trials(planned), strict=True))
    return Trained(found, [results[trial] for trial in in_order(study, planned)])


def _report(running: Running[ComparisonStudy], trained: Trained) -> Answer:
    context, study_dir, options = running.context, running.study_dir, running.options
    looks, costs = looks_of(study_dir, options), measure_costs(_first(running), study_dir)
    record_look(study_dir, looks)
    comparison = summarise(
        context, trained.results, costs, options, study_dir.jobs, trained.found, looks
    )
    write_results(study_dir.out, comparison, trained.results)
    return Answer(format_summary(comparison, study_dir.out / PAGE), len(comparison.diverged))
