"""Power: how many seeds or test images a verdict needs, and the differences that it can find."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

from scipy import optimize, stats

from train.statistics.intervals import LEVEL
from train.statistics.overlap import overlap_in_turn, widening

POWER = 0.8
"""How likely a planned number of seeds is to decide, if the truth is what was seen so far."""
FEWEST_SEEDS = 6
"""The minimum for a claim: a sign-flip test of n pairs has p ≥ 2/2ⁿ, and 2/2⁵ is above LEVEL."""
MOST_MORE_SEEDS = 1_000
MOST_IMAGES = 10_000_000
WIDE = 20.0
"""Standard errors from which on an interval is as good as fixed beside them."""


@dataclass(frozen=True)
class Spread:
    """How much a difference varies, in points, and at which level it is tested.

    `sd` is its standard deviation over seeds, on the same test images. `images_sd` is that of test
    images, each averaged over seeds without their noise; 0 where the images are not drawn again.
    `alpha` is the level of one pair: the share of its look, divided by the pairs of its family.
    `overlap` is the share of sources that two different draws have in common; `draws` is how many
    there are, which the seeds take in turn (None: each seed has its own, or all the same sources).
    """

    sd: float
    images_sd: float = 0.0
    images: int = 1
    alpha: float = LEVEL
    overlap: float = 0.0
    draws: int | None = None
    unseen: bool = False
    """Whether the interval allows for images of a kind that none of the test images shows."""

    def judged(self, seeds: int) -> int:
        """Return how many seeds, or draws if there are fewer, are judged."""
        return min(seeds, self.draws or seeds)

    def power(self, mean: float, margin: float, seeds: int) -> float:
        """Return how likely a true difference of `mean` is decided: found, or found equivalent.

        By the noncentral t distribution; for equivalence, the difference of two (as PowerTOST's
        method "nct").
        """
        (se, df), reach = self._error(seeds), self._reach(seeds)
        if not se:
            return float(abs(mean) > reach or abs(mean) + reach < margin)
        bar = reach / se
        differ = 1 - _noncentral(bar, df, abs(mean) / se)
        near = _noncentral(-bar, df, (abs(mean) - margin) / se) - _noncentral(
            bar, df, (abs(mean) + margin) / se
        )
        return max(differ, near)

    def detectable(self, seeds: int) -> float | None:
        """Return the difference in points that is found with 80 % power; None below six seeds."""
        if self.judged(seeds) < FEWEST_SEEDS:
            return None
        se, df = self._error(seeds)
        reach = self._reach(seeds)
        if reach >= WIDE * se:
            return reach + float(stats.norm.ppf(POWER)) * se
        bar = reach / se
        found = optimize.brentq(
            lambda shift: 1 - _noncentral(bar, df, shift) - POWER, 0, 2 * bar + 10
        )
        return float(found * se)

    def _seeds_error(self, seeds: int) -> float:
        """Return the standard error over seeds, widened by what draws share."""
        shared = overlap_in_turn(seeds, self.draws or seeds, self.overlap)
        return self.sd / math.sqrt(seeds) * widening(seeds, shared)

    def _error(self, seeds: int) -> tuple[float, float]:
        """Return the standard error with so many seeds, and its degrees of freedom."""
        own, added = self._seeds_error(seeds) ** 2, self.images_sd**2 / self.images
        df = (self.judged(seeds) - 1) * ((own + added) / own) ** 2 if own else 1e9
        return math.sqrt(own + added), min(df, 1e9)

    def _reach(self, seeds: int) -> float:
        """Return the half-width of the interval: the wider of those with and without images."""
        errors = (self._error(seeds), (self._seeds_error(seeds), self.judged(seeds) - 1.0))
        reach = max(float(stats.t.ppf(1 - self.alpha / 2, df)) * se for se, df in errors)
        return max(reach, unseen_reach(self.images, self.alpha)) if self.unseen else reach


def unseen_reach(images: int, alpha: float) -> float:
    """Return how far images of a kind that no test image shows may move a mean, in points.

    A kind that makes up the share q of all images is missing among N of them with probability
    (1 − q)^N: where no image shows a difference, q may still be about 3/N (the rule of three).
    """
    return 100 * (1 - float((alpha / 2) ** (1 / images)))


def more_seeds(spread: Spread, mean: float, margin: float, seeds: int) -> int | None:
    """Return how many more seeds would decide with 80 % power, if mean and spread stay.

    Never fewer than six in all. None: more than 1,000, or no number, since test images are as much
    of the spread.
    """
    least = max(seeds + 1, FEWEST_SEEDS)
    if not spread.sd and not spread.images_sd and not spread.unseen:
        return least - seeds
    found = _first(
        range(least, seeds + MOST_MORE_SEEDS + 1), lambda n: spread.power(mean, margin, n)
    )
    return None if found is None else found - seeds


def images_for(spread: Spread, mean: float, margin: float, seeds: int) -> int | None:
    """Return with how many test images so many seeds would decide with 80 % power; None: never."""
    if not (spread.images_sd or spread.unseen) or seeds < FEWEST_SEEDS:
        return None
    return _first(
        range(spread.images + 1, MOST_IMAGES),
        lambda images: replace(spread, images=images).power(mean, margin, seeds),
    )


def _first(counts: range, power: Callable[[int], float]) -> int | None:
    index = bisect_left(counts, True, key=lambda count: power(count) >= POWER)
    return counts[index] if index < len(counts) else None


def _noncentral(value: float, df: float, shift: float) -> float:
    """Return the noncentral t distribution up to `value`.

    Shifts are cut at 30: beyond that scipy gives NaN, and the share is 0 or 1.
    """
    shift = min(max(shift, -30.0), 30.0)
    if df > 1_000:
        return float(stats.norm.cdf(value, shift))
    return float(stats.nct.cdf(value, df, shift))
