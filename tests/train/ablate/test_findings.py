"""Findings of an ablation: effects that were planted are found, chosen, checked, kept and said."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.train.ablate.ablations import (
    CLASSES,
    IMAGES,
    LABELS,
    ablation_for,
    outcomes_of,
    packed,
    rows_for,
)
from train.ablate.ablation import AblationStudy
from train.ablate.findings import (
    Outcomes,
    check,
    choose,
    describe_techniques,
    headline,
    keep,
    merge_screens,
    not_tested,
)

FLIP, ROTATE, TRANSLATE, SCALE, NOISE = range(5)
PLANTED = {
    FLIP: (5.0, 5.0),
    ROTATE: (4.0, -10.0),
    TRANSLATE: (0.0, 0.0),
    SCALE: (1.0, 1.0),
    NOISE: (-4.0, -4.0),
}
SECONDS = [1e-6, 2e-6, 3e-6, 4e-6, 5e-6]


def described(
    ablation: AblationStudy, points: dict[int, tuple[float, float]], **more: Any
) -> list[dict[str, Any]]:
    """Return what is found where techniques do these points to the classes."""
    return describe_techniques(
        ablation, outcomes_of(rows_for(ablation.design_arms, points, **more)), SECONDS, 0.25
    )


@pytest.fixture(scope="module")
def techniques() -> list[dict[str, Any]]:
    """Return what is found of the planted effects, with little noise."""
    return described(ablation_for(), PLANTED)


def test_planted_effects_are_found_as_they_are(techniques: list[dict[str, Any]]) -> None:
    exact = described(ablation_for(), PLANTED, spread=0)
    assert [row["mean"] for row in exact] == pytest.approx([5.0, -3.0, 0.0, 1.0, -4.0])
    assert [{one["class"]: one["mean"] for one in row["classes"]} for row in exact] == [
        pytest.approx(dict(zip(CLASSES, points, strict=True))) for points in PLANTED.values()
    ]
    assert [row["mean"] for row in techniques] == pytest.approx(
        [5.0, -3.0, 0.0, 1.0, -4.0], abs=0.3
    )
    assert [row["says"] for row in techniques] == [
        "helps",
        "harms",
        "changes little",
        "helps",
        "harms",
    ]
    assert [row["microseconds"] for row in techniques] == pytest.approx([1, 2, 3, 4, 5])
    assert all(
        len(row["effects"]) == 6 and np.mean(row["effects"]) == pytest.approx(row["mean"])
        for row in techniques
    )
    json.dumps(techniques)


def test_a_class_that_a_technique_harms_is_named_though_others_gain(
    techniques: list[dict[str, Any]],
) -> None:
    rotate = techniques[ROTATE]
    assert [one["class"] for one in rotate["classes"]] == ["dog", "cat"]
    assert [one["class"] for one in rotate["harmed"]] == ["dog"]
    low, high = rotate["interval"]
    worst = rotate["harmed"][0]["mean"]
    assert rotate["words"].replace("−", "-") == (
        f'rotate ±15° harms: {rotate["mean"]:.2f} points (95 % interval {low:.2f} … {high:.2f}); it costs "dog" {worst:.2f}'
    )
    assert techniques[FLIP]["harmed"] == []
    assert techniques[FLIP]["words"].startswith("flip horizontal helps: +")
    assert "costs" not in techniques[FLIP]["words"]


def test_a_technique_that_surely_does_next_to_nothing_changes_little() -> None:
    rows = describe_techniques(
        ablation_for(),
        outcomes_of(rows_for(ablation_for().design_arms, {FLIP: (5, 5)}, spread=0)),
        SECONDS,
        0.25,
    )
    assert [row["says"] for row in rows] == ["helps"] + ["changes little"] * 4


def test_one_seed_leaves_all_undecided_and_harms_no_class() -> None:
    rows = described(ablation_for(), PLANTED, seeds=1)
    assert [row["says"] for row in rows] == ["undecided"] * 5
    assert [row["interval"] for row in rows] == [None] * 5
    assert all(row["harmed"] == [] and "interval" not in row["words"] for row in rows)


def test_many_classes_that_are_harmed_are_counted() -> None:
    names = tuple("abcdef")
    labels, ablation = np.repeat(np.arange(6), 10), ablation_for(design="single")
    rows = []
    for arm in ablation.design_arms:
        for seed in range(3):
            right = np.ones(60, bool)
            if arm.on == (NOISE,):
                for number in range(5):
                    right[10 * number : 10 * number + 9 - number] = False
            rows.append({"arm": arm.name, "replicate": seed, "right": packed(right)})
    found = describe_techniques(
        ablation, Outcomes(rows, labels, names, np.ones(60, bool)), SECONDS, 0.25
    )
    assert found[NOISE]["words"].endswith(
        '; it costs "a" −90.00, "b" −80.00, "c" −70.00 and 2 more classes'
    )


def test_only_the_images_of_its_part_count() -> None:
    right = np.zeros(2 * IMAGES, bool)
    part = np.arange(2 * IMAGES) % 4 == 0
    right[part & (np.arange(2 * IMAGES) < 100)] = True
    outcomes = Outcomes(
        [{"arm": "none", "replicate": 3, "right": packed(right)}], LABELS, CLASSES, part
    )
    assert outcomes.seeds == [3]
    assert outcomes.accuracies("none").tolist() == [25.0]
    assert [outcomes.accuracies("none", number).tolist() for number in (0, 1)] == [[50.0], [0.0]]
    assert outcomes.right("none").tolist() == [[1] * 25 + [0] * 75]
    only_cats = Outcomes(
        [{"arm": "none", "replicate": 0, "right": packed(right)}], LABELS, CLASSES, LABELS == 0
    )
    assert (outcomes.shown_classes, only_cats.shown_classes) == ([0, 1], [0])


def test_what_gained_goes_on_and_of_single_techniques_what_surely_helped(
    techniques: list[dict[str, Any]],
) -> None:
    gained = [
        {**row, "mean": 0.1} if row["technique"].startswith("translate") else row
        for row in techniques
    ]
    assert choose(ablation_for(), gained) == (FLIP, TRANSLATE, SCALE)
    assert choose(ablation_for(design="single"), gained) == (FLIP, SCALE)
    assert choose(ablation_for(), [{**row, "mean": 1.0} for row in techniques]) == (
        FLIP,
        TRANSLATE,
        SCALE,
    )
    assert choose(ablation_for(), [{**row, "mean": -1.0} for row in techniques]) == ()


def checked_with(
    chosen: tuple[int, ...], points: dict[int, tuple[float, float]]
) -> tuple[AblationStudy, dict[str, Any]]:
    ablation = ablation_for()
    arms = ablation.final_arms(chosen)
    rows = rows_for([arm for arm in arms if arm.name != "TrivialAugment"], points)
    rows += [{**row, "arm": "TrivialAugment"} for row in rows_for([arms[0]], {}, spread=3)]
    return ablation, check(arms, outcomes_of(rows), 0.25)


def test_the_check_holds_what_was_chosen_against_the_bars_and_against_itself_less_each() -> None:
    ablation, found = checked_with((FLIP, SCALE), PLANTED)
    assert [cell["arm"] for cell in found["cells"]] == [
        "none",
        "TrivialAugment",
        "chosen",
        "without flip horizontal",
        "without scale × 0.9 … 1.1",
    ]
    assert [cell["mean"] for cell in found["cells"]] == pytest.approx([60, 60, 66, 61, 65], abs=0.5)
    assert [(pair["arm"], pair["against"]) for pair in found["pairs"]] == [
        ("chosen", "none"), ("chosen", "TrivialAugment"), ("chosen", "without flip horizontal"),
        ("chosen", "without scale × 0.9 … 1.1"), ("TrivialAugment", "none"),
    ]  # fmt: skip
    assert [pair["verdict"] for pair in found["pairs"]] == [
        "better",
        "better",
        "better",
        "better",
        "undecided",
    ]
    assert found["pairs"][0]["bca_images"] is not None
    assert keep(ablation, (FLIP, SCALE), found) == (FLIP, SCALE)
    json.dumps(found)


def test_what_the_others_do_better_without_is_dropped() -> None:
    ablation, found = checked_with((FLIP, SCALE, NOISE), PLANTED)
    assert keep(ablation, (FLIP, SCALE, NOISE), found) == (FLIP, SCALE)
    words = headline([], found, "flip horizontal, scale × 0.9 … 1.1")[1]
    assert "; chosen is worse than without noise by " in words


def test_only_the_worst_is_dropped_so_that_what_is_kept_was_measured() -> None:
    ablation, found = checked_with((FLIP, SCALE, ROTATE, NOISE), {FLIP: (9.0, 9.0), SCALE: (2.0, 2.0), ROTATE: (-1.0, -1.0), NOISE: (-3.0, -3.0)})  # fmt: skip
    assert keep(ablation, (FLIP, SCALE, ROTATE, NOISE), found) == (FLIP, SCALE, ROTATE)
    words = headline([], found, "…")[1]
    assert "without noise" in words
    assert "without rotate" not in words


def test_what_is_worse_than_nothing_is_not_suggested() -> None:
    ablation, found = checked_with((ROTATE, NOISE), PLANTED)
    assert keep(ablation, (ROTATE, NOISE), found) == ()


def test_where_nothing_was_chosen_only_the_bars_are_compared() -> None:
    ablation, found = checked_with((), PLANTED)
    assert [(pair["arm"], pair["against"]) for pair in found["pairs"]] == [
        ("TrivialAugment", "none")
    ]
    assert keep(ablation, (), found) == ()


def test_without_a_check_what_was_chosen_is_kept() -> None:
    assert keep(ablation_for(design="single"), (FLIP, NOISE), None) == (FLIP, NOISE)


def test_the_two_lines_name_what_helps_what_harms_and_what_is_suggested(
    techniques: list[dict[str, Any]],
) -> None:
    _, found = checked_with((FLIP, SCALE), PLANTED)
    flip, rotate, _, scale, noise = (f"{row['mean']:+.2f}".replace("-", "−") for row in techniques)
    open_one = [
        {**row, "says": "undecided"} if row["says"] == "changes little" else row
        for row in techniques
    ]
    first, second = headline(open_one, found, "flip horizontal, scale × 0.9 … 1.1")
    assert first == (
        f"Helps: flip horizontal ({flip}), scale × 0.9 … 1.1 ({scale}); harms: noise ({noise}), rotate ±15° ({rotate}); "
        "undecided: translate ±10 %."
    )
    chosen = [pair["words"] for pair in found["pairs"][:2]]
    assert second == (
        f"Suggested: flip horizontal, scale × 0.9 … 1.1. On images that had no part in choosing: {chosen[0]}; {chosen[1]}."
    )


def test_the_two_lines_where_there_is_little_to_say(techniques: list[dict[str, Any]]) -> None:
    little = [{**row, "says": "changes little"} for row in techniques]
    assert headline(little, None, None) == [
        "No technique changes much.",
        "Nothing is suggested: no technique was found to help.",
    ]
    assert headline(techniques[ROTATE : ROTATE + 1], None, None)[0].startswith(
        "Harms: rotate ±15° (−"
    )
    unsure = [{**row, "says": "undecided"} for row in techniques[:2]]
    assert headline(unsure, None, None)[0] == "Undecided: flip horizontal, rotate ±15°."
    assert headline(techniques[:1], None, "flip horizontal")[1] == (
        "Suggested: flip horizontal; techniques were tried alone, so what they do together was not measured."
    )


def flag(name: str, before: float, after: float, taken: str) -> dict[str, Any]:
    return {"class": name, "before": before, "after": after, "taken_for": taken}


def test_a_class_is_flagged_where_most_replicates_flag_it() -> None:
    harmed = [
        [flag("6", 1.0, 0.25, "9"), flag("2", 0.5, 0.0, "5")],
        [flag("6", 0.5, 0.0, "9"), flag("9", 1.0, 0.0, "6")],
        [flag("6", 0.75, 0.125, "8"), flag("9", 0.5, 0.25, "6")],
    ]
    rows = [
        {
            "screen": [
                {
                    "technique": "flip vertical",
                    "setting": "mirrored",
                    "plain": 0.8,
                    "accuracy": accuracy,
                    "harmed": flags,
                }
            ]
        }
        for flags, accuracy in zip(harmed, (0.5, 0.3, 0.4), strict=True)
    ]
    assert merge_screens([*rows, {"arm": "not screened"}]) == [
        {
            "technique": "flip vertical", "setting": "mirrored", "plain": pytest.approx(80.0), "accuracy": pytest.approx(40.0),
            "harmed": [
                {"class": "6", "times": 3, "before": 75.0, "after": 12.5, "taken_for": "9"},
                {"class": "9", "times": 2, "before": 75.0, "after": 12.5, "taken_for": "6"},
            ],
        }
    ]  # fmt: skip
    assert merge_screens([{"arm": "not screened"}]) == []


def test_what_was_not_tested_is_said() -> None:
    assert not_tested(ablation_for(epochs=7)) == [
        "pairs of techniques apart: in a design of 12 runs a part of what two do together is counted to others",
        "other ranges than the recipe's: a technique that harms may help when it is milder (see the screen)",
        "training for other than 7 passes, and models other than linear",
        "techniques that the recipe does not have",
        "test images from elsewhere than the test folder",
    ]
    assert (
        not_tested(ablation_for(design="single"))[0]
        == "what techniques do together: each was tried alone"
    )
