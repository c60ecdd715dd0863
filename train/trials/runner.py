"""The trial runner: run the missing trials of a study, and write each result as it ends."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from expand import interrupts
from expand.engines.choose import make_engine
from expand.storage.files import write_whole
from expand.storage.json import to_json
from train.data.split import Split
from train.errors import STOPPED, TrainError
from train.fit.divergence import DivergedError
from train.runs.records import shorten, versions
from train.runtime.world import World
from train.trials.context import of_draw, trial_context
from train.trials.results import DivergedTrial, TrialResult, read_result
from train.trials.study import Study, Trial, TrialContext
from train.trials.study_dir import RUNS, StudyDir, check_images, read_json
from train.trials.trial import measure, train

Result = TrialResult | DivergedTrial
ALONE = World()
POLL_SECONDS = 1.0
PARENT = os.getppid()


def result_path(study_dir: StudyDir, trial: Trial) -> Path:
    """Return the path of a trial's result."""
    return study_dir.out / RUNS / f"{trial.name}.json"


def missing_trials(study_dir: StudyDir, trials: Sequence[Trial]) -> list[Trial]:
    """List the trials that have no result yet; raise TrainError if one is not a file."""
    missing = []
    for trial in trials:
        path = result_path(study_dir, trial)
        if path.is_file():
            continue
        if os.path.lexists(path):
            raise TrainError(f'"{path}" is not a file; remove it and run the same command again')
        missing.append(trial)
    return missing


def run_trials(
    study: Study,
    study_dir: StudyDir,
    trials: Sequence[Trial],
    done: Callable[[int], None],
    world: World = ALONE,
) -> None:
    """Run this process's share of the missing trials; call `done` with 1 after each."""
    share = missing_trials(study_dir, trials)[world.rank :: world.size]
    world.barrier()  # no trial ends before every process has listed what is missing
    for _ in make_engine(study_dir.jobs).map(partial(_run_and_write, study, study_dir), share):
        done(1)


def read_results(
    study_dir: StudyDir,
    trials: Sequence[Trial],
    test: Split | None = None,
    world: World = ALONE,
) -> list[Result]:
    """Read the results of the trials, once all processes have written theirs.

    With the `test` set, those of other test images are refused.
    """
    while missing := missing_trials(study_dir, trials):
        interrupts.check()
        if world.size == 1 or not (study_dir.out / RUNS).is_dir():
            path = result_path(study_dir, missing[0])
            raise TrainError(f'"{path}" was removed; run the same command again', STOPPED)
        if os.getppid() != PARENT:  # torchrun ends all processes if one of them fails
            raise world.lost()
        time.sleep(POLL_SECONDS)
    results = [_read(study_dir, trial, test) for trial in trials]
    _check_precision(study_dir, results)
    return results


def _check_precision(study_dir: StudyDir, results: Sequence[Result]) -> None:
    """Refuse trials of different precision: a difference of arms could be one of precision."""
    counted = Counter(each.precision for each in results if isinstance(each, TrialResult))
    if len(counted) > 1:
        listed = ", ".join(f"{count:,} of {name}" for name, count in sorted(counted.items()))
        raise TrainError(
            f'"{study_dir.out / RUNS}" holds trials of different precision: {listed}; remove those '
            "of one kind and run the same command again"
        )


def parted(results: Sequence[Result]) -> tuple[list[TrialResult], list[DivergedTrial]]:
    """Part the trials that were trained to their end from those that diverged."""
    finished = [each for each in results if isinstance(each, TrialResult)]
    return finished, [each for each in results if isinstance(each, DivergedTrial)]


def _read(study_dir: StudyDir, trial: Trial, test: Split | None) -> Result:
    """Read one result. Another arm may have written it: its trial is the same."""
    path = result_path(study_dir, trial)
    try:
        result = read_result(read_json(path))
        _check_trial(result, trial)
        if test and isinstance(result, TrialResult) and not _is_of(result, test):
            raise ValueError("it is of other test images")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise TrainError(
            f'"{path}" is damaged ({shorten(error)}); remove it and run the same command again'
        ) from error
    return replace(result, arm=trial.arm.name, epochs_asked=trial.epochs_asked)


def _check_trial(result: Result, trial: Trial) -> None:
    """Raise ValueError if a result is that of another trial.

    Earlier versions did not record the trial's name.
    """
    if result.replicate != trial.replicate:
        raise ValueError(f"it is of seed {result.replicate}")
    if result.trial not in (None, trial.name):
        raise ValueError(f'it is of trial "{result.trial}"')
    if trial.keeps_arm and result.arm != trial.arm.name:
        raise ValueError(f'it is of arm "{result.arm}"')
    if result.epochs_asked != trial.epochs_asked:
        raise ValueError(f"it is of {result.epochs_asked:,} epochs")
    if result.tuned != trial.tuned:
        raise ValueError("it is of other settings")


def _is_of(result: TrialResult, test: Split) -> bool:
    """Return whether a trial was measured on a test set; a class without images has no accuracy."""
    folder = test.folder
    return result.is_of({folder.classes[label] for label in folder.labels}, len(folder))


def _run_and_write(study: Study, study_dir: StudyDir, trial: Trial) -> None:
    """Run one trial and write its result; runs in a worker process."""
    context = trial_context(study, study_dir.cache.root, study_dir.cache.limit)
    check_images(study_dir.out, context.data)  # this process may have read them later than others
    result = replace(try_trial(context, trial), versions=versions(), trial=trial.name)
    result = replace(result, tuned=trial.tuned)
    write_whole(result_path(study_dir, trial), to_json(result.to_dict(), ascii_only=True).encode())


def try_trial(context: TrialContext[Any], trial: Trial) -> Result:
    """Train and measure one trial, which may diverge."""
    started = time.perf_counter()
    try:
        return run_trial(context, trial)
    except DivergedError as error:
        return DivergedTrial(
            arm=trial.arm.name,
            replicate=trial.replicate,
            epochs_asked=trial.epochs_asked,
            epochs_trained=trial.epochs_trained,
            divergence=error.divergence,
            wall_seconds=round(time.perf_counter() - started, 3),
        )


def run_trial(context: TrialContext[Any], trial: Trial) -> TrialResult:
    """Train and measure one trial; raise DivergedError if it diverges."""
    started = time.perf_counter()
    context = of_draw(context, trial.draw).for_trial(trial)
    trained = train(context, trial)
    result = measure(context, trial, trained)
    screen = context.study.screen(context, trial, trained)
    wall_seconds = round(time.perf_counter() - started, 3)
    return replace(result, screen=screen, wall_seconds=wall_seconds)
