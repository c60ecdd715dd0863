"""Overlap: intervals over subsets of one set of sources, widened by what they share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from train.errors import TrainError
from train.statistics.bounds import samples
from train.statistics.intervals import LEVEL
from train.statistics.overlap import (
    between_subsets,
    count_subsets,
    mean_overlap,
    overlap_in_turn,
    widening,
)
from train.statistics.power import Spread, more_seeds
from train.statistics.verdicts import Pair, judge


def shared(n: int, share: float) -> np.ndarray:
    return np.where(np.eye(n, dtype=bool), 1.0, share)


def test_the_widening_is_that_of_nadeau_and_bengio() -> None:
    # their correction for J splits with a share n2/(n1 + n2) in common: (1/J + n2/n1) s²
    for n, share in ((6, 0.2), (10, 0.5), (15, 0.1)):
        assert widening(n, share) ** 2 / n == pytest.approx(1 / n + share / (1 - share))
    assert widening(8, 0.0) == 1
    with pytest.raises(TrainError, match="share 100 %"):
        widening(6, 1.0)


def test_seeds_with_the_same_draw_overlap_as_a_whole() -> None:
    twice = np.kron(np.eye(3), np.ones((2, 2)))  # three disjoint draws, two seeds each
    assert mean_overlap(twice) == pytest.approx(1 / 5)
    assert count_subsets(twice) == 3
    assert count_subsets(shared(6, 0.4)) == 6


def test_disjoint_draws_are_judged_as_seeds_are() -> None:
    values = [0.5, 0.7, 0.4, 0.9, 0.6, 0.8]
    plain, none_shared = (
        judge([Pair("fly", "none", values, shared=each)], 0.25)[0] for each in (None, shared(6, 0))
    )
    assert plain == replace(none_shared, draws=None)
    assert none_shared.draws == 6
    assert plain.verdict == "better"


def test_draws_that_share_half_of_their_sources_say_less() -> None:
    values = [0.5, 0.7, 0.4, 0.9, 0.6, 0.8]
    sample, _ = samples(values, None, shared(6, 0.5))
    plain, _ = samples(values, None)
    wide, narrow = sample.interval(LEVEL), plain.interval(LEVEL)
    assert wide
    assert narrow
    ratio = (wide.high - wide.low) / (narrow.high - narrow.low)
    assert ratio == pytest.approx(np.sqrt(7))


def test_fewer_than_six_draws_decide_nothing_whatever_the_seeds() -> None:
    twice = np.kron(np.eye(5), np.ones((2, 2)))
    values = np.linspace(0.9, 1.1, 10)
    assert judge([Pair("fly", "none", values, shared=twice)], 0.25)[0].verdict == "undecided"
    six = np.kron(np.eye(6), np.ones((2, 2)))
    decided = judge([Pair("fly", "none", np.linspace(0.9, 1.1, 12), shared=six)], 0.25)[0]
    assert decided.verdict == "better"


def test_a_look_at_fewer_seeds_counts_what_those_share() -> None:
    pair = Pair("fly", "none", np.arange(8.0), shared=shared(8, 0.3), replicates=range(8))
    six = pair.first(6).shared
    assert six is not None
    assert (six.shape, mean_overlap(six)) == ((6, 6), pytest.approx(0.3))


@pytest.mark.parametrize(("seeds", "draws"), [(6, 6), (6, 4), (12, 6), (13, 6), (5, 8), (1, 3)])
def test_seeds_that_take_draws_in_turn_overlap_as_their_matrix_says(seeds: int, draws: int) -> None:
    taken = np.arange(seeds) % draws
    matrix = np.where(taken[:, None] == taken, 1.0, 0.4)
    assert overlap_in_turn(seeds, min(seeds, draws), 0.4) == pytest.approx(mean_overlap(matrix))
    assert between_subsets(matrix) == pytest.approx(0.4 if seeds > 1 else 0.0)


def outlook(shared: np.ndarray | None, seeds: int = 12) -> str:
    """Return what an undecided verdict says would decide it."""
    values = 1.2 + 1.5 * np.cos(np.arange(seeds))
    found = judge([Pair("fly", "none", values, shared=shared)], 0.25)[0]
    assert found.verdict == "undecided"
    return found.sentence.split("; ")[1].split(" (diff")[0]


def test_an_outlook_counts_draws_where_seeds_have_their_own() -> None:
    in_turn = np.arange(12) % 4
    assert outlook(np.where(in_turn[:, None] == in_turn, 1.0, 0.3)) == (
        "at least 6 draws are needed, 2 more"
    )
    in_turn = np.arange(12) % 6
    assert outlook(np.where(in_turn[:, None] == in_turn, 1.0, 0.3)) == (
        "more draws (--draws) tell more than more seeds"
    )
    assert outlook(shared(12, 0.5)) == "1,000 more seeds, each with its own draw, would not decide"


def test_more_draws_that_overlap_cannot_find_what_lies_below_the_overlap() -> None:
    # the standard error stays above sd · √(ρ/(1 − ρ)) = 1 point, however many draws there are
    assert more_seeds(Spread(1.0), 1.0, 0.25, 6) is not None
    assert more_seeds(Spread(1.0, overlap=0.5), 1.0, 0.25, 6) is None
    assert more_seeds(Spread(1.0, overlap=0.5), 4.0, 0.25, 6) is not None


def test_the_power_of_draws_in_turn_is_that_of_the_draws() -> None:
    six, own = Spread(1.0, overlap=0.1, draws=6), Spread(1.0, overlap=0.1)
    assert six.detectable(6) == own.detectable(6)
    found, alone = six.detectable(60), own.detectable(60)
    assert found is not None
    assert alone is not None
    assert found > 1.5 * alone
    assert Spread(1.0, draws=4).detectable(60) is None


@pytest.mark.slow
@pytest.mark.parametrize(("n", "total"), [(100, 600), (100, 300), (100, 200), (150, 200)])
def test_a_family_with_nothing_to_find_is_decided_in_at_most_5_percent(n: int, total: int) -> None:
    """The gain of a source is drawn anew for each study: with six draws its mean is estimated."""
    rng, wrong, studies = np.random.default_rng(n + total), 0, 2000
    for _ in range(studies):
        gains = rng.normal(0, 1, total)
        order = [rng.permutation(total) for _ in range(6)]
        blocks = total // n
        kept = np.zeros((6, total))
        for draw in range(6):  # disjoint parts of one order, then of the next
            start = draw % blocks * n
            kept[draw, order[draw // blocks][start : start + n]] = 1
        values = kept @ gains / n + rng.normal(0, 0.05, 6)
        overlaps = kept @ kept.T / n
        sample, _ = samples(values, None, overlaps)
        interval = sample.interval(LEVEL)
        assert interval
        wrong += not interval.low <= 0 <= interval.high
    assert wrong / studies <= 0.06  # 5 %, and three standard errors of the simulation
