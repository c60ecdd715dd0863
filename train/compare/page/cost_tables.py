"""Tables of what the arms are, what they cost, and when copies break even."""

from __future__ import annotations

import math
from collections.abc import Sequence

from expand.cli.formatting import format_bytes
from expand.job.balance import Balance
from train.compare.arms import Arm
from train.compare.results import Comparison, Cost
from train.report.formatting import NOTHING, arm_name, count, decimal, number, seconds
from train.report.tables import Table

COST_COLUMNS = (
    *("arm", "files", "size", "on disk", "expansion", "expansion, CPU", "decoding", "one epoch"),
    *("images/s", "measured how"),
)


def arms(comparison: Comparison) -> Table:
    """Tabulate what each arm is."""
    return describe_arms(comparison.arms, comparison.setup.balance)


def describe_arms(arms: Sequence[Arm], balance: Balance) -> Table:
    """Tabulate what each arm is; `balance` is that of disk-balanced arms."""
    rows = (
        (
            arm_name(arm.name),
            NOTHING if arm.factor is None else f"×{number(arm.factor)}",
            arm.describe(balance),
        )
        for arm in arms
    )
    return Table("The arms", ("arm", "F", "what an epoch shows"), tuple(rows), (0, 2))


def seeds(comparison: Comparison) -> Table:
    """Tabulate the seeds of every replicate, with all digits, so that they can be typed."""
    columns = tuple(dict.fromkeys(key for each in comparison.seeds for key in each))
    rows = (tuple(str(each.get(key, NOTHING)) for key in columns) for each in comparison.seeds)
    return Table("Seeds of every replicate, the same in every arm", columns, tuple(rows))


def costs(comparison: Comparison) -> Table:
    """Tabulate what each arm costs beside training."""
    rows = tuple(map(_cost, comparison.costs))
    return Table("What each arm costs", COST_COLUMNS, rows, (0, 9))


def _cost(cost: Cost) -> tuple[str, ...]:
    once = cost.expansion
    return (
        arm_name(cost.arm.name),
        count(once.files if once else 0),
        _bytes(once.bytes if once else 0),
        _bytes(once.allocated if once else 0),
        seconds(once.expansion_seconds if once else 0.0),
        seconds(once.expansion_cpu_seconds if once else 0.0),
        seconds(once.read_seconds if once else None),
        seconds(cost.epoch_seconds),
        count(cost.images_per_second),
        once.how if once else "nothing is stored",
    )


def _bytes(size: float) -> str:
    return format_bytes(size).replace(" ", "\u00a0")


UNMEASURABLE = "not measurable here"
"""What the table has in place of a share or a time that no machine can have."""


def _known(value: float | None, text: str, most: float) -> str:
    return UNMEASURABLE if value is not None and not 0 <= value <= most else text


def has_unmeasurable(comparison: Comparison) -> bool:
    """Tell whether the table of the break-even has a value that could not be measured."""
    return any(UNMEASURABLE in row for row in break_even(comparison).rows)


def break_even(comparison: Comparison) -> Table:
    """Tabulate the numbers of the break-even, in seconds per source."""
    rows = (
        (
            arm_name(each.arm.name),
            count(each.epochs),
            seconds(each.a),
            *(_known(part, seconds(part), math.inf) for part in (each.w, each.r)),
            _known(each.h, number(each.h), 1.0),
            decimal(each.epochs_needed, 1),
            decimal(each.trials_needed, 2),
        )
        for each in comparison.break_even
    )
    columns = ("arm", "K", "a", "w", "r", "h", "R·K epochs", "R trials")
    caption = "When copies break even: after R·K epochs, in R trials (a, w and r per source)"
    return Table(caption, columns, tuple(rows))
