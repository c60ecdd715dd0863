"""Looks: how the 5 % are divided among looks with more and more seeds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.errors import TrainError
from train.statistics.looks import Looks, spend
from train.statistics.sentences import format_looks


def test_a_single_planned_look_spends_four_of_five_per_cent() -> None:
    looks = Looks(6, (6,))
    assert [tuple(look) for look in looks.looks] == [(6, pytest.approx(0.04))]
    assert looks.next_alpha == pytest.approx(0.005)
    assert looks.to_dict() == {"planned": 6, "looks": [{"seeds": 6, "alpha": pytest.approx(0.04)}]}


def test_half_way_it_spends_what_the_function_of_pocock_says() -> None:
    first, second = spend(12, (6, 12))
    assert first == pytest.approx(0.04 * math.log(1 + (math.e - 1) / 2))
    assert first + second == pytest.approx(0.04)
    assert Looks(12, (6,)).next_alpha == pytest.approx(second)


def test_beyond_the_plan_each_look_spends_half_of_what_is_left() -> None:
    assert spend(6, (6, 9, 12, 13))[1:] == pytest.approx([0.005, 0.0025, 0.00125])


@given(st.integers(1, 40), st.sets(st.integers(1, 100), min_size=1, max_size=12))
def test_all_looks_together_spend_at_most_five_per_cent(planned: int, seeds: set[int]) -> None:
    alphas = spend(planned, sorted(seeds))
    assert all(alpha > 0 for alpha in alphas)
    assert sum(alphas) <= 0.05 + 1e-12


@given(st.integers(1, 40), st.sets(st.integers(1, 100), min_size=2, max_size=12))
def test_a_new_look_leaves_what_earlier_ones_spent(planned: int, seeds: set[int]) -> None:
    every = sorted(seeds)
    assert spend(planned, every)[:-1] == spend(planned, every[:-1])


def test_an_earlier_look_can_be_taken_again_but_no_other_with_fewer_seeds() -> None:
    looks = Looks(6, (6, 10))
    assert looks.at(6) == Looks(6, (6,))
    assert looks.at(10) == looks
    assert looks.at(11) == Looks(6, (6, 10, 11))
    with pytest.raises(TrainError, match="--seeds 8 is fewer than the 10 that were judged already"):
        looks.at(8)


@pytest.mark.parametrize(
    ("planned", "seeds"), [(0, (6,)), (6, ()), (6, (0,)), (6, (8, 6)), (6, (6, 6))]
)
def test_looks_that_cannot_be_are_refused(planned: int, seeds: tuple[int, ...]) -> None:
    with pytest.raises(TrainError, match="look"):
        Looks(planned, seeds)


def test_a_look_is_described_with_what_it_spends() -> None:
    assert format_looks(Looks(6, (6,))) == (
        "Look 1, with 6 seeds (as planned): of the 5 % for false claims it spends 4 %, and 1 % is kept for looks with more seeds."
    )
    assert format_looks(Looks(6, (6, 12))) == (
        "Look 2, with 12 seeds (6 were planned): of the 5 % for false claims it spends 0.5 %, and 0.5 % is kept for looks with "
        "more seeds. Earlier looks spent 4 % with 6 seeds."
    )


@pytest.mark.parametrize(("seeds", "words"), [(1, "1 seed"), (5, "5 seeds")])
def test_fewer_than_six_seeds_are_no_look(seeds: int, words: str) -> None:
    assert format_looks(Looks(10, (seeds,))) == (
        f"With {words} nothing is decided, so none of the 5 % for false claims is spent."
    )
