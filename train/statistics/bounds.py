"""Bounds: the simultaneous intervals of a family of differences, from which verdicts are read.

A difference is judged on two questions. *On these test images*: would other seeds give the same
answer? *For images like these*: would other seeds and other test images from the same source?
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from train.errors import TrainError
from train.statistics.crossed import Crossed, crossed
from train.statistics.intervals import ALIKE, LEVEL, Interval, Values, numbers
from train.statistics.looks import Look
from train.statistics.overlap import Shared, count_subsets, mean_overlap, widening
from train.statistics.power import FEWEST_SEEDS, unseen_reach
from train.statistics.significance import EXACT_UP_TO, sign_flip, sign_flip_interval

Table = NDArray[np.number]
LARGEST = 100.0
"""Points between two accuracies. A t interval of few images may reach beyond."""


class Error(NamedTuple):
    """A standard error in points, with its degrees of freedom."""

    se: float
    df: float

    def reach(self, alpha: float) -> float:
        """Return the half-width of the 1 − `alpha` interval."""
        return -float(special.stdtrit(self.df, alpha / 2)) * self.se if self.se else 0.0

    def p_value(self, distance: float) -> float:
        """Return the two-sided p value of a mean that lies so far from the one that is tested."""
        if self.se < ALIKE:
            return 1.0 if abs(distance) < ALIKE else 0.0
        return float(2 * special.stdtr(self.df, -abs(distance) / self.se))


class Unseen(NamedTuple):
    """Images of a kind that none of the test images shows, in so many test images."""

    images: int

    def reach(self, alpha: float) -> float:
        """Return the half-width that a 1 − `alpha` interval has at least, in points."""
        return unseen_reach(self.images, alpha)

    def p_value(self, distance: float) -> float:
        """Return the two-sided p value of a mean that lies so far from the one that is tested."""
        return min(1.0, 2 * max(0.0, 1 - abs(distance) / 100) ** self.images)


@dataclass(frozen=True, eq=False)
class Sample:
    """The differences of some seeds in points, and the standard errors that their mean may have.

    An interval is as wide as the widest of the t intervals of all `errors` and of the sign-flip
    test, which assumes no distribution: so an interval for new images is never narrower than the
    one for these images, and new images may be of a kind that these do not show (`Unseen`).
    """

    differences: NDArray[np.float64]
    errors: tuple[Error | Unseen, ...]
    subsets: int | None = None
    """How many different subsets of the sources the seeds learned from; None: all from the same."""

    @property
    def judged(self) -> bool:
        """Whether there are enough seeds, and enough subsets if there are any, for a claim."""
        return min(len(self.differences), self.subsets or FEWEST_SEEDS) >= FEWEST_SEEDS

    def interval(self, alpha: float) -> Interval | None:
        """Return the 1 − `alpha` interval of the mean; None for fewer than six seeds."""
        if not self.judged:
            return None
        mean = float(self.differences.mean())
        reach = max(error.reach(alpha) for error in self.errors)
        low, high = mean - reach, mean + reach
        if guard := sign_flip_interval(self.differences):
            low, high = min(low, guard.low), max(high, guard.high)
        return Interval(low, high).within(-LARGEST, LARGEST)

    def p_value(self, value: float, factor: float) -> float:
        """Return the p value of a mean of `value`: those of t tests times `factor`, at most 1.

        It is at most LEVEL exactly where the interval to LEVEL / `factor` leaves `value` out.
        """
        if not self.judged:
            return 1.0
        distance = float(self.differences.mean()) - value
        p = min(1.0, factor * max(error.p_value(distance) for error in self.errors))
        exact = len(self.differences) <= EXACT_UP_TO
        return max(p, sign_flip(self.differences - value)) if exact and p < 1 else p


class Bounds(NamedTuple):
    """The interval of one difference, the p values of 0 and of equivalence that belong to it.

    p values are adjusted for the family and the looks: at most LEVEL where the interval leaves 0
    out, or lies within the margin.
    """

    interval: Interval | None
    p: float
    p_equivalence: float


def samples(
    differences: Values, images: Table | None, shared: Shared | None = None
) -> tuple[Sample, Sample | None]:
    """Return the sample for these images, and for images like these if there is a table of them.

    `images` (n×N, fractions in −1 … 1) is the difference for each seed and test image. `shared` is
    the share of its sources that each seed has in common with each, if they have their own: then
    the deviations of seeds are widened (`overlap.py`), and both samples are for sources like these.
    """
    values = numbers(differences)
    subsets, wide = None, 1.0
    if shared is not None and len(values) > 1:
        subsets, wide = count_subsets(shared), widening(len(values), mean_overlap(shared))
        values = values.mean() + wide * (values - values.mean())
    seeds = _over_seeds(values)
    if subsets:
        seeds = seeds._replace(df=max(1.0, subsets - 1.0))
    here = Sample(values, (seeds,), subsets)
    if images is None or min(images.shape) < 2:
        return here, None
    both, unseen = _over_both(crossed(images), wide, seeds.df), Unseen(images.shape[1])
    return here, Sample(values, (seeds, both, unseen), subsets)


def _over_both(both: Crossed, wide: float, seeds_df: float) -> Error:
    """Return the error over seeds and images, that over seeds widened."""
    if wide == 1.0 and seeds_df == both.seeds - 1:
        return Error(both.se, both.df)
    seeds_se = wide * both.seeds_se
    se = math.hypot(seeds_se, both.images_se)
    # as Satterthwaite has it; the images, of which there are many, have no part in it
    df = seeds_df * (se / seeds_se) ** 4 if seeds_se else both.df
    return Error(se, min(df, 1e9))


def _over_seeds(values: NDArray[np.float64]) -> Error:
    n = len(values)
    if n < 2:
        return Error(math.inf, 1.0)
    sd = 0.0 if np.ptp(values) < ALIKE else float(values.std(ddof=1))
    return Error(sd / math.sqrt(n), n - 1.0)


def bound(looks: Sequence[tuple[Sample, Look]], family: int, margin: float) -> Bounds:
    """Bound a difference by all looks at it; `family` is how many differences are judged together.

    The interval of a look is that of 1 − its share / `family` (Bonferroni). All intervals of all
    looks hold together in 95 % of studies, so what lies in each of them is the interval shown
    (repeated confidence intervals: Jennison and Turnbull 1989). Where that leaves out the mean of
    all seeds, since looks contradict each other, the last interval is shown.
    """
    if not looks:
        raise TrainError("a difference needs at least one look")
    every = [_bound(sample, look, family, margin) for sample, look in looks]
    known = [each.interval for each in every if each.interval]
    if not known:
        return every[-1]
    low, high = max(each.low for each in known), min(each.high for each in known)
    mean = float(looks[-1][0].differences.mean())
    if not low <= mean <= high:
        return every[-1]
    return Bounds(
        Interval(low, high),
        min(each.p for each in every),
        min(each.p_equivalence for each in every),
    )


def _bound(sample: Sample, look: Look, family: int, margin: float) -> Bounds:
    factor = family * LEVEL / look.alpha
    inside = abs(float(sample.differences.mean())) < margin
    return Bounds(
        sample.interval(look.alpha / family),
        sample.p_value(0.0, factor),
        max(sample.p_value(end, factor) for end in (-margin, margin)) if inside else 1.0,
    )
