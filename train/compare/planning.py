"""Planning: the cost of a comparison, and the smallest difference it could detect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from train.compare.arms import Arm, Speed, epochs_within
from train.compare.findings.draws import draws_of, which_sources
from train.compare.findings.pairs import pairs_of
from train.compare.study import ComparisonStudy
from train.statistics.intervals import LEVEL
from train.statistics.looks import Looks
from train.statistics.power import Spread
from train.trials.context import of_draw
from train.trials.planning.power import PILOT_RUNS, Pilot, expect, format_duration, power_lines
from train.trials.planning.search import search_lines, search_seconds
from train.trials.study import Trial, TrialContext


@dataclass(frozen=True)
class Forecast:
    """The trials, their seconds, and how much a paired difference varies.

    `source` says where that comes from; `pairs` are judged together.
    """

    trials: int
    seconds: float
    spread: Spread
    pairs: int
    source: str
    sources: str = ""
    """Of which sources the comparison will speak."""


def make_forecast(
    context: TrialContext[ComparisonStudy],
    speeds: Mapping[str, Speed],
    seeds: int,
    jobs: int,
    looks: Looks | None = None,
) -> Forecast:
    """Estimate the seconds of a comparison, and from a few short trials how much seeds differ."""
    study = context.study
    each = {
        arm: sum(_run_seconds(study, arm, length, speeds) for length in study.lengths)
        for arm in study.arms
    }
    epochs = {name: speed.epoch_seconds for name, speed in speeds.items()}
    searched = search_seconds(context, study.longest, study.arms, epochs)
    seconds = (seeds * sum(each.values()) + searched) / jobs
    pairs = len(pairs_of(study.arms))
    last = looks.looks[-1].alpha if looks else LEVEL
    expected = expect(context, _pilot(study, speeds))
    drawn = draws_of(context, seeds)
    spread = replace(
        expected.spread,
        alpha=last / pairs,
        overlap=drawn.between if drawn else 0.0,
        draws=study.draws,
    )
    count = seeds * len(study.arms) * len(study.lengths)
    first = of_draw(context, study.drawn_for(0))
    sources = which_sources(len(first.data.train.folder), drawn)
    return Forecast(count, seconds, spread, pairs, expected.source, sources)


def _pilot(study: ComparisonStudy, speeds: Mapping[str, Speed]) -> Pilot:
    """Plan a few short trials of the first two arms."""
    two, shortest = study.arms[:2], min(study.lengths)
    seconds = PILOT_RUNS * sum(_run_seconds(study, arm, shortest, speeds) for arm in two)
    one, other = (
        [
            Trial(arm, seed, shortest, shortest, "pilot", draw=study.drawn_for(seed))
            for seed in range(PILOT_RUNS)
        ]
        for arm in two
    )
    return Pilot(one, other, seconds)


def _run_seconds(
    study: ComparisonStudy, arm: Arm, length: int, speeds: Mapping[str, Speed]
) -> float:
    """Return how long a run of an arm trains."""
    return epochs_within(arm, length, study.budget, speeds) * speeds[arm.name].epoch_seconds


def format_plan(
    study: ComparisonStudy, forecast: Forecast, speeds: Mapping[str, Speed], seeds: int
) -> str:
    """Format a forecast as a table."""
    arms, lengths, pairs = len(study.arms), len(study.lengths), forecast.pairs
    spread = forecast.spread
    deviation = f"{spread.sd:.2f} points ({forecast.source})"
    trained = f"{lengths} number{'s' * (lengths != 1)} of epochs"
    lines = [f"{forecast.trials} trials: {seeds} seeds × {arms} arms × {trained}"]
    lines += search_lines(study.tune, arms)
    lines += _arm_lines(study, speeds)
    lines += [
        f"about {format_duration(forecast.seconds)} in all, without start-up and evaluation",
        f"a paired difference between arms is expected to vary by {deviation}",
        *power_lines(spread, f"{pairs} pair{'s' * (pairs != 1)}", seeds),
        *([forecast.sources] if forecast.sources else []),
    ]
    return "\n".join(lines)


def _arm_lines(study: ComparisonStudy, speeds: Mapping[str, Speed]) -> list[str]:
    """Format the epochs and seconds of one trial of each arm."""
    width = max(len(arm.name) for arm in study.arms)
    lines: list[str] = []
    for arm in study.arms:
        parts = [
            f"{epochs_within(arm, asked, study.budget, speeds):,} epochs, "
            f"{_run_seconds(study, arm, asked, speeds):,.1f} s"
            for asked in study.lengths
        ]
        lines.append(f"  {arm.name:<{width}}  {'; '.join(parts)} per trial")
    return lines
