"""Effects: planted effects are estimated, overall and class by class."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.ablate.ablations import CLASSES, ablation_for, result_for
from tests.train.ablate.findings.planted import (
    FLIP,
    NOISE,
    PLANTED,
    ROTATE,
    SECONDS,
    estimated,
)
from train.ablate.findings.effects import estimate_effects
from train.ablate.findings.outcomes import Outcomes
from train.ablate.findings.sentences import format_technique
from train.ablate.results import TechniqueEffect


@pytest.fixture(scope="module")
def techniques() -> tuple[TechniqueEffect, ...]:
    """Return estimates of the planted effects, with little noise."""
    return estimated(ablation_for(), PLANTED)


def test_planted_effects_are_estimated(techniques: tuple[TechniqueEffect, ...]) -> None:
    exact = estimated(ablation_for(), PLANTED, spread=0)
    assert [each.mean for each in exact] == pytest.approx([5.0, -3.0, 0.0, 1.0, -4.0])
    assert [{one.name: one.mean for one in each.classes} for each in exact] == [
        pytest.approx(dict(zip(CLASSES, points, strict=True))) for points in PLANTED.values()
    ]
    means = [each.mean for each in techniques]
    assert means == pytest.approx([5.0, -3.0, 0.0, 1.0, -4.0], abs=0.3)
    assert [each.effect for each in techniques] == [
        "helps", "harms", "undecided", "undecided", "harms",
    ]  # fmt: skip
    # the same few images always gain by the fourth: other images may not
    assert techniques[3].verdict.verdict_here == "better"
    assert [each.seconds for each in techniques] == SECONDS
    assert all(len(each.effects) == 6 for each in techniques)
    assert [np.mean(each.effects) for each in techniques] == pytest.approx(means)


def test_a_harmed_class_is_named_though_others_gain(
    techniques: tuple[TechniqueEffect, ...],
) -> None:
    rotate = techniques[ROTATE]
    assert [one.name for one in rotate.classes] == ["dog", "cat"]
    assert [one.name for one in rotate.harmed] == ["dog"]
    assert rotate.verdict.interval is not None
    low, high = rotate.verdict.interval
    worst = rotate.harmed[0].mean
    assert format_technique(rotate).replace("−", "-") == (
        f"rotate ±15° harms: {rotate.mean:.2f} points (95 % interval {low:.2f} … {high:.2f}); "
        f'harmed classes: "dog" {worst:.2f}'
    )
    assert techniques[FLIP].harmed == ()
    assert format_technique(techniques[FLIP]).startswith("flip horizontal helps: +")
    assert "harmed" not in format_technique(techniques[FLIP])


def test_a_technique_with_almost_no_effect_changes_little() -> None:
    techniques = estimated(ablation_for(), {FLIP: (5, 5)}, spread=0, margin=2.0)
    assert [each.effect for each in techniques] == ["helps"] + ["changes little"] * 4
    # 400 test images cannot show that other images differ by less than a quarter point
    techniques = estimated(ablation_for(), {FLIP: (5, 5)}, spread=0)
    assert [each.effect for each in techniques] == ["helps"] + ["undecided"] * 4


def test_with_one_seed_everything_is_undecided_and_no_class_is_harmed() -> None:
    techniques = estimated(ablation_for(), PLANTED, seeds=1)
    assert [each.effect for each in techniques] == ["undecided"] * 5
    assert [each.verdict.interval for each in techniques] == [None] * 5
    assert all(each.harmed == () for each in techniques)
    assert not any("interval" in format_technique(each) for each in techniques)


def test_many_harmed_classes_are_counted() -> None:
    names = tuple("abcdef")
    labels, ablation = np.repeat(np.arange(6), 30), ablation_for(design="single")
    results = []
    for arm in ablation.design_arms:
        for seed in range(6):
            right = np.ones(180, bool)
            if arm.on == (NOISE,):
                for number in range(5):
                    right[30 * number : 30 * number + 27 - 3 * number] = False
            results.append(result_for(arm.name, seed, right))
    outcomes = Outcomes(results, labels, names, np.ones(180, bool))
    noise = estimate_effects(ablation, outcomes, SECONDS, 0.25)[NOISE]
    assert format_technique(noise).endswith(
        '; harmed classes: "a" −90.00, "b" −80.00, "c" −70.00 and 2 more'
    )
