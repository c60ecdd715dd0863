"""Sentences: the headline, the flags and the limits of an ablation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.train.ablate.ablations import ablation_for
from tests.train.ablate.findings.planted import FLIP, PLANTED, ROTATE, SCALE, estimated
from tests.train.ablate.findings.test_check import checked_with
from train.ablate.findings.sentences import (
    format_flags,
    headline,
    not_tested,
)
from train.ablate.results import Flag, Suggestion, TechniqueEffect
from train.statistics.sentences import Name


@pytest.fixture(scope="module")
def techniques() -> tuple[TechniqueEffect, ...]:
    """Return estimates of the planted effects."""
    return estimated(ablation_for(), PLANTED)


INTERACTIONS = "in a design of 12 runs main effects are partly confounded with interactions"


def judged(technique: TechniqueEffect, name: Name) -> TechniqueEffect:
    return replace(technique, verdict=replace(technique.verdict, verdict=name))


def test_the_headline_names_what_helps_what_harms_and_the_suggestion(
    techniques: tuple[TechniqueEffect, ...],
) -> None:
    checked = checked_with((FLIP, SCALE))
    flip, rotate, _, scale, noise = (f"{each.mean:+.2f}".replace("-", "−") for each in techniques)
    undecided = [
        judged(each, "better") if number == SCALE else each
        for number, each in enumerate(techniques)
    ]
    suggestion = Suggestion(("flip horizontal", "scale × 0.9 … 1.1"), "yaml")
    interval = techniques[2].verdict.interval
    assert interval
    most = f"{max(map(abs, interval)):.2f}"
    first, second = headline(undecided, checked, suggestion)
    assert first == (
        f"Helps: flip horizontal ({flip}), scale × 0.9 … 1.1 ({scale}); "
        f"harms: noise ({noise}), rotate ±15° ({rotate}); undecided (by at most {most}): "
        "translate ±10 %."
    )
    assert second == (
        "Suggested: flip horizontal, scale × 0.9 … 1.1. On test images not used for the choice, "
        "chosen is better than none by 6.12 points (3.11 … 9.14) and TrivialAugment by 6.29 points "
        "(3.21 … 9.37)."
    )
    first, *others = checked.pairs
    unsure = replace(first, verdict=replace(first.verdict, verdict="undecided"))
    doubted = headline(undecided, replace(checked, pairs=(unsure, *others)), suggestion)[1]
    assert doubted.startswith(
        "Suggested: flip horizontal, scale × 0.9 … 1.1; not shown to be better than no "
        "augmentation. On test images"
    )


def test_a_headline_without_effects_or_suggestion(techniques: tuple[TechniqueEffect, ...]) -> None:
    little = [judged(each, "equivalent") for each in techniques]
    assert headline(little, None, Suggestion()) == (
        "No technique changes much.",
        "No technique is suggested: none was shown to help.",
    )
    harms = headline(techniques[ROTATE : ROTATE + 1], None, Suggestion())[0]
    assert harms.startswith("Harms: rotate ±15° (−")
    unsure = [judged(each, "undecided") for each in techniques[:2]]
    assert headline(unsure, None, Suggestion())[0].startswith("Undecided (by at most ")
    few = [replace(each, verdict=replace(each.verdict, interval=None)) for each in unsure]
    assert headline(few, None, Suggestion())[0] == "Undecided: flip horizontal, rotate ±15°."
    assert headline(techniques[:1], None, Suggestion(("flip horizontal",), "yaml"))[1] == (
        "Suggested: flip horizontal. Each technique was tried alone; "
        "their combination was not measured."
    )


def test_the_limits_of_an_ablation_are_listed() -> None:
    assert not_tested("plackett-burman", 7, "linear") == (
        f"how techniques interact: {INTERACTIONS}",
        "other ranges than in the recipe: a technique that harms may help with a smaller range",
        "training for other than 7 epochs, and models other than linear",
        "techniques that the recipe does not contain",
        "test images from other sources than the test folder",
    )
    single = not_tested("single", 7, "linear")
    assert single[0] == "how techniques interact: each was tried alone"


def test_of_many_flagged_classes_three_are_named() -> None:
    flag = Flag("Sneaker", 0.924, 0.007, "Bag")
    assert format_flags([]) == ""
    assert format_flags([flag]).replace("\u00a0", " ") == '"Sneaker" 92 → 1 %, taken for "Bag"'
    assert format_flags([flag] * 5).count("Sneaker") == 3
    assert format_flags([flag] * 5).endswith("; and 2 more")
