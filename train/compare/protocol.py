"""The protocol: every replicate of every arm run once, kept as it ends; a comparison that was stopped goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from expand.engines.local import LocalEngine
from expand.storage.files import write_whole
from train.compare.arms import Speed, passes
from train.compare.expansion import measure_expansion
from train.compare.study import ComparisonStudy, Trial, trials
from train.fit.loop import fit
from train.fit.trainer import Step
from train.runs.records import write_json
from train.runtime.world import World
from train.trials.context import TrialContext, trial_context
from train.trials.study import Seeds
from train.trials.study_dir import RUNS, StudyDir, read_json
from train.trials.trial import Run, assemble, measure, train

COSTS, SPEEDS = "costs.json", "speeds.json"
PROBE_STEPS = 40
ALONE = World()


def costs(context: TrialContext[ComparisonStudy], study_dir: StudyDir) -> list[dict[str, Any]]:
    """Return what the expansion of each stored arm costs: measured once, then kept."""
    path = study_dir.out / COSTS
    known: dict[str, Any] = read_json(path) if path.is_file() else {}
    for arm in context.study.arms:
        if arm.stored and (
            arm.name not in known or (study_dir.materialize and not known[arm.name]["everything"])
        ):
            folder = study_dir.out / arm.name.replace(" ×", "-x")
            known[arm.name] = measure_expansion(
                context, arm, folder, everything=study_dir.materialize
            )
            write_json(path, known)
    return [known[arm.name] for arm in context.study.arms if arm.name in known]


def speeds(
    context: TrialContext[ComparisonStudy], study_dir: StudyDir, expansions: list[dict[str, Any]]
) -> dict[str, Speed]:
    """Return how long a pass of each arm takes, from a short probe: measured once, then kept."""
    path = study_dir.out / SPEEDS
    if path.is_file():
        seconds: dict[str, float] = read_json(path)
    else:
        seconds = {
            arm.name: probe(context, Trial(arm, max(context.study.lengths), 0))
            for arm in context.study.arms
        }
        write_json(path, seconds)
    once = {cost["arm"]: cost["expansion_seconds"] for cost in expansions}
    return {name: Speed(value, once.get(name, 0.0)) for name, value in seconds.items()}


def probe(context: TrialContext[ComparisonStudy], trial: Trial) -> float:
    """Return the seconds that a pass of an arm takes, from its first steps; the first of all is left out."""
    _, setup = assemble(context, run_of(context, trial, 2 + PROBE_STEPS))
    marks = [time.perf_counter()]
    for event in fit(setup.trainer, setup.feed):
        if isinstance(event, Step):
            marks.append(time.perf_counter())
        if len(marks) > PROBE_STEPS:
            break
    skipped = min(8, len(marks) - 2)
    return (marks[-1] - marks[skipped]) / (len(marks) - 1 - skipped) * setup.trainer.steps_per_epoch


def missing_trials(study: ComparisonStudy, study_dir: StudyDir, seeds: int) -> list[Trial]:
    """Return the cells that have not been run yet."""
    return [
        trial
        for trial in trials(study, seeds)
        if not (study_dir.out / RUNS / f"{trial.name}.json").is_file()
    ]


def run_all(
    study: ComparisonStudy,
    study_dir: StudyDir,
    seeds: int,
    speed: dict[str, Speed],
    done: Callable[[int], None],
    world: World = ALONE,
) -> None:
    """Run every cell that is not there yet, or this process's share of them; `done` is called for each that ended."""
    missing = missing_trials(study, study_dir, seeds)[world.rank :: world.size]
    world.barrier()  # no run ends before all have listed what is missing: a run is one process's share, and only one's
    work = [(trial, passes(trial.arm, trial.length, study.budget, speed)) for trial in missing]
    run = partial(_run_and_keep, study, study_dir)
    for _ in LocalEngine(study_dir.jobs).map(run, work):
        done(1)


def _run_and_keep(study: ComparisonStudy, study_dir: StudyDir, work: tuple[Trial, int]) -> None:
    """Run one cell and write its row; what a worker process runs."""
    trial, epochs = work
    context = trial_context(study, study_dir.cache.root, study_dir.cache.limit)
    started = time.perf_counter()
    row = run_trial(context, trial, epochs)
    row["seconds"] = round(time.perf_counter() - started, 3)
    write_whole(study_dir.out / RUNS / f"{trial.name}.json", json.dumps(row).encode())


def run_trial(context: TrialContext[ComparisonStudy], trial: Trial, epochs: int) -> dict[str, Any]:
    """Train and measure one cell; return its row."""
    run = run_of(context, trial, epochs)
    return {**measure(context, run, train(context, run)), "length": trial.length}


def run_of(context: TrialContext[ComparisonStudy], trial: Trial, epochs: int) -> Run:
    """Return a cell's run."""
    return Run(trial.arm, epochs, Seeds.of(context.study.seed, trial.replicate))


def read_rows(study: ComparisonStudy, study_dir: StudyDir, seeds: int) -> list[dict[str, Any]]:
    """Return the rows of all cells, in their order."""
    ordered = sorted(
        trials(study, seeds),
        key=lambda trial: (trial.length, study.arms.index(trial.arm), trial.replicate),
    )
    return [read_json(study_dir.out / RUNS / f"{trial.name}.json") for trial in ordered]


def wait_for(study: ComparisonStudy, study_dir: StudyDir, seeds: int) -> None:
    """Wait until other processes have run their share; torchrun ends all where one of them fails."""
    while missing_trials(study, study_dir, seeds):
        time.sleep(1.0)
