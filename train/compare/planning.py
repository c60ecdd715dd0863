"""Planning: what a comparison would cost on this machine, and how finely it would see, before it is run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from train.compare.arms import Arm, Speed, epochs_within
from train.compare.study import ComparisonStudy
from train.statistics.intervals import half_width, paired
from train.trials.context import TrialContext
from train.trials.engine import run_trial
from train.trials.study import Trial

PILOT_RUNS, PILOT_SECONDS = 4, 120.0


@dataclass(frozen=True)
class Forecast:
    """What is to be expected: seconds in all, and the deviation of a paired difference, in points, with its source."""

    runs: int
    seconds: float
    sd: float
    how: str

    def half_width(self, seeds: int) -> float | None:
        """Return the half-width of a 95 % interval that so many seeds can be expected to give, in points."""
        return half_width(self.sd, seeds) if seeds > 1 else None


def make_forecast(
    context: TrialContext[ComparisonStudy], speeds: Mapping[str, Speed], seeds: int, jobs: int
) -> Forecast:
    """Return what a comparison would take and show; a few short runs of the first arm say how much seeds differ."""
    study = context.study
    each = {
        arm: sum(_run_seconds(study, arm, length, speeds) for length in study.lengths)
        for arm in study.arms
    }
    seconds = seeds * sum(each.values()) / jobs
    first, shortest = study.arms[0], min(study.lengths)
    if PILOT_RUNS * _run_seconds(study, first, shortest, speeds) <= PILOT_SECONDS:
        found = [
            run_trial(context, Trial(first, seed, shortest, shortest, "pilot")).accuracy
            for seed in range(PILOT_RUNS)
        ]
        sd = 100 * math.sqrt(2) * (paired(found).sd or 0.0)
        how = f"from {PILOT_RUNS} runs of {first.name} at {shortest} passes; pairs of other arms may differ more or less"
    else:
        sd = 100 * math.sqrt(2 * 0.9 * 0.1 / _test_images(context))
        how = "a rule of thumb (accuracy near 90 %, as far apart as two draws of the test set): pilot runs would take too long"
    return Forecast(seeds * len(study.arms) * len(study.lengths), seconds, sd, how)


def _test_images(context: TrialContext[ComparisonStudy]) -> int:
    assert context.data.test is not None
    return len(context.data.test.folder)


def _run_seconds(
    study: ComparisonStudy, arm: Arm, length: int, speeds: Mapping[str, Speed]
) -> float:
    """Return how long a run of an arm trains."""
    return epochs_within(arm, length, study.budget, speeds) * speeds[arm.name].epoch_seconds


def in_words(
    study: ComparisonStudy, forecast: Forecast, speeds: Mapping[str, Speed], seeds: int
) -> str:
    """Return a plan as a table."""
    width = max(len(arm.name) for arm in study.arms)
    lines = [
        f"{forecast.runs} runs: {seeds} seeds × {len(study.arms)} arms × {len(study.lengths)} lengths"
    ]
    for arm in study.arms:
        parts = [
            f"{epochs_within(arm, length, study.budget, speeds):,} passes, {_run_seconds(study, arm, length, speeds):,.1f} s"
            for length in study.lengths
        ]
        lines.append(f"  {arm.name:<{width}}  {'; '.join(parts)} a run")
    lines.append(f"about {_duration(forecast.seconds)} in all, testing and start-up apart")
    lines.append(
        f"a paired difference between arms is expected to vary by {forecast.sd:.2f} points ({forecast.how}):"
    )
    for count in sorted({seeds, 6, 10, 20}):
        reach = forecast.half_width(count)
        chosen = "  <- as asked" if count == seeds else ""
        if reach is not None:
            lines.append(f"  {count:>3} seeds: 95 % interval of ± {reach:.2f} points{chosen}")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
