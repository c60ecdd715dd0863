"""Planning: the cost of a comparison, and the smallest difference it could detect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from train.compare.arms import Arm, Speed, epochs_within
from train.compare.study import ComparisonStudy
from train.statistics.intervals import half_width, paired
from train.trials.context import TrialContext
from train.trials.runner import run_trial
from train.trials.study import Trial
from train.trials.tuning.held_out import SHARE

PILOT_RUNS, PILOT_SECONDS = 4, 120.0


@dataclass(frozen=True)
class Forecast:
    """The trials, their seconds, and the deviation of a paired difference in points.

    `source` says where the deviation comes from.
    """

    trials: int
    seconds: float
    sd: float
    source: str

    def half_width(self, seeds: int) -> float | None:
        """Return the expected half-width of a 95 % interval in points; None for one seed."""
        return half_width(self.sd, seeds) if seeds > 1 else None


def make_forecast(
    context: TrialContext[ComparisonStudy], speeds: Mapping[str, Speed], seeds: int, jobs: int
) -> Forecast:
    """Estimate the seconds of a comparison, and from a few short trials how much seeds differ."""
    study = context.study
    each = {
        arm: sum(_run_seconds(study, arm, length, speeds) for length in study.lengths)
        for arm in study.arms
    }
    seconds = (seeds * sum(each.values()) + _search_seconds(context, speeds)) / jobs
    first, shortest = study.arms[0], min(study.lengths)
    if PILOT_RUNS * _run_seconds(study, first, shortest, speeds) <= PILOT_SECONDS:
        accuracies = [
            run_trial(context, Trial(first, seed, shortest, shortest, "pilot")).accuracy
            for seed in range(PILOT_RUNS)
        ]
        sd = 100 * math.sqrt(2) * (paired(accuracies).sd or 0.0)
        trials = f"{PILOT_RUNS} trials of {first.name} for {count_epochs(shortest)}"
        source = f"from {trials}; other pairs may differ"
    else:
        sd = 100 * math.sqrt(2 * 0.9 * 0.1 / _test_images(context))
        source = "a rule of thumb for an accuracy near 90 %, since pilot trials would take too long"
    return Forecast(seeds * len(study.arms) * len(study.lengths), seconds, sd, source)


def _search_seconds(context: TrialContext[ComparisonStudy], speeds: Mapping[str, Speed]) -> float:
    """Return how long the search for the settings of the arms trains, if there is one."""
    study = context.study
    tried = study.settings_to_try(context.smallest_side) if study.tune else ()
    epochs = sum(each.epochs for each in tried) * (1 - SHARE)
    return epochs * sum(speeds[arm.name].epoch_seconds for arm in study.arms)


def _test_images(context: TrialContext[ComparisonStudy]) -> int:
    assert context.data.test is not None
    return len(context.data.test.folder)


def _run_seconds(
    study: ComparisonStudy, arm: Arm, length: int, speeds: Mapping[str, Speed]
) -> float:
    """Return how long a run of an arm trains."""
    return epochs_within(arm, length, study.budget, speeds) * speeds[arm.name].epoch_seconds


def format_plan(
    study: ComparisonStudy, forecast: Forecast, speeds: Mapping[str, Speed], seeds: int
) -> str:
    """Format a forecast as a table."""
    arms, lengths = len(study.arms), len(study.lengths)
    deviation = f"{forecast.sd:.2f} points ({forecast.source})"
    lines = [f"{forecast.trials} trials: {seeds} seeds × {arms} arms × {lengths} numbers of epochs"]
    if study.tune:
        searched = study.tune * arms
        lines += [f"{searched} trials of the search before: {study.tune} settings × {arms} arms"]
    lines += _arm_lines(study, speeds)
    lines += [
        f"about {format_duration(forecast.seconds)} in all, without start-up and evaluation",
        f"a paired difference between arms is expected to vary by {deviation}:",
    ]
    for count in sorted({seeds, 6, 10, 20}):
        reach = forecast.half_width(count)
        chosen = "  (requested)" if count == seeds else ""
        if reach is not None:
            smallest = f"smallest difference it could detect: {reach:.2f} points"
            lines.append(f"  {count:>3} seeds: {smallest}{chosen}")
    return "\n".join(lines)


def _arm_lines(study: ComparisonStudy, speeds: Mapping[str, Speed]) -> list[str]:
    """Format the epochs and seconds of one trial of each arm."""
    width = max(len(arm.name) for arm in study.arms)
    lines = []
    for arm in study.arms:
        parts = [
            f"{epochs_within(arm, asked, study.budget, speeds):,} epochs, "
            f"{_run_seconds(study, arm, asked, speeds):,.1f} s"
            for asked in study.lengths
        ]
        lines.append(f"  {arm.name:<{width}}  {'; '.join(parts)} per trial")
    return lines


def count_epochs(epochs: int) -> str:
    """Format a number of epochs: "1 epoch", "4 epochs"."""
    return f"{epochs:,} epoch{'s' * (epochs != 1)}"


def format_duration(seconds: float) -> str:
    """Format a duration for a plan: "45 s", "12 min", "1.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
