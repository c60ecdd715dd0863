"""The protocol of a comparison: measure costs and speeds once, then keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from train.compare.arms import Speed
from train.compare.expansion import measure_expansion
from train.compare.results import ExpansionCost
from train.compare.study import ComparisonStudy
from train.runs.records import write_json
from train.runtime.typed import checked
from train.trials.planning.speeds import damaged, measure_epochs
from train.trials.study import TrialContext
from train.trials.study_dir import StudyDir, read_json

COSTS = "costs.json"


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
    seconds = measure_epochs(context, context.study.arms, study_dir)
    once = {cost.arm: cost.expansion_seconds for cost in expansions}
    return {name: Speed(value, once.get(name, 0.0)) for name, value in seconds.items()}


def _read_costs(path: Path) -> dict[str, ExpansionCost]:
    try:
        return {
            name: checked(ExpansionCost(**{"everything": False, **cost}))
            for name, cost in read_json(path).items()
        }
    except (TypeError, AttributeError) as error:
        raise damaged(path, error) from error
