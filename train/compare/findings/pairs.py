"""Pairs: which arms are compared with which, and the verdict on each pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from train.compare.arms import Arm
from train.compare.findings.diverged import left_out
from train.compare.findings.grouped import GroupedResults
from train.compare.results import MissingVerdict, PairVerdict
from train.statistics.looks import Looks
from train.statistics.verdicts import Pair, judge


def compare_pairs(
    results: GroupedResults, margin: float, looks: Looks | None = None
) -> tuple[PairVerdict, ...]:
    """Judge all pairs of arms; those after the same number of epochs are one family.

    A pair of which no seed has both trials, because one diverged, is not judged.
    """
    verdicts: list[PairVerdict] = []
    for epochs in results.study.lengths:
        every = pairs_of(results.study.arms)
        arms = [(one, other) for one, other in every if results.paired(one, other, epochs)]
        family = judge([_pair(results, epochs, *pair) for pair in arms], margin, looks)
        verdicts += [
            _noted(results, PairVerdict(epochs, one, other, verdict))
            for (one, other), verdict in zip(arms, family, strict=True)
        ]
    return tuple(verdicts)


def without_verdict(results: GroupedResults) -> tuple[MissingVerdict, ...]:
    """List the pairs that cannot be judged, because no seed has both trials."""
    return tuple(
        MissingVerdict(epochs, one, other, left_out(results, epochs, one, other))
        for epochs in results.study.lengths
        for one, other in pairs_of(results.study.arms)
        if not results.paired(one, other, epochs)
    )


def _noted(results: GroupedResults, pair: PairVerdict) -> PairVerdict:
    """Add to a verdict on how many seeds it rests, if some of them diverged."""
    note = left_out(results, pair.epochs, pair.arm, pair.against)
    if not note:
        return pair
    verdict = replace(pair.verdict, sentence=f"{pair.verdict.sentence}; {note}")
    return replace(pair, verdict=verdict, left_out=note)


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
        if (
            one.strategy in ("disk-random", "disk-all", "disk-balanced", "hybrid")
            and stratified in known
        ):
            yield stratified, one
        random = Arm("disk-random", 2 * (one.factor or 0))
        if one.strategy == "disk" and random in known:
            yield one, random


def _pair(results: GroupedResults, epochs: int, one: Arm, other: Arm) -> Pair:
    ours, theirs = zip(*results.paired(one, other, epochs), strict=True)
    differences = [100 * (a.accuracy - b.accuracy) for a, b in zip(ours, theirs, strict=True)]
    return Pair(
        one.name,
        other.name,
        differences,
        same_weights=[trial.weights for trial in ours] == [trial.weights for trial in theirs],
        images=results.right(ours) - results.right(theirs),
        replicates=[trial.replicate for trial in ours],
        shared=results.shared(ours),
    )
