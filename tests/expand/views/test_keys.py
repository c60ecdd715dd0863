"""Keyed numbers: the same anywhere, independent of one another, even."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from expand.views import walk as walk_module
from expand.views.keys import STEPS, draw, draw_many, unit


def test_the_numbers_never_change() -> None:
    # Golden. Whoever must change these changes every copy that anybody has ever made: a new major version, and CHANGELOG.
    assert draw(0, "source", "cat/1.png", 0, 3) == [
        8717623667281425081,
        14374108533745396408,
        13952335274343806039,
    ]
    assert draw(2**64 - 1, "seed", "ü/ 1.png", 7, 1) == [5095352942932491202]
    assert STEPS[:2] == (13503953896175478587, 7640891576956012808)


def test_a_longer_draw_begins_with_the_shorter_one() -> None:
    assert draw(5, "source", "a", 0, 30)[:9] == draw(5, "source", "a", 0, 9)


def test_every_part_of_the_key_matters() -> None:
    keys = [
        (0, "source", "a", 0),
        (1, "source", "a", 0),
        (0, "seed", "a", 0),
        (0, "source", "b", 0),
        (0, "source", "a", 1),
    ]
    assert len({draw(*key, 1)[0] for key in keys}) == len(keys)


def test_the_numbers_are_even_and_uncorrelated() -> None:
    numbers = np.array(
        [[unit(n) for n in draw(0, "number", f"class/{i}.png", 1, 12)] for i in range(10_000)]
    )
    for column in numbers.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
    correlations = np.corrcoef(numbers.T)[np.triu_indices(12, 1)]
    assert np.abs(correlations).max() < 0.05  # five standard errors


def test_units_lie_in_the_half_open_interval() -> None:
    assert unit(0) == 0.0
    assert unit(2**64 - 1) == 1 - 2**-53


def test_the_steps_are_the_square_roots_of_primes() -> None:
    assert math.isclose(STEPS[0] / 2**64, math.sqrt(3) % 1, rel_tol=1e-15)
    assert len(set(STEPS)) == len(STEPS)


def test_many_at_once_are_the_same_numbers() -> None:
    ids = ["a/1.png", "ü/2.png", ""]
    for count in (0, 1, 8, 19):
        many = draw_many(7, "seed", [source.encode() for source in ids], 5, count)
        assert many.tolist() == [draw(7, "seed", source, 5, count) for source in ids]


def test_the_step_of_a_walk_is_the_nearest_to_the_golden_ratio_without_a_common_divisor() -> None:
    for radix in (*range(1, 300), 30030, 65536):
        ideal = radix * (5**0.5 - 1) / 2
        coprime = (n for n in range(1, radix + 1) if math.gcd(n, radix) == 1)
        assert walk_module._golden_step(radix) == min(coprime, key=lambda n: abs(n - ideal))
