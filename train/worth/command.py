"""The command `train worth`: its steps, from a study to its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from train.compare.protocol import measure_speeds
from train.data.decoded import ShowDecoding
from train.data.subsets import MOST_DRAWS, Draw
from train.errors import TrainError
from train.trials.command import Answer, Running, Steps, run_study
from train.trials.context import hide_decoding, of_draw
from train.trials.freshness import check_fresh
from train.trials.options import StudyOptions
from train.trials.runner import Result
from train.trials.study import TrialContext
from train.trials.study_dir import StudyDir
from train.trials.tuning.run import run_search
from train.trials.tuning.search import Search, chosen_settings
from train.worth.export import PAGE, write_results
from train.worth.planning import format_plan
from train.worth.study import SizedTrial, WorthStudy, sizes_of, trials
from train.worth.summary import summarise
from train.worth.terminal import format_summary

GPU_SEEDS, CPU_SEEDS = 10, 6


class Trained(NamedTuple):
    """What the trials show: what was searched, the trials, and their results."""

    found: Search | None
    planned: Sequence[SizedTrial]
    results: list[Result]


def find_worth(
    study: WorthStudy,
    study_dir: StudyDir,
    options: StudyOptions,
    *,
    plan: bool,
    quiet: bool,
    decoding: ShowDecoding = hide_decoding,
) -> Answer:
    """Run a study of worth, or resume it, or with `plan` only estimate it; return what to print."""
    steps = Steps(_check, _prepare, _train, _report, _plan)
    return run_study(study, study_dir, options, steps, plan=plan, quiet=quiet, decoding=decoding)


def _sizes(context: TrialContext[WorthStudy]) -> tuple[int, ...]:
    folder = context.data.train.folder
    return sizes_of(context.study, len(folder), len(folder.classes))


def _largest_draw(context: TrialContext[WorthStudy]) -> Draw:
    """Return the sources of the largest size that the first seed learns from."""
    largest = _sizes(context)[-1]
    return context.study.draw_of(0, largest, largest)


def _check(context: TrialContext[WorthStudy], options: StudyOptions) -> StudyOptions:
    """Refuse sizes that do not fit; each draw needs one seed at least."""
    _sizes(context)
    draws, default = context.study.draws, CPU_SEEDS
    if context.device.type == "cuda":
        default = GPU_SEEDS
    seeds = options.seeds or max(default, draws or 0)
    if draws and draws > seeds:
        raise TrainError(
            f"--draws {draws:,} needs as many --seeds, got {seeds:,}: a seed takes one draw"
        )
    if not draws and seeds > MOST_DRAWS:
        raise TrainError(
            f"--seeds {seeds:,} has as many draws, which are at most {MOST_DRAWS:,}; give --draws"
        )
    return replace(options, seeds=seeds)


def _prepare(running: Running[WorthStudy]) -> None:
    first = of_draw(running.context, _largest_draw(running.context))
    for arm in running.study.arms:
        check_fresh(first, arm)


def _plan(running: Running[WorthStudy]) -> str:
    context, study_dir = running.context, running.study_dir
    speeds = measure_speeds(of_draw(context, _largest_draw(context)), study_dir, [])
    return format_plan(context, _sizes(context), speeds, running.options.seeds, study_dir.jobs)


def _train(running: Running[WorthStudy]) -> Trained:
    study, context = running.study, running.context
    found = run_search(running, study.arms, study.longest, _largest_draw(context))
    planned = list(trials(study, _sizes(context), running.options.seeds, chosen_settings(found)))
    return Trained(found, planned, running.run_trials(planned))


def _report(running: Running[WorthStudy], trained: Trained) -> Answer:
    study_dir, (found, planned, results) = running.study_dir, trained
    worth = summarise(running.context, planned, results, running.options, study_dir.jobs, found)
    write_results(study_dir.out, worth, planned, results)
    return Answer(format_summary(worth, study_dir.out / PAGE), len(worth.diverged))
