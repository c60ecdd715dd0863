"""Sentences of findings at the largest number of epochs, each with its arm."""

from __future__ import annotations

from train.compare.results import Comparison


def break_even(comparison: Comparison) -> list[str]:
    """Say when the copies of each arm break even."""
    last = max((each.epochs for each in comparison.break_even), default=0)
    return [
        f"{each.arm.name}: {each.sentence}" for each in comparison.break_even if each.epochs == last
    ]


def smallest_gains(comparison: Comparison) -> list[str]:
    """Say in which class each arm gains least."""
    longest = comparison.longest
    return [each.sentence for each in comparison.smallest_gains if each.gain.epochs == longest]
