"""Tables of an ablation: its numbers in rows, the same for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from train.ablate.design import NONE
from train.ablate.findings.sentences import format_flags
from train.ablate.results import AblationResult, CheckSummary, ScreenRow, TechniqueEffect
from train.report.classes import ClassDifference
from train.report.formatting import (
    NOTHING,
    arm_name,
    count,
    decimal,
    number,
    percent,
    points,
    points_range,
    probability,
)
from train.report.tables import ALIKE_COLUMN, HERE_COLUMN, Table, pairs_of
from train.statistics.intervals import Interval

EFFECT_COLUMNS = (
    "technique",
    "verdict",
    "effect, points",
    ALIKE_COLUMN,
    HERE_COLUMN,
    "p, adjusted",
    "µs per image",
    "seeds still needed",
)
SCREEN_COLUMNS = ("technique", "strength", "accuracy", "change, points", "flagged classes")


def ordered(techniques: Sequence[TechniqueEffect]) -> list[TechniqueEffect]:
    """Sort the techniques by their effect, the largest gain first."""
    return sorted(techniques, key=lambda each: -each.mean)


def effects(techniques: Sequence[TechniqueEffect]) -> Table:
    """Tabulate the effect of each technique."""
    shown = ordered(techniques)
    caption = "The effect of each technique on the test accuracy, and its time"
    marks = tuple(each.verdict.verdict for each in shown)
    return Table(caption, EFFECT_COLUMNS, tuple(map(_effect, shown)), (0, 1), marks)


def _effect(technique: TechniqueEffect) -> tuple[str, ...]:
    verdict = technique.verdict
    return (
        arm_name(technique.name),
        technique.effect,
        points(verdict.mean),
        points_range(verdict.interval),
        points_range(verdict.interval_here),
        probability(verdict.p if verdict.interval else None),
        number(1e6 * technique.seconds),
        _more_seeds(technique),
    )


def _more_seeds(technique: TechniqueEffect) -> str:
    """Estimate the seeds that would decide; nothing if the technique is decided."""
    verdict = technique.verdict
    if verdict.verdict != "undecided":
        return NOTHING
    if verdict.more_seeds is not None:
        return f"about {count(verdict.more_seeds)}"
    needed = verdict.images_needed
    return f"none; {count(needed)} test images" if needed else "more than 1,000"


def every_effect(techniques: Sequence[TechniqueEffect]) -> Table:
    """Tabulate the effect of each technique for each seed, with the deviation and the t test."""
    shown = ordered(techniques)
    seeds = max((len(each.effects) for each in shown), default=0)
    rows = (
        (
            arm_name(each.name),
            *map(points, each.effects),
            decimal(each.verdict.sd, 2),
            probability(each.verdict.p_t if each.verdict.n > 1 else None),
        )
        for each in shown
    )
    columns = ("technique", *(f"seed {seed}" for seed in range(seeds)), "SD", "p, paired t")
    return Table("The effect for each seed, in points", columns, tuple(rows))


def class_differences(result: AblationResult) -> list[ClassDifference]:
    """List the effect of each technique on each class, the most harmed classes first."""
    against = NONE.name if result.single else "the runs without it"
    differences = [
        ClassDifference(each.name, technique.name, against, each.mean, each.interval)
        for technique in ordered(result.techniques)
        for each in technique.classes
    ]
    lowest: dict[str, float] = {}
    for each in differences:
        lowest[each.name] = min(each.mean, lowest.get(each.name, each.mean))
    return sorted(differences, key=lambda each: (lowest[each.name], each.name))


def screens(result: AblationResult) -> dict[str, list[ScreenRow]]:
    """Group the screen by technique, in the order of `ordered`."""
    tried = {
        name: list(rows) for name, rows in groupby(result.screen, key=lambda row: row.technique)
    }
    names = [each.name for each in ordered(result.techniques)]
    return {name: tried[name] for name in names if name in tried}


def screen(result: AblationResult) -> Table:
    """Tabulate the accuracy at each strength, and the flagged classes."""
    rows = tuple(_strength(row) for tried in screens(result).values() for row in tried)
    caption = "A model trained without augmentation, on changed test images"
    return Table(caption, SCREEN_COLUMNS, rows, (0, 1, 4))


def _strength(row: ScreenRow) -> tuple[str, ...]:
    return (
        arm_name(row.technique),
        arm_name(row.strength),
        percent(row.accuracy),
        points(100 * (row.accuracy - row.plain), 1),
        format_flags(row.flags) or "none",
    )


def accuracies(check: CheckSummary) -> Table:
    """Tabulate the accuracies of the check."""
    rows = (
        (
            arm_name(each.arm.name),
            percent(each.estimate.mean / 100, 2),
            _percent_range(each.estimate.interval),
            decimal(each.estimate.sd, 2),
            count(each.estimate.n),
        )
        for each in check.accuracies
    )
    columns = ("trained with", "test accuracy", "95 % interval", "SD, points", "seeds")
    return Table("Accuracy on the other half of the test images", columns, tuple(rows))


def _percent_range(interval: Interval | None) -> str:
    return f"{interval[0]:.2f} … {percent(interval[1] / 100, 2)}" if interval else NOTHING


def pairs(check: CheckSummary) -> Table:
    """Tabulate the verdicts of the check."""
    caption = "Differences on the other half of the test images, paired by seed"
    return pairs_of([pair.verdict for pair in check.pairs], caption)


def design(result: AblationResult) -> Table:
    """Tabulate which technique is on in which run."""
    names = list(map(arm_name, result.names or [each.name for each in result.techniques]))
    rows = (
        (f"run {number}", *("on" if i in arm.on else NOTHING for i in range(len(names))))
        for number, arm in enumerate(result.runs, start=1)
    )
    return Table("Which technique is on in which run", ("run", *names), tuple(rows))


def has_equal_runs(result: AblationResult) -> bool:
    """Tell whether some runs of the design have the same techniques on."""
    return len({arm.on for arm in result.runs}) < len(result.runs)
