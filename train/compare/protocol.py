"""The protocol of a comparison: measure costs and speeds once, then keep them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from train.compare.arms import Arm, Speed
from train.compare.expansion import measure_expansion
from train.compare.results import ExpansionCost
from train.compare.study import ComparisonStudy
from train.errors import TrainError
from train.fit.divergence import DivergedError
from train.fit.loop import fit
from train.fit.trainer import Step
from train.runs.records import shorten, write_json
from train.runtime.device import finish
from train.runtime.typed import checked, fits
from train.trials.study import Trial, TrialContext
from train.trials.study_dir import StudyDir, read_json
from train.trials.trial import assemble

COSTS, SPEEDS = "costs.json", "speeds.json"
PROBE_STEPS, WARM_UP_STEPS = 40, 8


def measure_costs(
    context: TrialContext[ComparisonStudy], study_dir: StudyDir
) -> list[ExpansionCost]:
    """Measure what the expansion of each stored arm costs; read what was measured before."""
    path = study_dir.out / COSTS
    costs = _read_costs(path) if path.is_file() else {}
    for arm in context.study.arms:
        cost = costs.get(arm.name)
        if arm.stored and (cost is None or (study_dir.materialize and not cost.everything)):
            folder = study_dir.out / arm.label
            costs[arm.name] = measure_expansion(
                context, arm, folder, everything=study_dir.materialize
            )
            write_json(path, {name: asdict(each) for name, each in costs.items()})
    return [costs[arm.name] for arm in context.study.arms if arm.name in costs]


def measure_speeds(
    context: TrialContext[ComparisonStudy], study_dir: StudyDir, expansions: Sequence[ExpansionCost]
) -> dict[str, Speed]:
    """Measure the seconds of an epoch of each arm; read what was measured before."""
    path = study_dir.out / SPEEDS
    if path.is_file():
        seconds = _read_speeds(path, context.study)
    else:
        seconds = {arm.name: probe(context, arm) for arm in context.study.arms}
        write_json(path, seconds)
    once = {cost.arm: cost.expansion_seconds for cost in expansions}
    return {name: Speed(value, once.get(name, 0.0)) for name, value in seconds.items()}


def _read_costs(path: Path) -> dict[str, ExpansionCost]:
    try:
        return {
            name: checked(ExpansionCost(**{"everything": False, **cost}))
            for name, cost in read_json(path).items()
        }
    except (TypeError, AttributeError) as error:
        raise _damaged(path, error) from error


def _read_speeds(path: Path, study: ComparisonStudy) -> dict[str, float]:
    seconds = read_json(path)
    if not fits(seconds, dict[str, float]) or not all(0 < each < 1e12 for each in seconds.values()):
        raise _damaged(path, TypeError("speeds are seconds above 0"))
    if missing := [arm.name for arm in study.arms if arm.name not in seconds]:
        raise _damaged(path, TypeError(f'"{missing[0]}" has no speed'))
    return {name: float(each) for name, each in seconds.items()}


def _damaged(path: Path, error: Exception) -> TrainError:
    return TrainError(
        f'"{path}" is damaged ({shorten(error)}); remove it and run the same command again'
    )


def probe(context: TrialContext[ComparisonStudy], arm: Arm) -> float:
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
