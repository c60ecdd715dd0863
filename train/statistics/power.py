"""Power: how many seeds a verdict needs."""

from __future__ import annotations

import math
from bisect import bisect_left

from scipy import stats

from train.errors import TrainError
from train.statistics.intervals import Estimate, half_width

POWER = 0.8
"""How likely a planned number of seeds is to decide, if the truth is what was seen so far."""
FEWEST_SEEDS = 6
"""The minimum for a claim: a sign-flip test of n pairs has p ≥ 2/2ⁿ, and 2/2⁵ is above LEVEL."""
MOST_MORE_SEEDS = 1_000


def seeds_for(reach: float, sd: float) -> int:
    """Return the fewest seeds whose 95 % t interval has a half-width of at most `reach` points."""
    if not reach > 0:
        raise TrainError(f"the half-width must be above 0 points, got {reach:g}")
    counts = range(2, 10**12)
    return counts[bisect_left(counts, True, key=lambda n: half_width(sd, n) <= reach)]


def more_seeds(estimate: Estimate, margin: float, level: float) -> int | None:
    """Return how many more seeds would decide, if mean and spread stay; None: more than 1,000.

    To decide is to have 80 % power, at `level`, in the t test or in the test of equivalence; never
    with fewer than six seeds in all. A single seed knows no spread: six in all.
    """
    least = max(estimate.n + 1, FEWEST_SEEDS)
    sd = estimate.sd
    if not sd:
        return least - estimate.n
    counts = range(least, estimate.n + MOST_MORE_SEEDS + 1)
    index = bisect_left(
        counts, True, key=lambda n: _power(abs(estimate.mean) / sd, margin / sd, n, level) >= POWER
    )
    return counts[index] - estimate.n if index < len(counts) else None


def _power(effect: float, margin: float, n: int, level: float) -> float:
    """Return the larger power of the t test and of equivalence; effect and margin in deviations.

    By the noncentral t distribution; for equivalence, the difference of two (as PowerTOST's method
    "nct").
    """
    bar, root = stats.t.ppf(1 - level / 2, n - 1), math.sqrt(n)
    differ = 1 - _noncentral(bar, n, effect * root)
    bar = stats.t.ppf(1 - level, n - 1)
    near = _noncentral(-bar, n, (effect - margin) * root) - _noncentral(
        bar, n, (effect + margin) * root
    )
    return max(differ, near)


def _noncentral(value: float, n: int, shift: float) -> float:
    """Return the noncentral t distribution up to `value`.

    Shifts are cut at 30: beyond that scipy gives NaN, and the share is 0 or 1.
    """
    return float(stats.nct.cdf(value, n - 1, min(max(shift, -30.0), 30.0)))
