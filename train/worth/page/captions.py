"""Captions: what the plots of a study of worth show, in sentences."""

from __future__ import annotations

from train.report.formatting import arm_name, count, listing, percent
from train.worth.results import Worth
from train.worth.sentences import quantity
from train.worth.study import NONE


def studied(worth: Worth) -> str:
    """Say in one sentence what was trained."""
    setup = worth.setup
    sizes = listing(f"{size:,.0f}" for size in setup.sizes)
    names = listing(arm_name(arm.name) for arm in worth.arms)
    whole = f" of {count(setup.total)}" if setup.total > setup.sources else ""
    data = f"{sizes} sources{whole} of {setup.data} ({count(setup.classes)} classes)"
    seeds = f"{setup.replicates:,} seed{'s' * (setup.replicates != 1)}"
    tested = f"tested on {count(setup.test_images)} images"
    return f"Trained: {names}, on {data}, with {seeds} each and equal optimizer steps; {tested}."


def curves(worth: Worth) -> str:
    """Say how accurate each arm is with the fewest and with the most sources."""
    parts = []
    for arm in worth.arms:
        if cells := worth.curve(arm):
            first, last = cells[0], cells[-1]
            parts.append(f"{arm_name(arm.name)} from {percent(first.mean)} to {percent(last.mean)}")
    low, high = (f"{end:,.0f}" for end in worth.span)
    return f"Test accuracy from {low} to {high} sources: {', '.join(parts)}."


def rates(worth: Worth) -> str:
    """Say what each arm is worth at each size."""
    parts = []
    for arm in worth.others:
        some = (
            f"{quantity(rate.worth, worth.span)} with {rate.sources:,.0f}"
            for rate in worth.rates_of(arm)
        )
        parts.append(f"{arm_name(arm.name)} {', '.join(some)}")
    return f"Sources without augmentation that do the same: {'; '.join(parts)}."


def has_curve(worth: Worth) -> bool:
    """Return whether there is a curve to read from."""
    return len(worth.curve(NONE)) > 1
