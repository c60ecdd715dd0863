"""The check: what is chosen, what it is compared with, and what is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.train.ablate.ablations import ablation_for, outcomes_of, results_for
from tests.train.ablate.findings.planted import (
    FLIP,
    NOISE,
    PLANTED,
    ROTATE,
    SCALE,
    TRANSLATE,
    estimated,
)
from train.ablate.design import TRIVIAL
from train.ablate.findings.check import check, choose, keep
from train.ablate.findings.sentences import headline
from train.ablate.results import CheckSummary, Suggestion, TechniqueEffect

NAMES = ["none", "TrivialAugment", "chosen", "without flip horizontal", "without scale × 0.9 … 1.1"]


def with_mean(technique: TechniqueEffect, mean: float) -> TechniqueEffect:
    return replace(technique, verdict=replace(technique.verdict, mean=mean))


def test_techniques_with_a_gain_are_chosen_and_of_single_ones_those_that_help() -> None:
    techniques = estimated(ablation_for(), PLANTED)
    gained = [
        with_mean(each, 0.1) if each.name.startswith("translate") else each for each in techniques
    ]
    assert choose(ablation_for(), gained) == (FLIP, TRANSLATE, SCALE)
    assert choose(ablation_for(design="single"), gained) == (FLIP,)
    # a technique that harms is not chosen, whatever its mean
    gains = [with_mean(each, 1.0) for each in techniques]
    assert choose(ablation_for(), gains) == (FLIP, TRANSLATE, SCALE)
    assert choose(ablation_for(), [with_mean(each, -1.0) for each in techniques]) == ()


def checked_with(
    chosen: tuple[int, ...], points: dict[int, tuple[float, float]] = PLANTED
) -> CheckSummary:
    arms = ablation_for().final_arms(chosen)
    results = results_for([arm for arm in arms if arm != TRIVIAL], points)
    results += results_for([TRIVIAL], {}, spread=3)
    return check(arms, outcomes_of(results), 0.25)


def suggested_line(checked: CheckSummary) -> str:
    return headline([], checked, Suggestion(("flip horizontal",), "yaml"))[1]


def test_the_check_compares_the_chosen_with_the_baselines_and_all_but_one() -> None:
    checked = checked_with((FLIP, SCALE))
    assert [each.arm.name for each in checked.accuracies] == NAMES
    means = [each.estimate.mean for each in checked.accuracies]
    assert means == pytest.approx([60, 60, 66, 61, 65], abs=0.5)
    assert [(pair.arm.name, pair.against.name) for pair in checked.pairs] == [
        ("chosen", "none"), ("chosen", "TrivialAugment"), ("chosen", "without flip horizontal"),
        ("chosen", "without scale × 0.9 … 1.1"), ("TrivialAugment", "none"),
    ]  # fmt: skip
    for pair in checked.pairs:
        assert (pair.arm.name, pair.against.name) == (pair.verdict.arm, pair.verdict.against)
    verdicts = [pair.verdict.verdict for pair in checked.pairs]
    assert verdicts == ["better", "better", "better", "undecided", "undecided"]
    # the same few images are right with it: other images may not gain
    assert checked.pairs[3].verdict.verdict_here == "better"
    assert checked.pairs[0].verdict.images == 400
    assert keep((FLIP, SCALE), checked) == (FLIP, SCALE)
    assert (checked.harms, checked.better_without) == (False, None)


def test_a_technique_that_the_others_are_better_without_is_dropped() -> None:
    checked = checked_with((FLIP, SCALE, NOISE))
    assert keep((FLIP, SCALE, NOISE), checked) == (FLIP, SCALE)
    assert "; without noise is better than chosen by " in suggested_line(checked)


def test_only_the_worst_is_dropped_so_that_the_suggestion_was_measured() -> None:
    points = {FLIP: (9.0, 9.0), SCALE: (2.0, 2.0), ROTATE: (-1.0, -1.0), NOISE: (-3.0, -3.0)}
    checked = checked_with((FLIP, SCALE, ROTATE, NOISE), points)
    assert keep((FLIP, SCALE, ROTATE, NOISE), checked) == (FLIP, SCALE, ROTATE)
    assert "without noise" in suggested_line(checked)
    assert "without rotate" not in suggested_line(checked)


def test_techniques_that_are_worse_than_none_are_not_suggested() -> None:
    checked = checked_with((ROTATE, NOISE))
    assert checked.harms
    assert keep((ROTATE, NOISE), checked) == ()


def test_if_nothing_was_chosen_only_the_baselines_are_compared() -> None:
    checked = checked_with(())
    pairs = [(pair.arm.name, pair.against.name) for pair in checked.pairs]
    assert pairs == [("TrivialAugment", "none")]
    assert (checked.chosen_pairs, checked.against_none) == ((), None)
    assert keep((), checked) == ()


def test_without_a_check_the_chosen_techniques_are_kept() -> None:
    assert keep((FLIP, NOISE), None) == (FLIP, NOISE)
