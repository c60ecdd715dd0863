"""The settings of a search: those asked for, then others spread over their ranges, the same every time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from train.trials.tuning.settings import TunedSettings
from train.trials.tuning.space import candidates

ASKED = TunedSettings(epochs=40, lr=0.05, weight_decay=5e-4, smoothing=0.1, dropout=0.0)


def test_the_first_settings_are_those_that_were_asked_for() -> None:
    assert candidates(ASKED, 8, 0, dropout=True)[0] == ASKED


@given(count=st.integers(2, 40), seed=st.integers(0, 2**64 - 1), epochs=st.integers(1, 1000))
def test_all_settings_are_within_their_ranges(count: int, seed: int, epochs: int) -> None:
    asked = TunedSettings(epochs, 0.05, 5e-4, 0.1, 0.0)
    found = candidates(asked, count, seed, dropout=True)
    assert len(found) == count
    for each in found[1:]:
        assert max(1, epochs / 8 - 1) <= each.epochs <= epochs
        assert 0.0124 < each.lr < 0.201
        assert 1.2e-4 < each.weight_decay < 0.0321
        assert 0 <= each.smoothing <= 0.2
        assert 0 <= each.dropout <= 0.6


def test_a_smaller_search_is_part_of_every_larger_one_and_another_seed_gives_another() -> None:
    few, many = (candidates(ASKED, count, 3, dropout=True) for count in (4, 16))
    assert many[:4] == few
    assert len(set(many)) == 16
    assert candidates(ASKED, 4, 4, dropout=True)[1:] != few[1:]


def test_rates_are_spread_evenly() -> None:
    rates = sorted(each.lr for each in candidates(ASKED, 17, 0, dropout=True)[1:])
    quarters = [0.0125, 0.025, 0.05, 0.1, 0.2]
    for low, high in pairwise(quarters):
        assert 2 <= sum(low <= rate < high for rate in rates) <= 6


def test_a_model_without_dropout_keeps_its_own() -> None:
    assert {each.dropout for each in candidates(ASKED, 9, 0, dropout=False)} == {0.0}


def test_a_weight_decay_of_zero_is_varied_too() -> None:
    asked = TunedSettings(5, 1e-3, 0.0, 0.0, 0.0)
    found = candidates(asked, 6, 0, dropout=False)
    assert found[0].weight_decay == 0
    assert all(1.2e-4 < each.weight_decay < 0.0321 for each in found[1:])
