"""Significance tests of paired differences: t and sign flips."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from train.statistics.intervals import ALIKE, LEVEL, SEED, Interval, Values, numbers, paired

EXACT_UP_TO = 20
FLIPS = 100_000


def paired_t(differences: Values) -> float:
    """Return the two-sided p value of the paired t test; 1.0 for a single pair."""
    n, mean, sd, _ = paired(differences)
    if not sd:
        return 1.0 if sd is None or abs(mean) < ALIKE else 0.0
    return float(2 * stats.t.sf(abs(mean) * math.sqrt(n) / sd, n - 1))


def sign_flip(differences: Values) -> float:
    """Return the two-sided p value of the sign-flip (randomisation) test of the mean.

    Up to 20 pairs all 2ⁿ patterns of signs are counted, so that p is exact and at least 2/2ⁿ; above
    that, 100,000 fixed draws, the pattern that was seen among them.
    """
    return _sign_flip(tuple(numbers(differences).tolist()))


@lru_cache(maxsize=64)  # both questions of a verdict ask for the same differences
def _sign_flip(differences: tuple[float, ...]) -> float:
    values = np.array(differences)
    reached = np.abs(_flipped_sums(values)) >= abs(values.sum()) - ALIKE
    if len(values) <= EXACT_UP_TO:
        return float(reached.mean())
    return float((1 + reached.sum()) / (1 + FLIPS))


def _flipped_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums under every pattern of signs, or under drawn ones.

    The first sign is kept, since the other half of the patterns mirrors this one.
    """
    if len(values) > EXACT_UP_TO:
        rng, sums = np.random.default_rng(SEED), np.zeros(FLIPS)
        for value in values:
            sums += rng.choice([-value, value], FLIPS)
        return sums
    sums = values[:1]
    for value in values[1:]:
        sums = np.concatenate([sums - value, sums + value])
    return sums


def sign_flip_interval(differences: Values) -> Interval | None:
    """Return the interval of means that the sign-flip test does not reject at 5 %.

    Its ends are the k-th smallest and the k-th largest mean of all subsets of the differences, k
    being 2.5 % of the 2ⁿ subsets (Hartigan, "Using subsample values as typical values", 1969). None
    for fewer than six differences, of which the test rejects nothing, and for more than 20.
    """
    return _sign_flip_interval(tuple(numbers(differences).tolist()))


@lru_cache(maxsize=64)
def _sign_flip_interval(differences: tuple[float, ...]) -> Interval | None:
    values = np.array(differences)
    rank = int(LEVEL / 2 * 2 ** len(values)) if len(values) <= EXACT_UP_TO else 0
    if not rank:
        return None
    sums, counts = np.zeros(1), np.zeros(1)
    for value in values:
        sums, counts = np.concatenate([sums, sums + value]), np.concatenate([counts, counts + 1])
    means = np.partition(sums[1:] / counts[1:], (rank - 1, -rank))
    return Interval(float(means[rank - 1]), float(means[-rank]))
