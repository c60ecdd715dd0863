"""Diverged trials: which they are, and what their absence means for a pair of arms."""

from __future__ import annotations

from collections.abc import Sequence

from train.compare.arms import Arm
from train.compare.findings.grouped import GroupedResults
from train.report.formatting import listing
from train.trials.results import DivergedTrial


def left_out(results: GroupedResults, epochs: int, one: Arm, other: Arm) -> str:
    """Say on how many seeds a pair is compared, and why not on all; "" if on all.

    A seed counts only if it has both trials.
    """
    lost = [arm for arm in (one, other) if results.lost(arm, epochs)]
    if not lost:
        return ""
    seeds, left = results.replicates, len(results.paired(one, other, epochs))
    names = listing(_name(arm, results.lost(arm, epochs), seeds) for arm in lost)
    if not left:
        return f"{one.name} against {other.name}: no verdict: {names}"
    return f"on {left} of {seeds} seeds: {names}"


def _name(arm: Arm, lost: Sequence[DivergedTrial], seeds: int) -> str:
    """Say which trials of an arm diverged: "fly diverged with seeds 1 and 3"."""
    if len(lost) == seeds:
        return f"all {seeds} trials of {arm.name} diverged"
    numbers = [str(trial.replicate) for trial in lost]
    return f"{arm.name} diverged with seed{'s' * (len(numbers) > 1)} {listing(numbers)}"


def list_diverged(results: GroupedResults) -> tuple[str, ...]:
    """Name every trial that diverged, arm by arm."""
    return tuple(
        _list_arm(arm, epochs, lost, results.replicates)
        for epochs in results.study.lengths
        for arm in results.study.arms
        if (lost := results.lost(arm, epochs))
    )


def _list_arm(arm: Arm, epochs: int, lost: Sequence[DivergedTrial], seeds: int) -> str:
    each = "; ".join(f"seed {trial.replicate}: {trial.divergence.sentence}" for trial in lost)
    return f"{arm.name}, {epochs:,} epochs: {len(lost)} of {seeds} trials diverged ({each})"
