"""Statistics: known values, brute force, and laws."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from train.errors import TrainError
from train.statistics.intervals import Estimate, half_width, interval, paired
from train.statistics.power import Spread, images_for, more_seeds
from train.statistics.significance import (
    paired_t,
    sign_flip,
    sign_flip_interval,
)

SIX = [0.42, 0.31, 0.55, -0.08, 0.23, 0.36]
POINTS = st.integers(-300, 300).map(lambda hundredths: hundredths / 100)


def test_the_interval_is_the_one_of_the_textbook() -> None:
    low, high = interval([1.0, 2.0, 3.0, 4.0, 5.0]) or (0, 0)
    reach = 2.776445 * math.sqrt(2.5) / math.sqrt(5)
    assert (low, high) == pytest.approx((3 - reach, 3 + reach), abs=1e-6)


def test_a_pairing_is_what_scipy_makes_of_it() -> None:
    found, reference = paired(SIX), stats.ttest_1samp(SIX, 0)
    assert found[:3] == (6, pytest.approx(np.mean(SIX)), pytest.approx(np.std(SIX, ddof=1)))
    assert found.interval == pytest.approx(tuple(reference.confidence_interval(0.95)))
    assert paired_t(SIX) == pytest.approx(reference.pvalue)


def test_a_single_number_has_no_spread() -> None:
    assert paired([0.3]) == Estimate(1, 0.3, None, None)
    assert interval([0.3]) is None
    assert (paired_t([0.3]), sign_flip([0.3])) == (1.0, 1.0)


def test_numbers_that_differ_by_rounding_alone_are_equal() -> None:
    found = paired([93.12 - 93.02, 88.4 - 88.3, 0.1])
    assert found.sd == 0.0
    assert found.interval == pytest.approx((0.1, 0.1))
    assert paired_t([1e-13, -1e-13]) == 1.0


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [math.inf], [[1.0, 2.0]]])
def test_what_has_no_mean_is_refused(values: list[float]) -> None:
    with pytest.raises(TrainError, match="finite numbers"):
        paired(values)


@pytest.mark.parametrize(("differences", "p"), [([0.0, 0.0, 0.0], 1.0), ([0.2, 0.2, 0.2], 0.0)])
def test_the_t_test_of_equal_differences(differences: list[float], p: float) -> None:
    assert paired_t(differences) == p


@given(st.lists(POINTS, min_size=1, max_size=9))
def test_the_sign_flip_test_counts_every_pattern(differences: list[float]) -> None:
    seen = abs(sum(differences)) - 1e-9
    sums = [abs(np.dot(signs, differences)) for signs in product([1, -1], repeat=len(differences))]
    assert sign_flip(differences) == sum(total >= seen for total in sums) / len(sums)


@pytest.mark.parametrize("n", [2, 5, 6, 20])
def test_the_smallest_sign_flip_p_is_two_patterns_of_all(n: int) -> None:
    assert sign_flip(np.linspace(0.1, 1, n)) == 2 / 2**n


def test_all_differences_zero_say_nothing() -> None:
    assert sign_flip([0.0] * 6) == sign_flip([0.0] * 30) == 1.0


def test_many_pairs_are_flipped_by_drawing() -> None:
    values = np.random.default_rng(1).normal(0.3, 1, 30)
    reference = stats.permutation_test(
        (values,),
        np.mean,
        permutation_type="samples",
        n_resamples=50_000,
        rng=np.random.default_rng(2),
    )
    assert sign_flip(values) == pytest.approx(reference.pvalue, abs=0.01)
    assert sign_flip(values) == sign_flip(values)
    assert sign_flip(np.linspace(0.1, 1, 30)) == 1 / 100_001


def test_drawing_and_counting_agree() -> None:
    values = np.random.default_rng(3).normal(0.2, 1, 20)
    assert sign_flip([*values, 0.0]) == pytest.approx(sign_flip(values), abs=0.01)


def test_half_an_interval() -> None:
    assert half_width(1.0, 10) == pytest.approx(2.262157 / math.sqrt(10), abs=1e-6)
    assert half_width(1.0, 1) == math.inf
    low, high = interval(SIX) or (0, 0)
    assert half_width(float(np.std(SIX, ddof=1)), 6) == pytest.approx((high - low) / 2)


def more(
    mean: float, sd: float, seeds: int, margin: float = 0.25, alpha: float = 0.05
) -> int | None:
    return more_seeds(Spread(sd, alpha=alpha), mean, margin, seeds)


def test_eighty_per_cent_power_takes_the_seeds_of_the_tables() -> None:
    # Cohen's d = 0.5 and 0.8, two-sided 5 %, one sample: 34 and 15 (G*Power, R's pwr.t.test)
    assert more(0.5, 1.0, 10, margin=0.01) == 24
    assert more(-0.8, 1.0, 10, margin=0.01) == 5


@pytest.mark.parametrize(
    ("mean", "margin", "level"), [(0.0, 0.25, 0.05), (0.1, 0.25, 0.05 / 3), (-0.08, 0.25, 0.05 / 3)]
)
def test_the_seeds_for_equivalence_have_eighty_per_cent_power(
    mean: float, margin: float, level: float
) -> None:
    sd, rng = 0.3, np.random.default_rng(4)
    n = 6 + (more(mean, sd, 6, margin, level) or 0)

    def power(n: int) -> float:
        drawn = rng.normal(mean, sd, (40_000, n))
        reach = stats.t.ppf(1 - level / 2, n - 1) * drawn.std(axis=1, ddof=1) / math.sqrt(n)
        return float(np.mean(np.abs(drawn.mean(axis=1)) + reach < margin))

    assert power(n) > 0.79
    assert power(n - 1) < 0.81


def test_the_strictest_level_takes_more_seeds() -> None:
    alone, of_ten = (more(0.2, 0.3, 6, alpha=level) for level in (0.05, 0.005))
    assert alone is not None
    assert of_ten is not None
    assert of_ten > alone


def test_no_fewer_than_six_seeds_decide() -> None:
    assert more(5.0, 0.01, 3) == 3
    assert more(0.0, 0.0, 2) == 4
    assert more(5.0, 0.01, 6) == 1


def test_beyond_a_thousand_more_seeds_no_number_is_given() -> None:
    assert more(0.02, 3.0, 6, margin=0.03) is None
    assert more(0.25, 1.0, 6) == 122


def test_where_test_images_are_too_few_only_more_of_them_would_decide() -> None:
    spread = Spread(0.2, 18.0, 400, alpha=0.005)
    assert more_seeds(spread, 0.5, 0.25, 6) is None
    needed = images_for(spread, 0.5, 0.25, 10)
    assert needed is not None
    assert 10_000 < needed < 40_000
    for images, enough in ((needed, True), (needed - 1, False)):
        assert (replace(spread, images=images).power(0.5, 0.25, 10) >= 0.8) == enough
    assert images_for(spread, 0.01, 0.001, 6) is None
    assert images_for(Spread(0.2), 0.5, 0.25, 6) is None


@pytest.mark.parametrize(("seeds", "images"), [(6, 400), (10, 10_000)])
def test_the_detectable_difference_is_found_in_eighty_per_cent(seeds: int, images: int) -> None:
    spread = Spread(0.4, 20.0, images, 0.04 / 3)
    size = spread.detectable(seeds)
    assert size is not None
    rng, count = np.random.default_rng(seeds), 40_000
    drawn = rng.normal(0, 0.4, (count, seeds))
    mean = size + drawn.mean(axis=1) + rng.normal(0, 20 / math.sqrt(images), count)
    own = drawn.var(axis=1, ddof=1) / seeds
    whole = own + 20.0**2 / images
    df = (seeds - 1) * (whole / own) ** 2
    reach = np.maximum(
        stats.t.ppf(1 - spread.alpha / 2, df) * np.sqrt(whole),
        stats.t.ppf(1 - spread.alpha / 2, seeds - 1) * np.sqrt(own),
    )
    assert np.mean(mean > reach) == pytest.approx(0.8, abs=0.04)
    assert spread.detectable(5) is None
    assert Spread(0.0).detectable(6) == 0.0


@given(st.lists(POINTS, min_size=1, max_size=9))
def test_the_interval_of_sign_flips_holds_what_the_test_does_not_reject(
    values: list[float],
) -> None:
    found = sign_flip_interval(values)
    assert (found is None) == (len(values) < 6)
    if found:
        for value in (found.low, found.high, (found.low + found.high) / 2):
            assert sign_flip(np.array(values) - value) > 0.05
        for value in (found.low - 1e-6, found.high + 1e-6):
            assert sign_flip(np.array(values) - value) <= 0.05


def test_the_interval_of_six_sign_flips_ends_at_the_smallest_and_the_largest() -> None:
    assert sign_flip_interval(SIX) == pytest.approx((-0.08, 0.55))
    assert sign_flip_interval([0.1] * 21) is None
