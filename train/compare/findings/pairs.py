"""Pairs: which arms are compared with which, and the verdict on each pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from train.compare.arms import Arm
from train.compare.findings.grouped import GroupedResults
from train.compare.results import PairVerdict
from train.statistics.verdicts import Pair, judge


def compare_pairs(results: GroupedResults, margin: float) -> tuple[PairVerdict, ...]:
    """Judge all pairs of arms; those after the same number of epochs are one family."""
    verdicts: list[PairVerdict] = []
    for epochs in results.study.lengths:
        arms = pairs_of(results.study.arms)
        family = judge([_pair(results, epochs, *pair) for pair in arms], margin)
        verdicts += [
            PairVerdict(epochs, one, other, verdict)
            for (one, other), verdict in zip(arms, family, strict=True)
        ]
    return tuple(verdicts)


def pairs_of(arms: Sequence[Arm]) -> list[tuple[Arm, Arm]]:
    """Choose the pairs of arms.

    All arms are paired with none, those with copies also with fly, other copies with stratified
    ones of the same number, and F stratified copies with 2F random ones; an arm without a
    counterpart is paired with the first.
    """
    pairs = list(_counterparts(arms))
    for one, other in [*((arm, arms[0]) for arm in arms[1:]), (arms[0], arms[1])]:
        if not any(one in pair for pair in pairs):
            pairs.append((one, other))
    return pairs


def _counterparts(arms: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
    known = {arm: arm for arm in arms}
    for one in arms:
        for base in (Arm("none"), Arm("fly")):
            if base in known and one not in (base, Arm("none")):
                yield one, base
    for one in arms:
        stratified = Arm("disk", one.factor)
        if one.strategy in ("disk-random", "hybrid") and stratified in known:
            yield stratified, one
        random = Arm("disk-random", 2 * (one.factor or 0))
        if one.strategy == "disk" and random in known:
            yield one, random


def _pair(results: GroupedResults, epochs: int, one: Arm, other: Arm) -> Pair:
    ours, theirs = results.trials(one, epochs), results.trials(other, epochs)
    differences = [100 * (a.accuracy - b.accuracy) for a, b in zip(ours, theirs, strict=True)]
    return Pair(
        one.name,
        other.name,
        differences,
        same_weights=[trial.weights for trial in ours] == [trial.weights for trial in theirs],
        images=results.right(one, epochs) - results.right(other, epochs),
    )
