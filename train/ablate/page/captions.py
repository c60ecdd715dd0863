"""Captions: what the plots and tables of effects and of the check show, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from train.ablate.page.tables import ordered
from train.ablate.results import (
    AblationResult,
    CheckSummary,
    ClassEffect,
    TechniqueEffect,
)
from train.report.formatting import (
    SPACE,
    arm_name,
    count,
    percent,
    points,
    points_range,
    seconds,
)
from train.report.tables import name_of
from train.statistics.power import FEWEST_SEEDS

Labelled = tuple[str, str]
"""What a sentence is about, and the sentence."""


def overview(result: AblationResult) -> str:
    """Say which recipe was ablated, by which runs, and how they were trained."""
    setup = result.setup
    others = (
        "one with each of them alone" if result.single else "the others with about half of them on"
    )
    return (
        f'The recipe "{setup.recipe}" has {len(result.names or result.techniques)} techniques. '
        f"They were tried in {len(result.runs)} runs: one with no technique and {others}. "
        f"Model {setup.model}, {count(setup.epochs)} epochs, {_seeds(result)} per run, "
        f"on {setup.data} ({count(setup.sources)} sources, {count(setup.classes)} classes)."
    )


def _seeds(result: AblationResult) -> str:
    return "1 seed" if result.seeds == 1 else f"{result.seeds:,} seeds"


def measure(result: AblationResult) -> str:
    """Define the effect of a technique, and say on which images it was measured."""
    images = f"the {count(result.setup.test_images)} test images"
    if result.single:
        return (
            "The effect of a technique is the test accuracy of the run with it alone minus that of "
            f"the run without any, in percentage points, on {images}."
        )
    return (
        "The effect of a technique is the mean test accuracy of the runs with it minus that of the "
        "runs without it, in percentage points, averaged over the other techniques. It is measured "
        f"on one half of {images}; the other half is kept for the check."
    )


def few_seeds(result: AblationResult) -> str | None:
    """Say that there are too few seeds for a verdict; None if there are enough."""
    if not 0 < result.seeds < FEWEST_SEEDS:
        return None
    return (
        f"With {_seeds(result)} every technique has no interval and stays undecided, however large "
        f"its effect. A verdict needs {FEWEST_SEEDS} seeds: with fewer the exact sign-flip test "
        "cannot reach 5 %."
    )


def effects(techniques: Sequence[TechniqueEffect]) -> str:
    """List all effects, the largest gain first."""
    texts = [
        f"{arm_name(each.name)} {points(each.mean)} ({each.effect})" for each in ordered(techniques)
    ]
    return f"Effects in points: {', '.join(texts)}."


def times(techniques: Sequence[TechniqueEffect]) -> str:
    """Name the fastest and the slowest technique."""
    if not techniques:
        return ""
    timed = sorted(techniques, key=lambda each: (each.seconds, arm_name(each.name)))
    fast, slow = (
        f"{seconds(each.seconds)} ({arm_name(each.name)})" for each in (timed[0], timed[-1])
    )
    return f"Time per image, each technique alone: from {fast} to {slow}."


def classes(techniques: Sequence[TechniqueEffect]) -> list[Labelled]:
    """Name the class that each technique harms most, and the one it helps most."""
    return [
        (arm_name(each.name), _extremes(each.classes))
        for each in ordered(techniques)
        if each.classes
    ]


def _extremes(classes: Sequence[ClassEffect]) -> str:
    lowest = min(classes, key=lambda each: each.mean)
    highest = max(classes, key=lambda each: each.mean)
    harm = f"largest loss: {_class(lowest)}" if lowest.mean < 0 else "no class loses"
    gain = f"largest gain: {_class(highest)}" if highest.mean > 0 else "no class gains"
    return f"{gain}; {harm}"


def _class(effect: ClassEffect) -> str:
    span = f" ({points_range(effect.interval, 1)})" if effect.interval else ""
    return f'"{effect.name}" ' + f"{points(effect.mean, 1)}{span}".replace(" ", SPACE)


def accuracies(check: CheckSummary) -> str:
    """List the accuracies of the check."""
    texts = [
        f"{arm_name(each.arm.name)} {percent(each.estimate.mean / 100, 2)}"
        for each in check.accuracies
    ]
    return f"Accuracy on the other half: {', '.join(texts)}."


def differences(check: CheckSummary) -> str:
    """List the verdicts of the check."""
    texts = [
        f"{name_of(pair.verdict)} {points(pair.verdict.mean)} ({pair.verdict.verdict})"
        for pair in check.pairs
    ]
    return f"Differences in points: {', '.join(texts)}."
