"""Classes: what each arm gains in each class over the first arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from train.compare.arms import Arm
from train.compare.findings.grouped import GroupedResults
from train.compare.results import ClassGain, SmallestGain
from train.report.formatting import points, points_range
from train.statistics.evidence import Evidence
from train.statistics.looks import Looks
from train.statistics.power import FEWEST_SEEDS
from train.statistics.verdicts import Pair, measure


def compare_classes(
    results: GroupedResults, margin: float, looks: Looks | None = None
) -> tuple[tuple[ClassGain, ...], tuple[SmallestGain, ...]]:
    """Return the gains of all arms over the first, and the smallest gain of each arm.

    All classes of all arms after the same number of epochs are one family: of comparisons with
    nothing to find, at most 5 % claim that any class of any arm is harmed.
    """
    first, *others = results.study.arms
    gains: list[ClassGain] = []
    smallest: list[SmallestGain] = []
    for epochs in results.study.lengths:
        pairs = {
            (arm, name): pair
            for arm in others
            for name, pair in _pairs(results, epochs, arm, first).items()
        }
        family = measure(list(pairs.values()), margin, looks)
        found = [_gain(name, epochs, one) for (_, name), one in zip(pairs, family, strict=True)]
        gains += found
        smallest += _smallest_of_each(found, others)
    return tuple(gains), tuple(smallest)


def _smallest_of_each(gains: Sequence[ClassGain], arms: Sequence[Arm]) -> Iterator[SmallestGain]:
    for arm in arms:
        if own := [gain for gain in gains if gain.arm == arm.name]:
            yield _smallest(min(own, key=lambda gain: gain.mean), len(own))


def _pairs(results: GroupedResults, epochs: int, arm: Arm, first: Arm) -> dict[str, Pair]:
    """Pair an arm with the first one in every class that has test images."""
    trials = results.paired(arm, first, epochs)
    if not trials:
        return {}
    ours, theirs = zip(*trials, strict=True)
    differences = results.right(ours) - results.right(theirs)
    replicates = [trial.replicate for trial in ours]
    return {
        name: Pair(
            arm.name,
            first.name,
            [100 * (one.per_class[name] - other.per_class[name]) for one, other in trials],
            images=differences[:, results.of_class(name)],
            replicates=replicates,
            shared=results.shared(ours),
        )
        for name in ours[0].per_class
    }


def _gain(name: str, epochs: int, found: Evidence) -> ClassGain:
    return ClassGain(
        name,
        found.arm,
        found.against,
        found.mean,
        found.interval,
        epochs,
        found.n,
        found.p_t,
        found.p,
    )


def _smallest(gain: ClassGain, classes: int) -> SmallestGain:
    """Describe the smallest gain; it is a harm if its interval lies below 0."""
    harmed = gain.interval is not None and gain.interval.high < 0
    start = (
        f'{gain.arm} harms "{gain.name}" most'
        if harmed
        else f'Smallest gain of {gain.arm}: "{gain.name}"'
    )
    span = (
        f" (95 % interval {points_range(gain.interval)})"
        if gain.interval
        else f" (from {gain.seeds} seed{'s' * (gain.seeds != 1)}; a claim needs {FEWEST_SEEDS})"
    )
    sentence = (
        f"{start}, {points(gain.mean)} points against {gain.against}{span}, of {classes} classes"
    )
    return SmallestGain(gain, harmed, sentence)
