"""Statistics: what paired differences say, by intervals and tests, and how many seeds a question takes.

Differences are in percentage points of test accuracy, one for each seed that both arms were trained with.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped]

from train.errors import TrainError

Values = Sequence[float] | NDArray[np.float64]

LEVEL = 0.05
"""What a p value may not exceed for a claim; intervals hold 1 − LEVEL."""
POWER = 0.8
"""How likely a planned number of seeds is to decide, if the truth is what was seen so far."""
FEWEST_SEEDS = 6
"""The floor for a claim: an exact sign-flip test of n pairs cannot go below 2/2ⁿ, and 2/2⁵ is above LEVEL."""
MOST_MORE_SEEDS = 1_000
ALIKE = 1e-9
"""Points below which numbers are equal: a rounding error, where one image of a billion would be 1e-7."""
EXACT_UP_TO = 20
FLIPS = 100_000
SEED = 20_070_815


class Interval(NamedTuple):
    """The bounds of a 95 % interval."""

    low: float
    high: float


class Estimate(NamedTuple):
    """A mean of n numbers, their standard deviation (None: only one), and the mean's 95 % t interval (None, likewise)."""

    n: int
    mean: float
    sd: float | None
    interval: Interval | None


def paired(differences: Values) -> Estimate:
    """Return what the differences of paired runs have as mean, spread and interval."""
    values = numbers(differences)
    n, mean = len(values), float(values.mean())
    if n == 1:
        return Estimate(n, mean, None, None)
    sd = 0.0 if np.ptp(values) < ALIKE else float(values.std(ddof=1))
    reach = half_width(sd, n)
    return Estimate(n, mean, sd, Interval(mean - reach, mean + reach))


def interval(values: Values) -> Interval | None:
    """Return the 95 % t interval of a mean; None for a single number."""
    return paired(values).interval


def paired_t(differences: Values) -> float:
    """Return the two-sided p value of the paired t test; 1.0 for a single pair, which cannot be tested."""
    n, mean, sd, _ = paired(differences)
    if not sd:
        return 1.0 if sd is None or abs(mean) < ALIKE else 0.0
    return float(2 * stats.t.sf(abs(mean) * math.sqrt(n) / sd, n - 1))


def sign_flip(differences: Values) -> float:
    """Return the two-sided p value of the sign-flip (randomisation) test of the mean.

    Up to 20 pairs all 2ⁿ patterns of signs are counted, so that p is exact and at least 2/2ⁿ; above that, 100,000 fixed
    draws, the pattern that was seen among them.
    """
    values = numbers(differences)
    reached = np.abs(_flipped_sums(values)) >= abs(values.sum()) - ALIKE
    if len(values) <= EXACT_UP_TO:
        return float(reached.mean())
    return float((1 + reached.sum()) / (1 + FLIPS))


def _flipped_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums under every pattern of signs (the first kept: the other half mirrors this one), or drawn ones."""
    if len(values) > EXACT_UP_TO:
        rng, sums = np.random.default_rng(SEED), np.zeros(FLIPS)
        for value in values:
            sums += rng.choice([-value, value], FLIPS)
        return sums
    sums = values[:1]
    for value in values[1:]:
        sums = np.concatenate([sums - value, sums + value])
    return sums


def equivalence(differences: Values, margin: float) -> float:
    """Return the p value of equivalence within ±`margin` points: the larger one of two one-sided paired t tests (TOST).

    Schuirmann 1987. Where all differences are equal it is 0 within the margin and 1 elsewhere; 1 for a single pair.
    """
    n, mean, sd, _ = paired(differences)
    room = margin - abs(mean)
    if not sd:
        return 0.0 if sd == 0 and room > ALIKE else 1.0
    return float(stats.t.sf(room * math.sqrt(n) / sd, n - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for being one family, by Holm's step-down method (1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    left = len(order) - np.arange(len(order))
    stepped = np.maximum.accumulate(np.minimum(1.0, np.asarray(p_values, np.float64)[order] * left))
    adjusted = np.empty(len(order))
    adjusted[order] = stepped
    return [float(p) for p in adjusted]


def half_width(sd: float, n: int) -> float:
    """Return how far the 95 % t interval of a mean of `n` numbers reaches to each side; infinite for one."""
    if n < 2:
        return math.inf
    return float(stats.t.ppf(1 - LEVEL / 2, n - 1)) * sd / math.sqrt(n)


def seeds_for(reach: float, sd: float) -> int:
    """Return the fewest seeds whose 95 % t interval reaches no further than `reach` points to each side."""
    if not reach > 0:
        raise TrainError(f"the half-width must be above 0 points, got {reach:g}")
    counts = range(2, 10**12)
    return counts[bisect_left(counts, True, key=lambda n: half_width(sd, n) <= reach)]


def more_seeds(found: Estimate, margin: float, level: float) -> int | None:
    """Return how many more seeds would decide, if mean and spread stay what they are; None: more than 1,000.

    To decide is to have 80 % power, at `level`, in the t test or in the test of equivalence; never with fewer than six
    seeds in all. A single seed knows no spread: six in all.
    """
    least = max(found.n + 1, FEWEST_SEEDS)
    sd = found.sd
    if not sd:
        return least - found.n
    counts = range(least, found.n + MOST_MORE_SEEDS + 1)
    place = bisect_left(counts, True, key=lambda n: _power(abs(found.mean) / sd, margin / sd, n, level) >= POWER)
    return counts[place] - found.n if place < len(counts) else None


def _power(effect: float, margin: float, n: int, level: float) -> float:
    """Return the power of the likelier test, t or equivalence, for an effect and a margin in standard deviations.

    By the noncentral t distribution; for equivalence, the difference of two (as PowerTOST's method "nct").
    """
    bar, root = stats.t.ppf(1 - level / 2, n - 1), math.sqrt(n)
    differ = 1 - _noncentral(bar, n, effect * root)
    bar = stats.t.ppf(1 - level, n - 1)
    near = _noncentral(-bar, n, (effect - margin) * root) - _noncentral(bar, n, (effect + margin) * root)
    return max(differ, near)


def _noncentral(value: float, n: int, shift: float) -> float:
    """Return the noncentral t distribution's share up to `value`; beyond a shift of 30, where scipy gives NaN, it is 0 or 1."""
    return float(stats.nct.cdf(value, n - 1, min(max(shift, -30.0), 30.0)))


def numbers(values: Values) -> NDArray[np.float64]:
    """Return values as an array; raise TrainError if there is none, or one that is not finite."""
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise TrainError(f"a mean needs a row of finite numbers, got {array.tolist()}")
    return array
