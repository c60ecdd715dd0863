"""Bootstrap: against slow direct resampling, and how often the intervals hold the truth."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from train.errors import TrainError
from train.statistics.bootstrap import bca, bca_crossed
from train.statistics.intervals import Interval, interval

SIX = [0.42, 0.31, 0.55, -0.08, 0.23, 0.36]


def crossed(
    rng: np.random.Generator, seeds: int, images: int, by_seed: float, by_image: float
) -> NDArray[np.int8]:
    """Return differences of correctness, 0 on average, of two arms on images of many difficulties.

    Seeds differ by `by_seed`, the arms' tastes in images by `by_image`, both on the scale of the logits.
    """
    difficulty, taste = rng.normal(1.5, 2, images), rng.normal(0, by_image, images)

    def right(sign: int) -> NDArray[np.int8]:
        logits = difficulty + sign * taste + rng.normal(0, by_seed, (seeds, 1))
        return (rng.random((seeds, images)) < 1 / (1 + np.exp(-logits))).astype(np.int8)

    return right(1) - right(-1)


def directly(differences: NDArray[np.int8], resamples: int) -> Interval:
    """Return the crossed BCa interval by picking rows and columns, and leaving them out one by one."""
    rng, (n, count) = np.random.default_rng(8), differences.shape
    means = np.array(
        [
            differences[np.ix_(rng.integers(0, n, n), rng.integers(0, count, count))].mean(
                dtype=np.float64
            )
            for _ in range(resamples)
        ]
    )
    top = bottom = 0.0
    for axis, size in ((0, n), (1, count)):
        left_out = np.array(
            [np.delete(differences, i, axis).mean(dtype=np.float64) for i in range(size)]
        )
        terms = (size - 1) * (left_out.mean() - left_out)
        top, bottom = top + (terms**3).sum() / size**3, bottom + (terms**2).sum() / size**2
    mean, acceleration = differences.mean(dtype=np.float64), top / (6 * bottom**1.5)
    bias = stats.norm.ppf(((means < mean - 1e-12).mean() + (means < mean + 1e-12).mean()) / 2)
    ends = bias + np.array(stats.norm.ppf([0.025, 0.975]))
    low, high = 100 * np.quantile(means, stats.norm.cdf(bias + ends / (1 - acceleration * ends)))
    return Interval(float(low), float(high))


def holds(found: Interval | None, truth: float = 0.0) -> bool:
    assert found is not None
    return found.low <= truth <= found.high


def test_over_seeds_it_is_scipys_interval_and_always_the_same() -> None:
    found = bca(SIX)
    reference = stats.bootstrap(
        (SIX,), np.mean, method="BCa", n_resamples=99_999, rng=np.random.default_rng(9)
    )
    assert found == pytest.approx(tuple(reference.confidence_interval), abs=0.01)
    assert found == bca(SIX)


def test_few_seeds_have_none() -> None:
    assert bca([0.1]) is bca([0.1, 0.2]) is bca([0.1, 0.1]) is None
    assert bca_crossed(np.ones((2, 9), np.int8)) is None


def test_equal_differences_have_a_point() -> None:
    assert bca([0.1, 0.1, 0.1]) == pytest.approx((0.1, 0.1))
    assert bca_crossed(np.zeros((3, 9), np.int8)) == (0.0, 0.0)
    assert bca_crossed(np.ones((3, 9), np.int8)) == (100.0, 100.0)


@settings(max_examples=30)
@given(st.lists(st.integers(-200, 200), min_size=3, max_size=12))
def test_every_interval_over_seeds_lies_within_the_values(hundredths: list[int]) -> None:
    found = bca([value / 100 for value in hundredths])
    assert found is not None
    assert min(hundredths) / 100 - 1e-9 <= found.low <= found.high <= max(hundredths) / 100 + 1e-9


@pytest.mark.parametrize(
    ("n", "count", "by_seed", "by_image"),
    [(5, 40, 0.5, 0.5), (10, 200, 0.1, 0.8), (8, 25, 1.0, 0.0)],
)
def test_over_seeds_and_images_it_is_what_direct_resampling_gives(
    n: int, count: int, by_seed: float, by_image: float
) -> None:
    differences = crossed(np.random.default_rng(n), n, count, by_seed, by_image)
    found, slow = bca_crossed(differences), directly(differences, 4_000)
    assert found == bca_crossed(differences)
    assert found == pytest.approx(slow, abs=0.06 * (slow.high - slow.low))


def test_images_that_all_agree_leave_the_seeds_alone() -> None:
    rows = np.array([1, 1, 0, 0, 0, -1, 1, 0], np.int8)
    over_seeds = bca(100.0 * rows)
    assert over_seeds is not None
    assert bca_crossed(np.repeat(rows[:, None], 50, axis=1)) == pytest.approx(over_seeds, abs=3)


def test_seeds_that_all_agree_leave_the_images_alone() -> None:
    columns = np.random.default_rng(10).integers(-1, 2, 200).astype(np.int8)
    assert bca_crossed(np.repeat(columns[None], 6, axis=0)) == pytest.approx(
        bca(100.0 * columns), abs=1
    )


def test_chance_alone_without_effects_of_seeds_or_images_has_an_interval() -> None:
    found = bca_crossed(np.array([[1, -1, 0], [-1, 0, 1], [0, 1, -1]], np.int8))
    assert found is not None
    assert found.low < 0 < found.high


@pytest.mark.parametrize(
    "wrong", [np.zeros(3, np.int8), np.full((3, 3), 2, np.int8), np.zeros((3, 0), np.int8)]
)
def test_anything_but_a_matrix_of_differences_is_refused(wrong: NDArray[np.int8]) -> None:
    with pytest.raises(TrainError, match="−1, 0 or 1, seeds × images"):
        bca_crossed(wrong)


def test_the_crossed_interval_covers_other_images_where_the_one_over_seeds_does_not() -> None:
    rng = np.random.default_rng(11)
    drawn = [crossed(rng, 10, 200, 0.02, 1.0) for _ in range(100)]
    assert np.mean([holds(bca_crossed(differences)) for differences in drawn]) >= 0.93
    assert (
        np.mean([holds(interval(100 * differences.mean(axis=1))) for differences in drawn]) < 0.85
    )


@pytest.mark.slow
def test_ten_seeds_and_ten_thousand_images_take_less_than_a_second_of_a_core() -> None:
    differences = np.random.default_rng(12).integers(-1, 2, (10, 10_000)).astype(np.int8)
    taken = []
    for _ in range(5):
        started = time.process_time()
        bca_crossed(differences)
        taken.append(time.process_time() - started)
    assert min(taken) < 1


@pytest.mark.slow
@pytest.mark.parametrize(("n", "of_bca"), [(6, 0.86), (10, 0.90)])
def test_the_coverage_is_the_one_that_is_stated(n: int, of_bca: float) -> None:
    drawn = np.random.default_rng(n).normal(0, 1, (4_000, n))
    assert np.mean([holds(interval(values)) for values in drawn]) == pytest.approx(0.95, abs=0.01)
    assert np.mean([holds(bca(values)) for values in drawn]) == pytest.approx(of_bca, abs=0.015)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "by_seed", "by_image", "low", "high"),
    [
        (6, 0.5, 0.0, 0.86, 0.93),
        (10, 0.5, 0.0, 0.91, 0.96),
        (6, 0.1, 0.3, 0.95, 1.0),
        (10, 0.1, 0.3, 0.95, 1.0),
    ],
)
def test_the_crossed_coverage_is_the_one_that_is_stated(
    n: int, by_seed: float, by_image: float, low: float, high: float
) -> None:
    rng = np.random.default_rng(n)
    assert (
        low
        <= np.mean(
            [holds(bca_crossed(crossed(rng, n, 300, by_seed, by_image))) for _ in range(400)]
        )
        <= high
    )
