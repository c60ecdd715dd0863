"""Costs: what each arm costs, and after how many epochs its copies break even."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

import numpy as np

from train.compare.arms import Arm
from train.compare.findings.grouped import GroupedResults
from train.compare.results import BreakEven, Cost, ExpansionCost, Payback
from train.statistics.intervals import Estimate, paired


def describe_costs(
    results: GroupedResults, expansions: Sequence[ExpansionCost]
) -> tuple[Cost, ...]:
    """Return what each arm costs: once, and in every epoch."""
    once = {cost.arm: cost for cost in expansions}
    costs = []
    for arm in results.study.arms:
        measured = (results.epoch_seconds(arm, epochs) for epochs in sorted(results.study.lengths))
        # the longest training that did not always diverge
        if timed := [seconds for seconds in measured if seconds]:
            seconds = median(timed[-1])
            costs.append(Cost(arm, once.get(arm.name), seconds, results.sources / seconds))
    return tuple(costs)


def break_even(
    results: GroupedResults, expansions: Sequence[ExpansionCost]
) -> tuple[BreakEven, ...]:
    """Return when the copies of each arm break even against views drawn on the fly."""
    fly = next((arm for arm in results.study.arms if arm.strategy == "fly"), None)
    if fly is None:
        return ()
    once = {cost.arm: cost for cost in expansions}
    stored = [arm for arm in results.study.arms if arm.name in once]
    return tuple(
        _break_even(results, epochs, (arm, fly), once[arm.name])
        for epochs in results.study.lengths
        for arm in stored
        if results.paired(arm, fly, epochs)
    )


def _break_even(
    results: GroupedResults, epochs: int, arms: tuple[Arm, Arm], cost: ExpansionCost
) -> BreakEven:
    """Return the break-even of one folder: F·(a+w) < R·K·(h·a − r), all in seconds per source.

    a: augmenting once; w: encoding, writing and reading once more; r: what a visit to a copy takes
    more than one to a source; h: the share of a that training cannot hide. h·a − r, what a visit
    to the folder saves, is measured directly.
    """
    arm, fly = arms
    count = results.sources
    both = results.paired(fly, arm, epochs)
    flown, read = ([each.epoch_seconds for each in side] for side in zip(*both, strict=True))
    saved = paired([(a - b) / count for a, b in zip(flown, read, strict=True)])
    trials = [trial for trial, _ in both]
    a = median(trial.seconds.augment / trial.images for trial in trials)
    plain = next((each for each in results.study.arms if each.strategy == "none"), None)
    untouched = results.epoch_seconds(plain, epochs) if plain else []
    bare = median(untouched) / count if untouched else None
    spent = (cost.expansion_seconds + cost.read_seconds) / count
    payback = _payback(saved)
    needed = spent / saved.mean if payback == "pays" else None
    per_trial = trials[0].epochs_trained
    took = f"{fmean(read):.3g} s against {fmean(flown):.3g} s"
    return BreakEven(
        arm=arm,
        epochs=epochs,
        a=a,
        w=spent / (arm.factor or 1) - a,
        r=None if bare is None else median(read) / count - bare,
        h=None if bare is None or not a else (median(flown) / count - bare) / a,
        payback=payback,
        epochs_needed=needed,
        trials_needed=None if needed is None else needed / per_trial,
        sentence=_explain(payback, saved, needed, per_trial, took),
    )


def _payback(saved: Estimate) -> Payback:
    if saved.interval is None:
        return "unknown"
    return "pays" if saved.interval.low > 0 else "never"


def _explain(
    payback: Payback, saved: Estimate, needed: float | None, per_trial: int, took: str
) -> str:
    if payback == "unknown":
        return f"unknown: one seed is not enough to tell which epoch is faster ({took})"
    if needed is not None:
        trials = f"{needed / per_trial:,.1f} trials of {per_trial}"
        return (
            f"breaks even after {format_epochs(needed)} ({trials}): "
            f"an epoch takes {took} on the fly"
        )
    why = "takes no less time" if saved.mean <= 0 else "is not significantly faster"
    return f"never breaks even: an epoch over the copies {why} than one on the fly ({took})"


def format_epochs(needed: float) -> str:
    """Format a number of epochs, rounded up: "1 epoch", "76 epochs"."""
    count = int(np.ceil(needed))
    return f"{count:,} epoch{'s' * (count != 1)}"
