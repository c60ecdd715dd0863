"""Exchange rates: read from curves whose rates are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from train.errors import TrainError
from train.statistics.intervals import Interval
from train.statistics.overlap import widening
from train.worth.exchange import (
    ABOVE,
    BELOW,
    Measured,
    containing,
    exchange,
    fit_curve,
    gains,
    inflation,
    loses,
    percentiles,
    resample,
)

SIZES = (250, 500, 1000, 2000)


def truth(sources: float) -> float:
    """Return the accuracy of a power law."""
    return float(0.9 - 1.6 * sources**-0.4)


def answers(
    rng: np.random.Generator,
    accuracy: float,
    shifts: NDArray[np.float64],
    images: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return right and wrong answers, replicates × images, around an accuracy."""
    chances = np.clip(accuracy + shifts[:, None] + images, 0, 1)
    return (rng.random(chances.shape) < chances).astype(np.float64)


def study(
    rng: np.random.Generator, seeds: int, factor: float, images: int = 500
) -> tuple[list[Measured], list[Measured]]:
    """Return trials without augmentation, and with one that is worth `factor` times the sources."""
    hard = rng.uniform(-0.09, 0.09, images)
    common = rng.normal(0, 0.006, seeds)

    def trial(sources: float, accuracy: float) -> Measured:
        shifts = common + rng.normal(0, 0.006, seeds)
        return Measured.of(sources, answers(rng, accuracy, shifts, hard))

    plain = [trial(size, truth(size)) for size in SIZES]
    return plain, [trial(size, truth(factor * size)) for size in SIZES]


def test_a_curve_read_at_its_own_accuracies_gives_its_sizes() -> None:
    curve = fit_curve(SIZES, np.array([truth(size) for size in SIZES]))
    for size in SIZES:
        assert curve.needed(truth(size)) == pytest.approx(size, rel=1e-6)


def test_a_rate_between_two_sizes_is_read_within_2_percent() -> None:
    curve = fit_curve(SIZES, np.array([truth(size) for size in SIZES]))
    for sources in (300, 350, 700, 1400, 1700):
        assert curve.needed(truth(sources)) == pytest.approx(sources, rel=0.02)


def test_nothing_is_extrapolated() -> None:
    curve = fit_curve(SIZES, np.array([0.5, 0.6, 0.7, 0.8]))
    assert curve.needed(0.81) == ABOVE
    assert curve.needed(0.49) == BELOW
    assert curve.needed(0.8) == pytest.approx(2000)
    assert curve.needed(0.5) == pytest.approx(250)


def test_where_the_curve_is_flat_the_fewest_sources_count() -> None:
    curve = fit_curve(SIZES, np.array([0.5, 0.7, 0.6, 0.8]))  # 500 and 1,000 are pooled at 0.65
    assert curve.needed(0.65) == pytest.approx(500, rel=0.01)
    assert curve.most(0.65) == pytest.approx(1000, rel=0.01)
    assert curve.most(0.7) == curve.needed(0.7)
    assert (curve.most(0.81), curve.most(0.49)) == (ABOVE, BELOW)


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_an_arm_that_is_none_itself_is_never_shown_to_gain_or_to_lose(slope: float) -> None:
    rng = np.random.default_rng(0)
    right = {
        size: (rng.random((6, 300)) < 0.4 + slope * np.log2(size / 250)).astype(float)
        for size in SIZES
    }
    if not slope:  # flat in every replicate and image
        right = dict.fromkeys(SIZES, right[SIZES[0]])
    plain = [Measured.of(size, right[size]) for size in SIZES]
    rates, _, _ = exchange(plain, plain)
    for size, rate in zip(SIZES, rates, strict=True):
        assert rate.interval
        assert not gains(size, rate.interval)
        assert not loses(size, rate.interval)
    if not slope:
        assert rates[-1].worth == pytest.approx(SIZES[0])
        assert rates[-1].interval
        assert rates[-1].interval.high >= SIZES[-1] * (1 - 1e-9)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=7))
def test_a_fitted_curve_never_falls_and_stays_within_its_accuracies(
    accuracies: list[float],
) -> None:
    sizes = [100 * 2**index for index in range(len(accuracies))]
    curve = fit_curve(sizes, np.array(accuracies))
    assert (np.diff(curve.accuracies) >= 0).all()
    assert (
        min(accuracies) - 1e-9
        <= curve.accuracies[0]
        <= curve.accuracies[-1]
        <= max(accuracies) + 1e-9
    )


def test_a_curve_needs_two_sizes() -> None:
    with pytest.raises(TrainError, match="two sizes, got 1"):
        fit_curve([100], np.array([0.5]))


def test_a_study_without_noise_finds_the_rate() -> None:
    def trial(sources: int, accuracy: float) -> Measured:
        images = np.repeat([1.0, 0.0], [round(1000 * accuracy), 1000 - round(1000 * accuracy)])
        return Measured(sources, np.full(6, images.mean()), images)

    plain = [trial(size, truth(size)) for size in SIZES]
    rates, spans, _ = exchange(plain, [trial(500, truth(800)), trial(2000, truth(3000))])
    assert rates[0].worth == pytest.approx(800, rel=0.03)
    assert rates[0].interval
    assert rates[0].interval.low < 800 < rates[0].interval.high
    assert rates[1].worth == ABOVE
    assert all(spans)


def test_an_interval_contains_its_estimate() -> None:
    assert containing(10, Interval(13, ABOVE)) == (10, ABOVE)
    assert containing(ABOVE, Interval(13, 20)) == (13, ABOVE)
    assert containing(15, Interval(13, 20)) == (13, 20)


def test_a_single_seed_has_no_interval() -> None:
    rng = np.random.default_rng(0)
    plain, others = study(rng, 1, 1.5)
    rates, spans, _ = exchange(plain, others)
    assert [rate.interval for rate in rates] == [None] * 4
    assert spans == [None] * 4
    assert resample(plain) is None


def test_resampled_means_vary_as_a_t_interval_has_it() -> None:
    rng = np.random.default_rng(3)
    cells = [Measured(100, rng.normal(0.5, 0.02, 6), np.full(500, 0.5))]
    drawn = resample(cells)
    assert drawn is not None
    low, high = percentiles(drawn[:, 0])
    width = 2 * 2.571 * cells[0].replicates.std(ddof=1) / np.sqrt(6)
    assert high - low == pytest.approx(width, rel=0.08)


def test_sources_that_draws_share_widen_the_interval() -> None:
    assert inflation(6, 0.5) == pytest.approx(inflation(6, 0.0) * widening(6, 0.5))


def test_percentiles_may_be_outside_the_curve() -> None:
    values = np.array([BELOW] * 10 + [500.0] * 80 + [ABOVE] * 10)
    assert percentiles(values) == (BELOW, ABOVE)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [6, 10])
def test_intervals_hold_the_true_rate_in_95_percent_of_studies(seeds: int) -> None:
    rng, studies, factor = np.random.default_rng(seeds), 150, 1.6
    held = np.zeros(3)
    for _ in range(studies):
        plain, others = study(rng, seeds, factor)
        rates, _, _ = exchange(plain, others[:3])
        for index, rate in enumerate(rates):
            assert rate.interval
            held[index] += rate.interval.low <= factor * SIZES[index] <= rate.interval.high
    assert held.min() / studies >= 0.90
