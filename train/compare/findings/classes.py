"""Classes: what each arm gains in each class over the first arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from train.compare.arms import Arm
from train.compare.findings.grouped import GroupedResults
from train.compare.results import ClassGain, SmallestGain
from train.report.formatting import points, points_range
from train.statistics.intervals import LEVEL, paired
from train.statistics.significance import holm, paired_t
from train.trials.results import TrialResult


def compare_classes(
    results: GroupedResults,
) -> tuple[tuple[ClassGain, ...], tuple[SmallestGain, ...]]:
    """Return the gains of all arms over the first, and the smallest gain of each arm."""
    first, *others = results.study.arms
    gains: list[ClassGain] = []
    smallest: list[SmallestGain] = []
    for epochs in results.study.lengths:
        for arm in others:
            if own := _gains(results, epochs, arm, first):
                gains += own
                smallest.append(_smallest(min(own, key=lambda gain: gain.mean), len(own)))
    return tuple(gains), tuple(smallest)


def _gains(results: GroupedResults, epochs: int, arm: Arm, first: Arm) -> list[ClassGain]:
    trials = results.paired(arm, first, epochs)
    names = trials[0][0].per_class if trials else ()
    gains = [_gain(trials, epochs, (arm, first), name) for name in names]
    adjusted = holm([gain.p_t for gain in gains])
    return [replace(gain, p_holm=p) for gain, p in zip(gains, adjusted, strict=True)]


def _gain(
    trials: Sequence[tuple[TrialResult, TrialResult]],
    epochs: int,
    arms: tuple[Arm, Arm],
    name: str,
) -> ClassGain:
    differences = [100 * (ours.per_class[name] - theirs.per_class[name]) for ours, theirs in trials]
    estimate, p_t = paired(differences), paired_t(differences)
    one, other = (arm.name for arm in arms)
    return ClassGain(name, one, other, estimate.mean, estimate.interval, epochs, p_t, p_t)


def _smallest(gain: ClassGain, classes: int) -> SmallestGain:
    """Describe the smallest gain; a harm needs a significant loss, Holm-adjusted over classes."""
    harmed = gain.mean < 0 and gain.p_holm <= LEVEL
    start = (
        f'{gain.arm} harms "{gain.name}" most'
        if harmed
        else f'Smallest gain of {gain.arm}: "{gain.name}"'
    )
    span = f" (95 % interval {points_range(gain.interval)})" if gain.interval else ""
    sentence = (
        f"{start}, {points(gain.mean)} points against {gain.against}{span}, of {classes} classes"
    )
    return SmallestGain(gain, harmed, sentence)
