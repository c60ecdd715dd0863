"""Speeds: the seconds of an epoch of each arm, measured once and kept in the study's folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.fit.divergence import DivergedError
from train.fit.loop import fit
from train.fit.trainer import Step
from train.runs.records import shorten, write_json
from train.runtime.device import finish
from train.runtime.typed import fits
from train.trials.study import Trial, TrialContext
from train.trials.study_dir import StudyDir, read_json
from train.trials.trial import assemble

SPEEDS = "speeds.json"
PROBE_STEPS, WARM_UP_STEPS = 40, 8


def measure_epochs(
    context: TrialContext[Any], arms: Sequence[Any], study_dir: StudyDir
) -> dict[str, float]:
    """Measure the seconds of an epoch of each arm; read what was measured before."""
    path = study_dir.out / SPEEDS
    if path.is_file():
        return read_speeds(path, arms)
    seconds = {arm.name: probe(context, arm) for arm in arms}
    write_json(path, seconds)
    return seconds


def read_speeds(path: Path, arms: Sequence[Any]) -> dict[str, float]:
    """Read the seconds of an epoch of each arm; raise TrainError if they are damaged."""
    seconds = read_json(path)
    if not fits(seconds, dict[str, float]) or not all(0 < each < 1e12 for each in seconds.values()):
        raise damaged(path, TypeError("speeds are seconds above 0"))
    if missing := [arm.name for arm in arms if arm.name not in seconds]:
        raise damaged(path, TypeError(f'"{missing[0]}" has no speed'))
    return {name: float(each) for name, each in seconds.items()}


def damaged(path: Path, error: Exception) -> TrainError:
    """Return the error of a file with measured costs or speeds that cannot be read."""
    return TrainError(
        f'"{path}" is damaged ({shorten(error)}); remove it and run the same command again'
    )


def probe(context: TrialContext[Any], arm: Any) -> float:
    """Estimate the seconds of an epoch from the first steps of an arm, without the warm-up."""
    _, setup = assemble(context, Trial(arm, 0, 2 + PROBE_STEPS, 2 + PROBE_STEPS, "probe"))
    # the first epoch shows the images themselves, and draws no views
    setup.trainer.step = setup.trainer.steps_per_epoch
    marks = [time.perf_counter()]
    with suppress(DivergedError):  # its trials will say so; the steps so far were timed
        for event in fit(setup.trainer, setup.feed):
            if isinstance(event, Step):
                if len(marks) in (WARM_UP_STEPS, PROBE_STEPS):  # the marks that are subtracted
                    finish(context.device)
                marks.append(time.perf_counter())
            if len(marks) > PROBE_STEPS:
                break
    skipped = min(WARM_UP_STEPS, len(marks) - 2)
    return (marks[-1] - marks[skipped]) / (len(marks) - 1 - skipped) * setup.trainer.steps_per_epoch
