"""Sentences: the effects, flags, headline and limits of an ablation in words."""

from __future__ import annotations

from collections.abc import Sequence

from train.ablate.design import NONE, TRIVIAL
from train.ablate.results import (
    CheckSummary,
    Effect,
    Flag,
    Suggestion,
    TechniqueEffect,
)
from train.report.formatting import SPACE, decimal, percent, points, points_range
from train.report.headlines import format_together

SHOWN = 3
"""Classes that a sentence names; the others are counted."""


def format_technique(technique: TechniqueEffect) -> str:
    """Say whether a technique helps, by how much, and which classes it harms."""
    interval = technique.verdict.interval
    span = f" (95 % interval {points_range(interval)})" if interval else ""
    text = f"{technique.name} {technique.effect}: {points(technique.mean)} points{span}"
    if " of " in technique.seeds:
        text += f", on {technique.seeds} seeds because runs diverged"
    if not technique.harmed:
        return text
    harmed = [f'"{each.name}" {points(each.mean)}' for each in technique.harmed]
    return f"{text}; harmed classes: {', '.join(harmed[:SHOWN])}{_more(harmed, ' and ')}"


def format_flags(flags: Sequence[Flag]) -> str:
    """Name the classes that are no longer recognised, and the class each is mistaken for."""
    texts = [f'"{flag.name}" {_fall(flag)}, taken for "{flag.taken_for}"' for flag in flags]
    return f"{'; '.join(texts[:SHOWN])}{_more(texts, '; and ')}"


def _fall(flag: Flag) -> str:
    return f"{100 * flag.before:.0f}{SPACE}→{SPACE}{percent(flag.after, 0)}"


def _more(texts: Sequence[str], joint: str) -> str:
    return f"{joint}{len(texts) - SHOWN} more" if len(texts) > SHOWN else ""


def headline(
    techniques: Sequence[TechniqueEffect], checked: CheckSummary | None, suggestion: Suggestion
) -> tuple[str, ...]:
    """Say in two lines which techniques help and harm, and how good the suggestion is."""
    return _effects(techniques), _suggested(checked, suggestion)


def _effects(techniques: Sequence[TechniqueEffect]) -> str:
    parts = [_with_effect("helps", techniques), _with_effect("harms", techniques)]
    parts += [_undecided([each for each in techniques if each.effect == "undecided"])]
    none = "no technique changes much" if techniques else "no verdict: runs of every seed diverged"
    text = "; ".join(filter(None, parts)) or none
    return f"{text[0].upper()}{text[1:]}."


def _undecided(techniques: Sequence[TechniqueEffect]) -> str:
    """Name techniques that may help or harm, and by how much at most."""
    ends = [abs(end) for each in techniques for end in each.verdict.interval or ()]
    most = f" (by at most {decimal(max(ends), 2)})" if ends else ""
    names = ", ".join(each.name for each in techniques)
    return f"undecided{most}: {names}" if names else ""


def _with_effect(effect: Effect, techniques: Sequence[TechniqueEffect]) -> str:
    own = sorted(
        (each for each in techniques if each.effect == effect), key=lambda each: -abs(each.mean)
    )
    names = ", ".join(f"{each.name} ({points(each.mean)})" for each in own)
    return f"{effect}: {names}" if own else ""


def _suggested(checked: CheckSummary | None, suggestion: Suggestion) -> str:
    names = ", ".join(suggestion.techniques)
    if not names:
        return "No technique is suggested: none was shown to help."
    if checked is None:
        return (
            f"Suggested: {names}. Each technique was tried alone; "
            "their combination was not measured."
        )
    dropped = checked.better_without
    shown = (NONE, TRIVIAL, dropped.against if dropped else None)
    verdicts = [pair.verdict for pair in checked.chosen_pairs if pair.against in shown]
    found = f" On test images not used for the choice, {format_together(verdicts)}."
    doubt = f"; {checked.doubt}" if checked.doubt else ""
    return f"Suggested: {names}{doubt}.{found if verdicts else ''}"


def not_tested(design: str, epochs: int, model: str) -> tuple[str, ...]:
    """List what this ablation does not tell."""
    interactions = (
        "each was tried alone"
        if design == "single"
        else "in a design of 12 runs main effects are partly confounded with interactions"
    )
    return (
        f"how techniques interact: {interactions}",
        "other ranges than in the recipe: a technique that harms may help with a smaller range",
        f"training for other than {epochs} epochs, and models other than {model}",
        "techniques that the recipe does not contain",
        "test images from other sources than the test folder",
    )
