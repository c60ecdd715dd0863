"""Verdicts: what is said of a family of pairs, and how often it is wrong."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from train.ablate.page.plots import VERDICTS as ABLATION_STYLES
from train.ablate.results import EFFECTS
from train.compare.page.forest import LABELS
from train.compare.page.forest import VERDICTS as COMPARISON_STYLES
from train.errors import TrainError
from train.statistics.significance import holm, paired_t
from train.statistics.verdicts import Name, Pair, Verdict, judge

CLEAR = [0.40, 0.50, 0.30, 0.42, 0.44, 0.46]
CLOSE = [0.01, -0.02, 0.03, 0.01, 0.00, 0.02]
VAGUE = [0.10, 0.90, -0.30, -0.10, 0.40, 0.30]
MIRRORED = {"better": "worse", "worse": "better"}


@st.composite
def families(draw: st.DrawFn) -> list[Pair]:
    """Draw a few pairs over the same seeds, some of them tight, some of them wide."""
    n = draw(st.integers(1, 12))
    shift, width = st.integers(-60, 60), st.integers(0, 80)
    rows = [
        [(centre + draw(st.integers(-reach, reach))) / 100 for _ in range(n)]
        for centre, reach in draw(st.lists(st.tuples(shift, width), min_size=1, max_size=4))
    ]
    return [Pair(f"arm {i}", f"other {i}", row, draw(st.booleans())) for i, row in enumerate(rows)]


def family(accuracies: NDArray[np.float64]) -> list[Pair]:
    """Return all pairs of arms (arms × seeds)."""
    return [
        Pair(str(a), str(b), accuracies[a] - accuracies[b])
        for a, b in combinations(range(len(accuracies)), 2)
    ]


def claims(verdicts: list[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.verdict in MIRRORED]


def false_claims(seeds: int, families: int, grid: float) -> int:
    """Return how many families of three arms that are the same, but for noise, have a pair called better or worse."""
    rng, false = np.random.default_rng(seeds), 0
    for _ in range(families):
        accuracies = rng.normal(90, rng.uniform(0.15, 1.0), (3, seeds))
        false += bool(
            claims(judge(family(np.round(accuracies / grid) * grid if grid else accuracies), 0.25))
        )
    return false


def test_each_verdict_in_words() -> None:
    pairs = [
        Pair("fly", "disk ×4", CLEAR),
        Pair("none", "fly", [-value for value in CLEAR]),
        Pair("disk ×4", "fly", CLOSE),
        Pair("fly", "none", VAGUE),
        Pair("disk ×4", "fly", [0.0] * 6, same_weights=True),
        Pair("fly", "disk ×2", [0.1, 0.11, 0.12, 0.1, 0.1, 0.1]),
    ]
    verdicts = judge(pairs, margin=0.25)
    assert [(verdict.verdict, verdict.sentence) for verdict in verdicts] == [
        ("better", "fly is better than disk ×4 by 0.42 points (95 % interval 0.35 … 0.49)"),
        ("worse", "none is worse than fly by 0.42 points (95 % interval 0.35 … 0.49)"),
        ("equivalent", "disk ×4 is as good as fly within 0.25 points (95 % interval −0.01 … 0.03)"),
        (
            "undecided",
            "fly against none: undecided; about 44 more seeds would decide (difference 0.22 points, 95 % interval −0.23 … 0.66)",
        ),
        (
            "identical",
            "disk ×4 and fly are identical (same weights in all 6 seeds): no view repeats yet",
        ),
        (
            "better",
            "fly is better than disk ×2 by 0.10 points (95 % interval 0.10 … 0.11), by less than the margin of 0.25 points",
        ),
    ]
    assert [verdict.more_seeds for verdict in verdicts] == [None, None, None, 44, None, None]


def test_one_seed_is_undecided_or_identical() -> None:
    far, same = judge(
        [Pair("fly", "none", [2.5]), Pair("disk", "fly", [0.0], same_weights=True)], 0.25
    )
    assert (
        far.sentence
        == "fly against none: undecided; about 5 more seeds would decide (difference 2.50 points, from a single seed)"
    )
    assert (far.sd, far.interval, far.bca, far.p_t, far.p_signflip, far.p_equivalence) == (
        None,
        None,
        None,
        1,
        1,
        1,
    )
    assert (
        same.sentence
        == "disk and fly are identical (same weights in the only seed): no view repeats yet"
    )


@pytest.mark.parametrize(
    "differences", [[0.0, 0.0], [0.5, 0.5], [0.01, 0.02], [9.0] * 5, [0.0] * 5]
)
def test_below_six_seeds_nothing_is_claimed(differences: list[float]) -> None:
    (verdict,) = judge([Pair("a", "b", differences)], 0.25)
    assert (verdict.verdict, verdict.more_seeds) == ("undecided", 6 - len(differences))


def test_six_seeds_that_all_agree_are_enough() -> None:
    assert judge([Pair("a", "b", [0.5] * 6)], 0.25)[0].verdict == "better"


def test_the_sign_flip_test_guards_against_a_t_test_that_trusts_too_much() -> None:
    differences = [0.5, 0.55, 0.6, 0.5, 0.5, -0.02]
    (verdict,) = judge([Pair("a", "b", differences)], 0.25)
    assert verdict.p_holm <= 0.05 < verdict.p_signflip
    assert (verdict.verdict, verdict.more_seeds) == ("undecided", 1)


def test_equal_accuracies_of_other_weights_are_equivalent_not_identical() -> None:
    assert judge([Pair("a", "b", [0.0] * 6)], 0.25)[0].verdict == "equivalent"
    assert (
        judge([Pair("a", "b", [0.01, *[0.0] * 5], same_weights=True)], 0.25)[0].verdict
        == "equivalent"
    )


def test_the_family_makes_each_claim_harder() -> None:
    weak = [0.30, 0.10, 0.25, 0.02, 0.20, 0.05]
    assert judge([Pair("a", "b", weak)], 0.1)[0].verdict == "better"
    assert (
        judge([Pair("a", "b", weak), Pair("c", "d", VAGUE), Pair("e", "f", VAGUE)], 0.1)[0].verdict
        == "undecided"
    )


def test_a_hopeless_question_is_said_to_be_one() -> None:
    (verdict,) = judge([Pair("a", "b", [0.25, 3.0, -2.9, 2.0, -2.0, 0.003])], 0.07)
    assert verdict.more_seeds is None
    assert "undecided; more than 1,000 more seeds would be needed" in verdict.sentence
    assert "−2.31 … 2.43" in verdict.sentence


def test_small_numbers_are_not_written_as_zero() -> None:
    (verdict,) = judge([Pair("a", "b", [0.004, 0.003, 0.004, 0.0035, 0.0042, 0.0038])], 0.25)
    assert "by 0.0037 points (95 % interval 0.0033 … 0.0042)" in verdict.sentence


def test_images_add_an_interval_over_images() -> None:
    images = np.random.default_rng(1).integers(-1, 2, (6, 100)).astype(np.int8)
    differences = 100 * images.mean(axis=1)
    with_images, without = judge(
        [Pair("a", "b", differences, images=images), Pair("a", "b", differences)], 0.25
    )
    assert without.bca_images is None
    assert with_images.bca_images is not None
    assert with_images.bca_images.low < with_images.mean < with_images.bca_images.high


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(TrainError, match="margin must be above 0 points, got 0"):
        judge([Pair("a", "b", CLEAR)], 0)
    with pytest.raises(TrainError, match="a against b: 5 rows, 6 seeds"):
        Pair("a", "b", CLEAR, images=np.zeros((5, 9), np.int8))
    assert judge([], 0.25) == []


@settings(max_examples=30, deadline=None)
@given(families())
def test_swapping_the_arms_swaps_the_verdict_and_the_sign(pairs: list[Pair]) -> None:
    swapped = [
        Pair(pair.against, pair.arm, [-value for value in pair.differences], pair.same_weights)
        for pair in pairs
    ]
    for one, other in zip(judge(pairs, 0.25), judge(swapped, 0.25), strict=True):
        assert other.verdict == MIRRORED.get(one.verdict, one.verdict)
        assert other.mean == -one.mean
        assert (other.sd, other.more_seeds) == (one.sd, one.more_seeds)
        assert (other.p_t, other.p_signflip, other.p_holm) == (one.p_t, one.p_signflip, one.p_holm)
        assert other.p_equivalence == one.p_equivalence
        if one.interval is not None:
            assert other.interval == (-one.interval.high, -one.interval.low)


@settings(max_examples=30, deadline=None)
@given(families(), st.randoms())
def test_the_order_of_the_pairs_does_not_matter(pairs: list[Pair], random: object) -> None:
    order = list(range(len(pairs)))
    random.shuffle(order)  # type: ignore[attr-defined]
    verdicts = judge(pairs, 0.25)
    assert judge([pairs[i] for i in order], 0.25) == [verdicts[i] for i in order]


@settings(max_examples=30, deadline=None)
@given(families())
def test_every_verdict_follows_from_its_numbers(pairs: list[Pair]) -> None:
    verdicts = judge(pairs, 0.25)
    assert [verdict.p_holm for verdict in verdicts] == holm(
        [paired_t(pair.differences) for pair in pairs]
    )
    for pair, verdict in zip(pairs, verdicts, strict=True):
        assert verdict.p_t <= verdict.p_holm
        assert "no difference" not in verdict.sentence
        assert "-" not in verdict.sentence
        assert (verdict.verdict == "identical") == (pair.same_weights and not any(pair.differences))
        if verdict.verdict in MIRRORED:
            assert verdict.n >= 6
            assert verdict.interval is not None
            assert (
                (verdict.interval.low > 0)
                if verdict.verdict == "better"
                else (verdict.interval.high < 0)
            )
        if verdict.verdict == "equivalent":
            assert verdict.n >= 6
            assert abs(verdict.mean) < 0.25
        if verdict.verdict != "undecided":
            assert verdict.more_seeds is None
        elif verdict.more_seeds is not None:
            assert 1 <= verdict.more_seeds <= 1_000
            assert verdict.n + verdict.more_seeds >= 6


def test_arms_that_are_the_same_are_seldom_told_apart() -> None:
    # were 5 % of all families false, more than 20 of 200 would come about once in 900 times
    assert false_claims(6, 100, 0.01) + false_claims(10, 100, 0.0) <= 20


@pytest.mark.slow
@pytest.mark.parametrize("grid", [0.0, 0.01])
@pytest.mark.parametrize("seeds", [6, 10])
def test_of_a_thousand_families_of_the_same_arms_at_most_five_per_cent_have_a_false_claim(
    seeds: int, grid: float
) -> None:
    assert false_claims(seeds, 1_000, grid) <= 50


@pytest.mark.slow
def test_a_real_effect_is_found() -> None:
    rng, found = np.random.default_rng(1), 0
    for _ in range(500):
        accuracies = rng.normal([[90.0], [90.0], [90.3]], 0.15 / np.sqrt(2), (3, 10))
        verdicts = judge(family(accuracies), 0.25)
        found += verdicts[1].verdict == verdicts[2].verdict == "worse"
    assert found >= 450


def test_every_verdict_has_a_style_and_an_effect() -> None:
    names = set(get_args(Name))
    assert set(ABLATION_STYLES) == set(EFFECTS) == names
    assert set(COMPARISON_STYLES) == names - {"worse"}  # drawn like "better"
    assert set(LABELS) == set(COMPARISON_STYLES) | {"margin"}
