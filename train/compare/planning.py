"""Planning: the cost of a comparison, and the smallest difference it could detect."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from train.compare.arms import Arm, Speed, epochs_within
from train.compare.findings.draws import draws_of, which_sources
from train.compare.findings.pairs import pairs_of
from train.compare.study import ComparisonStudy
from train.statistics.crossed import crossed
from train.statistics.intervals import LEVEL
from train.statistics.looks import Looks
from train.statistics.overlap import widening
from train.statistics.power import Spread
from train.statistics.sentences import ALIKE_WORDS, here_words
from train.trials.context import of_draw
from train.trials.runner import run_trial
from train.trials.study import Trial, TrialContext
from train.trials.tuning.held_out import SHARE

PILOT_RUNS, PILOT_SECONDS = 4, 120.0


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
    seconds = (seeds * sum(each.values()) + search_seconds(context, speeds)) / jobs
    two, shortest = study.arms[:2], min(study.lengths)
    taken = PILOT_RUNS * sum(_run_seconds(study, arm, shortest, speeds) for arm in two)
    pairs = len(pairs_of(study.arms))
    last = looks.looks[-1].alpha if looks else LEVEL
    spread = _pilot(context, two, shortest) if taken <= PILOT_SECONDS else None
    if spread and spread.sd:
        names = f"{two[0].name} and {two[1].name}"
        trials = f"{PILOT_RUNS} trials each of {names} for {count_epochs(shortest)}"
        source = f"from {trials}; other pairs may differ"
    else:
        why = "did not differ" if spread else "would take too long"
        spread = _rule_of_thumb(_test_images(context))
        source = f"a rule of thumb for an accuracy near 90 %, since pilot trials {why}"
    drawn = draws_of(context, seeds)
    wide = widening(seeds, drawn.overlap) if drawn else 1.0
    spread = replace(spread, sd=spread.sd * wide, alpha=last / pairs)
    count = seeds * len(study.arms) * len(study.lengths)
    first = of_draw(context, study.drawn_for(0))
    sources = which_sources(len(first.data.train.folder), drawn)
    return Forecast(count, seconds, spread, pairs, source, sources)


def _pilot(context: TrialContext[ComparisonStudy], arms: Sequence[Arm], epochs: int) -> Spread:
    """Measure how much seeds and test images differ, from a few short trials of two arms."""
    images = _test_images(context)
    one, other = (
        np.stack(
            [
                run_trial(context, _pilot_trial(context.study, arm, seed, epochs)).right(images)
                for seed in range(PILOT_RUNS)
            ]
        ).astype(np.int8)
        for arm in arms
    )
    if images < 2:
        return Spread(100 * float(np.std((one - other).mean(axis=1), ddof=1)))
    found = crossed(one - other)
    return Spread(found.seeds_se * math.sqrt(PILOT_RUNS), found.images_sd, images)


def _pilot_trial(study: ComparisonStudy, arm: Arm, seed: int, epochs: int) -> Trial:
    return Trial(arm, seed, epochs, epochs, "pilot", draw=study.drawn_for(seed))


def _rule_of_thumb(images: int) -> Spread:
    """Guess the spread of two arms with an accuracy near 90 %.

    Seeds: as if each seed of each arm had its errors at random. Test images: a variance of 0.035
    between them; with and without augmentation on CIFAR-10 it was 0.033 to 0.039.
    """
    return Spread(100 * math.sqrt(2 * 0.9 * 0.1 / images), 100 * math.sqrt(0.035), images)


def search_seconds(context: TrialContext[ComparisonStudy], speeds: Mapping[str, Speed]) -> float:
    """Return how long the search for the settings of the arms trains, if there is one."""
    study = context.study
    side, longest = context.smallest_side, study.longest
    tried = study.settings_to_try(side, longest) if study.tune else ()
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
    spread = forecast.spread
    deviation = f"{spread.sd:.2f} points ({forecast.source})"
    trained = f"{lengths} number{'s' * (lengths != 1)} of epochs"
    lines = [f"{forecast.trials} trials: {seeds} seeds × {arms} arms × {trained}"]
    lines += search_lines(study)
    lines += _arm_lines(study, speeds)
    lines += [
        f"about {format_duration(forecast.seconds)} in all, without start-up and evaluation",
        f"a paired difference between arms is expected to vary by {deviation}",
        *_power_lines(forecast, seeds),
        *([forecast.sources] if forecast.sources else []),
    ]
    return "\n".join(lines)


def search_lines(study: ComparisonStudy) -> list[str]:
    """Say how many trials the search before has, if there is one."""
    if not study.tune:
        return []
    searched, arms = study.tune * len(study.arms), len(study.arms)
    return [f"{searched} trials of the search before: {study.tune} settings × {arms} arms"]


MORE_IMAGES = (1, 4, 16)
"""How many times the test images the plan says what would be found with."""


def _power_lines(forecast: Forecast, seeds: int) -> list[str]:
    """Tabulate the smallest difference that is found with 80 % power, by seeds and test images."""
    spread, together = forecast.spread, forecast.pairs
    tested = [times * spread.images for times in MORE_IMAGES]
    pairs = f"{together} pair{'s' * (together != 1)} judged together"
    where = here_words(spread.images)
    lines = [
        f"the smallest difference in points that would be found with 80 % power, {pairs}:",
        f"  {'seeds':>5}  {where}  {ALIKE_WORDS}, tested on {_columns(f'{n:,}' for n in tested)}",
    ]
    for count in sorted({seeds, 6, 10, 20}):
        here = replace(spread, images_sd=0.0).detectable(count)
        # the spread over seeds would be a little smaller with more images
        found = [replace(spread, images=n).detectable(count) for n in tested]
        chosen = "  (requested)" if count == seeds else ""
        if here is None:
            lines.append(f"  {count:>5}  too few for a verdict{chosen}")
            continue
        gap = " " * len(f"{ALIKE_WORDS}, tested on ")
        alike = _columns(f"{each:.2f}" for each in found if each is not None)
        lines.append(f"  {count:>5}  {here:>{len(where)}.2f}  {gap}{alike}{chosen}")
    return lines


def _columns(texts: Iterable[str]) -> str:
    return "  ".join(f"{text:>7}" for text in texts)


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
