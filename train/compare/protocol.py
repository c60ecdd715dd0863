"""The protocol of a comparison: measure costs and speeds once, then keep them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from train.compare.arms import Arm, Speed
from train.compare.expansion import measure_expansion
from train.compare.results import ExpansionCost
from train.compare.study import ComparisonStudy
from train.fit.divergence import DivergedError
from train.fit.loop import fit
from train.fit.trainer import Step
from train.runs.records import write_json
from train.trials.context import TrialContext
from train.trials.study import Trial
from train.trials.study_dir import StudyDir, read_json
from train.trials.trial import assemble

COSTS, SPEEDS = "costs.json", "speeds.json"
PROBE_STEPS, WARM_UP_STEPS = 40, 8


def measure_costs(
    context: TrialContext[ComparisonStudy], study_dir: StudyDir
) -> list[ExpansionCost]:
    """Measure what the expansion of each stored arm costs; read what was measured before."""
    path = study_dir.out / COSTS
    known: dict[str, Any] = read_json(path) if path.is_file() else {}
    costs = {name: ExpansionCost(**{"everything": False, **cost}) for name, cost in known.items()}
    for arm in context.study.arms:
        cost = costs.get(arm.name)
        if arm.stored and (cost is None or (study_dir.materialize and not cost.everything)):
            folder = study_dir.out / arm.name.replace(" ×", "-x")
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
        seconds: dict[str, float] = read_json(path)
    else:
        seconds = {arm.name: probe(context, arm) for arm in context.study.arms}
        write_json(path, seconds)
    once = {cost.arm: cost.expansion_seconds for cost in expansions}
    return {name: Speed(value, once.get(name, 0.0)) for name, value in seconds.items()}


def probe(context: TrialContext[ComparisonStudy], arm: Arm) -> float:
    """Estimate the seconds of an epoch from the first steps of an arm, without the warm-up."""
    _, setup = assemble(context, Trial(arm, 0, 2 + PROBE_STEPS, 2 + PROBE_STEPS, "probe"))
    marks = [time.perf_counter()]
    with suppress(DivergedError):  # its trials will say so; the steps so far were timed
        for event in fit(setup.trainer, setup.feed):
            if isinstance(event, Step):
                marks.append(time.perf_counter())
            if len(marks) > PROBE_STEPS:
                break
    skipped = min(WARM_UP_STEPS, len(marks) - 2)
    return (marks[-1] - marks[skipped]) / (len(marks) - 1 - skipped) * setup.trainer.steps_per_epoch
