"""Crossed samples: against statsmodels, and how often the intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.formula.api import ols

from tests.conftest import examples
from train.errors import TrainError
from train.statistics.bounds import samples
from train.statistics.crossed import crossed


def table_of(
    rng: np.random.Generator, seeds: int, images: int, by_seed: float, by_image: float
) -> NDArray[np.int8]:
    """Return differences of correctness, 0 on average, of two arms on images of many difficulties.

    Seeds differ by `by_seed`, and arms from image to image by `by_image`, on the scale of the logits.
    """
    difficulty, by_arm = rng.normal(1.5, 2, images), rng.normal(0, by_image, images)

    def right(sign: int) -> NDArray[np.int8]:
        logits = difficulty + sign * by_arm + rng.normal(0, by_seed, (seeds, 1))
        return (rng.random((seeds, images)) < 1 / (1 + np.exp(-logits))).astype(np.int8)

    return right(1) - right(-1)


def test_the_mean_squares_are_those_of_an_analysis_of_variance() -> None:
    table = table_of(np.random.default_rng(1), 6, 40, 0.5, 0.8)
    seeds, images = np.indices(table.shape)
    data = {"y": table.ravel().astype(float), "seed": seeds.ravel(), "image": images.ravel()}
    anova = sm.stats.anova_lm(ols("y ~ C(seed) + C(image)", data).fit())
    mss, msi, mse = anova["mean_sq"]
    found = crossed(table)
    assert found.seeds_se == pytest.approx(100 * (mss / table.size) ** 0.5)
    assert found.images_se == pytest.approx(100 * (max(0, msi - mse) / table.size) ** 0.5)
    assert found.se == pytest.approx(100 * ((mss + max(0, msi - mse)) / table.size) ** 0.5)
    top = (mss + msi - mse) ** 2
    assert found.df == pytest.approx(top / (mss**2 / 5 + msi**2 / 39 + mse**2 / (5 * 39)))
    assert found.mean == pytest.approx(100 * table.mean())
    assert found.images_sd == pytest.approx(found.images_se * 40**0.5)


def test_images_that_all_agree_leave_the_seeds_alone() -> None:
    rows = np.array([1, 1, 0, 0, 0, -1, 1, 0], np.int8)
    found = crossed(np.repeat(rows[:, None], 50, axis=1))
    assert (found.images_se, found.df) == (0, pytest.approx(7))
    assert found.seeds_se == pytest.approx(100 * rows.std(ddof=1) / 8**0.5)


def test_seeds_that_all_agree_leave_the_images_alone() -> None:
    columns = np.random.default_rng(10).integers(-1, 2, 200).astype(np.int8)
    found = crossed(np.repeat(columns[None], 6, axis=0))
    assert (found.seeds_se, found.df) == (pytest.approx(0), pytest.approx(199))
    assert found.images_se == pytest.approx(100 * columns.std(ddof=1) / 200**0.5)


def test_tables_that_are_too_small_are_refused() -> None:
    for shape in ((1, 9), (9, 1), (4,)):
        with pytest.raises(TrainError, match="at least two of each"):
            crossed(np.zeros(shape, np.int8))
    assert crossed(np.zeros((2, 2), np.int8)).se == 0


@settings(max_examples=examples(50))
@given(st.integers(2, 8), st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_mirrored_shuffled_and_scaled_tables_have_the_same_spread(
    n: int, images: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(-1, 2, (n, images)).astype(np.int8)
    found, mirrored = (
        crossed(table),
        crossed(-table[rng.permutation(n)][:, rng.permutation(images)]),
    )
    assert mirrored.mean == pytest.approx(-found.mean, abs=1e-9)
    assert mirrored[3:] == pytest.approx(found[3:])
    assert crossed(table / 2).se == pytest.approx(found.se / 2)


def misses(n: int, images: int, by_seed: float, by_image: float, count: int) -> tuple[float, float]:
    """Return how often the intervals on these images and for images like these miss the truth, 0."""
    rng, missed = np.random.default_rng(n + images), np.zeros(2)
    for _ in range(count):
        table = table_of(rng, n, images, by_seed, by_image)
        for number, sample in enumerate(samples(100 * table.mean(axis=1, dtype=float), table)):
            assert sample is not None
            low, high = sample.interval(0.05) or (0, 0)
            missed[number] += not low <= 0 <= high
    here, alike = missed / count
    return float(here), float(alike)


def test_the_interval_for_images_like_these_covers_them_where_the_one_over_seeds_does_not() -> None:
    here, alike = misses(10, 300, 0.02, 1.0, 200)
    assert here > 0.15
    assert alike <= 0.09


@pytest.mark.slow
@pytest.mark.parametrize("n", [6, 10])
@pytest.mark.parametrize("images", [100, 400, 2_000])
@pytest.mark.parametrize(("by_seed", "by_image"), [(0.05, 0.5), (0.2, 0.2), (0.5, 0.3), (0.5, 0.0)])
def test_of_a_thousand_intervals_for_images_like_these_at_most_five_per_cent_miss(
    n: int, images: int, by_seed: float, by_image: float
) -> None:
    # at a rate of 5 %, more than 68 of 1,000 would come about once in 200 times
    assert misses(n, images, by_seed, by_image, 1_000)[1] <= 0.068
