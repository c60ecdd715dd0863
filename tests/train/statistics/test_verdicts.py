"""Verdicts: what is said of a family of pairs, and how often it is wrong."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tests.conftest import examples
from train.ablate.page.plots import VERDICTS as ABLATION_STYLES
from train.ablate.results import EFFECTS
from train.compare.page.forest import LABELS
from train.compare.page.forest import VERDICTS as COMPARISON_STYLES
from train.errors import TrainError
from train.statistics.intervals import LEVEL, Interval
from train.statistics.looks import Looks
from train.statistics.sentences import Name
from train.statistics.verdicts import Pair, decide, judge, measure

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


def false_claims(seeds: int, families: int, grid: float) -> int:
    """Return how many families of three arms that are the same, but for noise, have a pair called better or worse."""
    rng, false = np.random.default_rng(seeds), 0
    for _ in range(families):
        accuracies = rng.normal(90, rng.uniform(0.15, 1.0), (3, seeds))
        rounded = np.round(accuracies / grid) * grid if grid else accuracies
        found = measure(family(rounded), 0.25)
        false += any(decide(each.interval, 0.25) in MIRRORED for each in found)
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
        ("better", "fly is better than disk ×4 by 0.42 points (95 % interval 0.30 … 0.54)"),
        ("worse", "none is worse than fly by 0.42 points (95 % interval 0.30 … 0.54)"),
        ("equivalent", "disk ×4 is as good as fly within 0.25 points (95 % interval −0.02 … 0.04)"),
        (
            "undecided",
            "fly against none: undecided; about 44 more seeds would decide (difference 0.22 points, 95 % interval −0.51 … 0.94)",
        ),
        (
            "identical",
            "disk ×4 and fly are identical (same weights in all 6 seeds): no view repeats yet",
        ),
        (
            "better",
            "fly is better than disk ×2 by 0.10 points (95 % interval 0.09 … 0.12), by less than the margin of 0.25 points",
        ),
    ]
    assert [verdict.more_seeds for verdict in verdicts] == [None, None, None, 44, None, None]


def test_one_seed_is_undecided_or_identical() -> None:
    far, same = judge(
        [Pair("fly", "none", [2.5]), Pair("disk", "fly", [0.0], same_weights=True)], 0.25
    )
    assert (
        far.sentence
        == "fly against none: undecided; at least 6 seeds are needed, 5 more (difference 2.50 points, from a single seed)"
    )
    assert (far.sd, far.interval, far.interval_here) == (None, None, None)
    assert (far.p, far.p_t, far.p_signflip, far.p_equivalence) == (1, 1, 1, 1)
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
    assert (verdict.interval, verdict.p) == (None, 1.0)


def test_six_seeds_that_all_agree_are_enough() -> None:
    assert judge([Pair("a", "b", [0.5] * 6)], 0.25)[0].verdict == "better"


def test_the_sign_flip_test_guards_against_a_t_test_that_trusts_too_much() -> None:
    differences = [0.5, 0.55, 0.6, 0.5, 0.5, -0.02]
    (verdict,) = judge([Pair("a", "b", differences)], 0.25)
    assert verdict.p_t <= 0.05 < verdict.p_signflip == verdict.p
    assert (verdict.verdict, verdict.more_seeds) == ("undecided", 1)
    assert verdict.interval is not None
    assert verdict.interval.low == pytest.approx(-0.02)


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
    assert "undecided; 1,000 more seeds would not decide" in verdict.sentence
    assert "−2.90 … 3.00" in verdict.sentence


def test_small_numbers_are_not_written_as_zero() -> None:
    (verdict,) = judge([Pair("a", "b", [0.004, 0.003, 0.004, 0.0035, 0.0042, 0.0038])], 0.25)
    assert "by 0.0037 points (95 % interval 0.0030 … 0.0042)" in verdict.sentence


def test_images_add_the_question_of_other_images() -> None:
    rng = np.random.default_rng(1)
    taste = rng.permutation([-1] * 55 + [0] * 72 + [1] * 73)
    images = np.where(rng.random((6, 200)) < 0.9, taste, 0).astype(np.int8)
    differences = 100 * images.mean(axis=1)
    with_images, without = judge(
        [Pair("a", "b", differences, images=images), Pair("a", "b", differences)], 0.25
    )
    assert (without.images, without.p_crossed) == (None, None)
    assert without.interval == without.interval_here == with_images.interval_here
    assert with_images.images == 200
    assert (with_images.verdict, with_images.verdict_here) == ("undecided", "better")
    assert with_images.interval is not None
    assert with_images.interval.low < 0 < with_images.interval.high
    assert "; on these 200 test images better (" in with_images.sentence
    assert "for images like these" not in without.sentence


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(TrainError, match="margin must be above 0 points, got 0"):
        judge([Pair("a", "b", CLEAR)], 0)
    with pytest.raises(TrainError, match="a against b: 5 rows, 6 seeds"):
        Pair("a", "b", CLEAR, images=np.zeros((5, 9), np.int8))
    assert judge([], 0.25) == []


@settings(max_examples=examples(30), deadline=None)
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
        assert (other.p_t, other.p_signflip, other.p) == (one.p_t, one.p_signflip, one.p)
        assert other.p_equivalence == one.p_equivalence
        if one.interval is not None:
            assert other.interval == pytest.approx((-one.interval.high, -one.interval.low))


@settings(max_examples=examples(30), deadline=None)
@given(families(), st.randoms())
def test_the_order_of_the_pairs_does_not_matter(pairs: list[Pair], random: object) -> None:
    order = list(range(len(pairs)))
    random.shuffle(order)  # type: ignore[attr-defined]
    verdicts = judge(pairs, 0.25)
    assert judge([pairs[i] for i in order], 0.25) == [verdicts[i] for i in order]


@st.composite
def studies(draw: st.DrawFn) -> tuple[list[Pair], Looks]:
    """Draw a family with test images, and one to three looks at it."""
    counts = sorted(draw(st.sets(st.integers(5, 12), min_size=1, max_size=3)))
    looks = Looks(draw(st.integers(5, 14)), tuple(counts))
    n, images = counts[-1], draw(st.integers(2, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pairs = []
    for number in range(draw(st.integers(1, 3))):
        lean = rng.choice(
            [-1, 0, 1], images, p=draw(st.sampled_from([(0, 1, 0), (0.1, 0.8, 0.1), (0, 0.5, 0.5)]))
        )
        seeds = rng.choice(
            [-1, 0, 1], (n, images), p=draw(st.sampled_from([(0, 1, 0), (0.05, 0.9, 0.05)]))
        )
        table = np.clip(lean + seeds, -1, 1).astype(np.int8)
        pairs.append(Pair(f"arm {number}", "other", 100 * table.mean(axis=1), images=table))
    return pairs, looks


def read(interval: Interval | None, margin: float) -> str:
    """Return the verdict that a reader of the interval alone would give."""
    if interval is None:
        return "undecided"
    low, high = (round(end, 9) for end in interval)
    if low > 0 or high < 0:
        return "better" if low > 0 else "worse"
    return "equivalent" if -margin < low and high < margin else "undecided"


@settings(max_examples=examples(60), deadline=None)
@given(studies(), st.sampled_from([0.25, 2.0]))
def test_every_verdict_is_the_one_of_the_interval_beside_it(
    study: tuple[list[Pair], Looks], margin: float
) -> None:
    pairs, looks = study
    for verdict in judge(pairs, margin, looks):
        assert verdict.verdict == read(verdict.interval, margin)
        assert verdict.verdict_here == read(verdict.interval_here, margin)
        if len(looks.seeds) == 1:  # of several looks, one may have decided what the last does not
            assert (verdict.p <= LEVEL) == (verdict.verdict in MIRRORED)
            assert (verdict.p_here <= LEVEL) == (verdict.verdict_here in MIRRORED)
        if verdict.interval and verdict.interval_here and len(looks.seeds) == 1:
            assert verdict.interval.low <= verdict.interval_here.low
            assert verdict.interval_here.high <= verdict.interval.high


@settings(max_examples=examples(30), deadline=None)
@given(families())
def test_every_verdict_follows_from_its_numbers(pairs: list[Pair]) -> None:
    for pair, verdict in zip(pairs, judge(pairs, 0.25), strict=True):
        assert verdict.p_t <= verdict.p * (1 + 1e-9)  # rounded differently
        assert "no difference" not in verdict.sentence
        assert "-" not in verdict.sentence
        assert (verdict.verdict == "identical") == (pair.same_weights and not any(pair.differences))
        if verdict.verdict in MIRRORED or verdict.verdict == "equivalent":
            assert verdict.n >= 6
            assert verdict.interval is not None
        if verdict.verdict != "identical":
            assert verdict.verdict == read(verdict.interval, 0.25)
        if verdict.verdict != "undecided":
            assert verdict.more_seeds is None
        elif verdict.more_seeds is not None:
            assert 1 <= verdict.more_seeds <= 1_000
            assert verdict.n + verdict.more_seeds >= 6


def test_what_an_early_look_decided_stays_decided() -> None:
    later = [*CLEAR, 0.9, -0.5, 0.8, -0.4]
    first, second = Looks(6, (6,)), Looks(6, (6, 10))
    (early,) = judge([Pair("a", "b", CLEAR)], 0.25, first)
    (late,) = judge([Pair("a", "b", later)], 0.25, second)
    assert early.verdict == late.verdict == "better"
    (alone,) = judge([Pair("a", "b", later)], 0.25, Looks(10, (10,)))
    assert alone.verdict == "undecided"
    assert early.interval is not None
    assert late.interval is not None
    assert early.interval.low <= late.interval.low < late.interval.high <= early.interval.high


def test_looks_that_contradict_each_other_leave_the_last_one() -> None:
    values = [*[0.5, 0.51, 0.52, 0.5, 0.49, 0.5], *[-5.0] * 6]
    values = [*values[:6], *(value + 0.01 * i for i, value in enumerate(values[6:]))]
    (both,) = judge([Pair("a", "b", values)], 0.25, Looks(6, (6, 12)))
    assert both.interval is not None
    assert both.interval.low < both.mean < both.interval.high


def test_a_look_counts_the_seeds_that_did_not_diverge() -> None:
    values = [0.4, 0.5, 0.3, 0.42, 0.44, 0.46, 0.41]
    kept = [0, 1, 2, 4, 5, 6, 7]
    whole = judge([Pair("a", "b", values, replicates=kept)], 0.25, Looks(7, (7, 8)))
    assert [each.n for each in whole] == [7]
    assert Pair("a", "b", values, replicates=kept).first(7).differences.tolist() == values[:6]  # type: ignore[union-attr]


def test_arms_that_are_the_same_are_seldom_told_apart() -> None:
    # were 5 % of all families false, more than 12 of 100 would come about once in 600 times
    assert false_claims(6, 50, 0.01) + false_claims(10, 50, 0.0) <= 12


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


@pytest.mark.parametrize(
    ("images", "verdict"), [(50, "undecided"), (400, "undecided"), (1_600, "equivalent")]
)
def test_few_images_without_any_difference_do_not_show_that_others_have_none(
    images: int, verdict: str
) -> None:
    found = judge([Pair("a", "b", [0.0] * 6, images=np.zeros((6, images), np.int8))], 0.25)[0]
    assert (found.verdict, found.verdict_here) == (verdict, "equivalent")
    assert found.interval
    # the exact limit for a share of which none of so many images was found (Clopper and Pearson)
    limit = 100 * float(stats.beta.ppf(0.975, 1, images))
    assert found.interval == pytest.approx((-limit, limit))
    if verdict == "undecided":
        assert found.more_seeds is None
        assert found.images_needed is not None
        assert 1_400 < found.images_needed < 1_600


def test_no_image_that_differs_and_all_images_that_differ_leave_room_for_others() -> None:
    one = np.ones((6, 50), np.int8)
    found = judge([Pair("a", "b", [100.0] * 6, images=one)], 0.25)[0]
    assert (found.verdict, found.verdict_here) == ("better", "better")
    assert found.interval
    assert found.interval.low == pytest.approx(100 * 0.025 ** (1 / 50))
    assert found.p <= 0.05


@given(st.lists(st.lists(st.integers(-1, 1), min_size=2, max_size=2), min_size=6, max_size=8))
def test_no_interval_of_a_few_images_leaves_what_accuracies_can_differ_by(
    images: list[list[int]],
) -> None:
    """The t intervals of two images reach to 10^53 points."""
    table = np.array(images, np.float64)
    pair = Pair("one", "other", 100 * table.mean(axis=1), images=table)
    (found,) = measure([pair], 0.25)
    assert found.interval is not None
    assert -100 <= found.interval.low <= found.mean <= found.interval.high <= 100
