"""Means of paired differences with their spread and t interval.

Differences are in percentage points of test accuracy, one for each seed that both arms were trained
with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from train.errors import TrainError

Values = Sequence[float] | NDArray[np.float64]
LEVEL = 0.05
"""What a p value may not exceed for a claim; intervals hold 1 − LEVEL."""
ALIKE = 1e-9
"""Points below which numbers are equal: a rounding error; one image in a billion is 1e-7."""
SEED = 20_070_815


class Interval(NamedTuple):
    """The bounds of a 95 % interval."""

    low: float
    high: float

    def within(self, lowest: float, highest: float) -> Interval:
        """Return the part between two bounds, such as the possible values of an accuracy."""
        return Interval(max(self.low, lowest), min(self.high, highest))


class Estimate(NamedTuple):
    """A mean of n numbers, their standard deviation and 95 % t interval; None for one number."""

    n: int
    mean: float
    sd: float | None
    interval: Interval | None


def paired(differences: Values) -> Estimate:
    """Estimate the mean of the differences of paired trials, with spread and interval."""
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


def half_width(sd: float, n: int) -> float:
    """Return the half-width of the 95 % t interval of a mean of `n` numbers; infinite for one."""
    if n < 2:
        return math.inf
    return float(stats.t.ppf(1 - LEVEL / 2, n - 1)) * sd / math.sqrt(n)


def numbers(values: Values) -> NDArray[np.float64]:
    """Return values as an array; raise TrainError if there is none, or one that is not finite."""
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise TrainError(f"a mean needs a row of finite numbers, got {array.tolist()}")
    return array
