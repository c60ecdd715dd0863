"""Power: from a few short trials, the smallest difference that a study could detect."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from train.statistics.crossed import crossed
from train.statistics.power import FEWEST_SEEDS, Spread
from train.statistics.sentences import ALIKE_WORDS, here_words
from train.trials.runner import run_trial
from train.trials.study import Trial, TrialContext

PILOT_RUNS, PILOT_SECONDS = 4, 120.0
MORE_IMAGES = (1, 4, 16)
"""How many times the test images a plan says what would be found with."""


class Pilot(NamedTuple):
    """The trials of two arms, of the same seeds, and how many seconds all of them train for."""

    one: Sequence[Trial]
    other: Sequence[Trial]
    seconds: float


class Expected(NamedTuple):
    """How much a difference between two arms is expected to vary, and why so much."""

    spread: Spread
    source: str


def expect(context: TrialContext[Any], pilot: Pilot) -> Expected:
    """Run the trials of a pilot; where they take too long or do not differ, guess."""
    spread = _measure(context, pilot) if pilot.seconds <= PILOT_SECONDS else None
    if spread and spread.sd:
        one, other = pilot.one[0], pilot.other[0]
        epochs = count_epochs(one.epochs_asked)
        names = f"{one.arm.name} and {other.arm.name}"
        trials = f"{len(pilot.one)} trials each of {names} for {epochs}"
        return Expected(spread, f"from {trials}; other pairs may differ")
    why = "did not differ" if spread else "would take too long"
    guessed = _rule_of_thumb(count_tested(context))
    return Expected(guessed, f"a rule of thumb for an accuracy near 90 %, since pilot trials {why}")


def _measure(context: TrialContext[Any], pilot: Pilot) -> Spread:
    """Measure how much seeds and test images differ."""
    one, other = (_right(context, trials) for trials in (pilot.one, pilot.other))
    images = count_tested(context)
    if images < 2:
        return Spread(100 * float(np.std((one - other).mean(axis=1), ddof=1)))
    found = crossed(one - other)
    return Spread(found.seeds_se * math.sqrt(len(one)), found.images_sd, images)


def _right(context: TrialContext[Any], trials: Sequence[Trial]) -> NDArray[np.int8]:
    """Run trials; return which test images each had right: trials × images."""
    images = count_tested(context)
    return np.stack([run_trial(context, trial).right(images) for trial in trials]).astype(np.int8)


def _rule_of_thumb(images: int) -> Spread:
    """Guess the spread of two arms with an accuracy near 90 %.

    Seeds: as if each seed of each arm had its errors at random. Test images: a variance of 0.035
    between them; with and without augmentation on CIFAR-10 it was 0.033 to 0.039.
    """
    return Spread(100 * math.sqrt(2 * 0.9 * 0.1 / images), 100 * math.sqrt(0.035), images)


def count_tested(context: TrialContext[Any]) -> int:
    """Return how many test images there are."""
    assert context.data.test is not None
    return len(context.data.test.folder)


def power_lines(spread: Spread, judged: str, seeds: int, what: str = "difference") -> list[str]:
    """Tabulate what is found with 80 % power, by seeds and test images.

    `judged` says of how many differences `spread` has the level of one, such as "3 pairs".
    """
    tested = [times * spread.images for times in MORE_IMAGES]
    where, found = here_words(spread.images), f"the smallest {what} in points that would be found"
    lines = [f"{found} with 80 % power, {judged} judged together:"]
    lines += [
        f"  {'seeds':>5}  {where}  {ALIKE_WORDS}, tested on {_columns(f'{n:,}' for n in tested)}"
    ]
    for count in sorted({seeds, 6, 10, 20}):
        here = replace(spread, images_sd=0.0).detectable(count)
        chosen = "  (requested)" if count == seeds else ""
        if here is None:
            few = " draws" * (count >= FEWEST_SEEDS)
            lines.append(f"  {count:>5}  too few{few} for a verdict{chosen}")
            continue
        # the spread over seeds would be a little smaller with more images
        alike = (replace(spread, images=n, unseen=True).detectable(count) or 0.0 for n in tested)
        columns = _columns(f"{max(here, each):.2f}" for each in alike)
        gap = " " * len(f"{ALIKE_WORDS}, tested on ")
        lines.append(f"  {count:>5}  {here:>{len(where)}.2f}  {gap}{columns}{chosen}")
    return lines


def _columns(texts: Iterable[str]) -> str:
    return "  ".join(f"{text:>7}" for text in texts)


def count_epochs(epochs: int) -> str:
    """Format a number of epochs: "1 epoch", "4 epochs"."""
    return f"{epochs:,} epoch{'s' * (epochs != 1)}"


def format_duration(seconds: float) -> str:
    """Format a duration for a plan: "45 s", "12 min", "1.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
