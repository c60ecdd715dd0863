"""Arms: how they are read, what they are called, and for how many epochs each trains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.job.balance import Balance
from train.compare.arms import (
    BUDGETS,
    STRATEGIES,
    Arm,
    Speed,
    default_lengths,
    epochs_within,
    parse_arms,
    parse_factor,
    parse_numbers,
)
from train.errors import TrainError

SPEEDS = {"none": Speed(2.0), "fly": Speed(5.0), "disk ×4": Speed(2.5, 30.0)}


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(TrainError) as error:
        call()
    assert error.value.status == 2
    return str(error.value)


def test_arms_that_store_copies_come_once_for_each_factor_or_for_their_own() -> None:
    arms = parse_arms("none, fly,disk,disk-random=4,hybrid", (2, 8))
    assert [arm.name for arm in arms] == [
        "none",
        "fly",
        "disk ×2",
        "disk ×8",
        "disk-random ×4",
        "hybrid ×2",
        "hybrid ×8",
    ]
    assert [arm.stored for arm in arms] == [False, False, True, True, True, True, True]
    assert parse_arms("disk=4,disk=2", (8,)) == (Arm("disk", 4), Arm("disk", 2))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "none,cloud",
            '--arms: "cloud" is not an arm; there are none, fly, disk, disk-random, disk-all, disk-balanced, hybrid',
        ),
        (
            "none,",
            '--arms: "" is not an arm; there are none, fly, disk, disk-random, disk-all, disk-balanced, hybrid',
        ),
        ("none=4,fly", '--arms: "none" stores nothing and takes no factor'),
        ("none,fly=2", '--arms: "fly" stores nothing and takes no factor'),
        ("fly,none,fly", "--arms names an arm twice: fly,none,fly"),
        ("disk,disk=2", "--arms names an arm twice: disk,disk=2"),
        ("fly", "--arms must name two arms or more, got 'fly'"),
        ("none,disk=1", "--arms: the factor of an arm must be at least 2, got 1"),
        (
            "none,disk=four",
            "--arms: the factor of an arm must be whole numbers, for example 2,4,8, got 'four'",
        ),
    ],
)
def test_what_is_no_list_of_arms_is_refused(text: str, words: str) -> None:
    assert refused(lambda: parse_arms(text, (2, 8))) == words


def test_every_arm_says_what_it_does() -> None:
    balance = Balance("max", 9)
    arms = [Arm(name, None if name in ("none", "fly") else 4) for name in STRATEGIES]
    words = [arm.describe(balance) for arm in arms]
    assert words == [
        "the sources as they are",
        "a new view of each source in every epoch, nothing stored",
        "4 views of each source on disk, including the untouched one; stratified",
        "4 views of each source on disk, including the untouched one; drawn independently",
        "4 views of each source on disk, including the untouched one; stratified. All files are shuffled together, as one folder of more images: reading each once takes 4 epochs, and a source may come several times in an epoch or not at all",
        "copies on disk as expand --factor 4 --balance max --most 9 writes them; as many images per epoch as there are sources, from all files in turn",
        "4 views of each source on disk, including the untouched one; cheap techniques applied to them on the fly",
    ]


@given(st.lists(st.integers(2, 99), min_size=1))
def test_numbers_come_once_each_and_in_order(numbers: list[int]) -> None:
    assert parse_numbers(",".join(map(str, numbers)), "--factor", 2) == tuple(sorted(set(numbers)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2,1,8", "--factor must be at least 2, got 1"),
        ("2,,8", "--factor must be whole numbers, for example 2,4,8, got '2,,8'"),
        ("2.5", "--factor must be whole numbers, for example 2,4,8, got '2.5'"),
        ("", "--factor must be whole numbers, for example 2,4,8, got ''"),
    ],
)
def test_what_is_no_list_of_numbers_is_refused(text: str, words: str) -> None:
    assert refused(lambda: parse_numbers(text, "--factor", 2)) == words


def test_a_factor_is_one_number() -> None:
    assert parse_factor("4") == 4


def test_two_lengths_are_tried_one_without_repeats_and_one_five_times_as_long() -> None:
    assert default_lengths((4,)) == (4, 20)
    assert default_lengths((2, 8, 4)) == (8, 40)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ("steps", {"none": 20, "fly": 20, "disk ×4": 20}),
        ("files", {"none": 20, "fly": 20, "disk ×4": 80}),
        ("wall", {"none": 20, "fly": 8, "disk ×4": 16}),  # 40 s: at 2, 5 and 2.5 s a pass
        ("wall-expansion", {"none": 20, "fly": 8, "disk ×4": 4}),  # 30 of the 40 s are gone
    ],
)
def test_each_budget_gives_arms_their_epochs(budget: str, expected: dict[str, int]) -> None:
    assert budget in BUDGETS
    arms = parse_arms("none,fly,disk", (4,))
    assert {arm.name: epochs_within(arm, 20, budget, SPEEDS) for arm in arms} == expected


def test_without_an_arm_none_the_seconds_are_those_of_the_fastest() -> None:
    speeds = {name: SPEEDS[name] for name in ("fly", "disk ×4")}
    assert epochs_within(Arm("fly"), 20, "wall", speeds) == 10  # 20 epochs at 2.5 s are 50 s
    assert epochs_within(Arm("disk", 4), 20, "wall", speeds) == 20


def test_an_arm_whose_expansion_takes_all_the_seconds_has_one_pass_all_the_same() -> None:
    assert epochs_within(Arm("disk", 4), 10, "wall-expansion", SPEEDS) == 1
