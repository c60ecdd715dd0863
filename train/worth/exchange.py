"""Exchange rates: how many sources reach an accuracy without augmentation, and how surely.

The curve of the arm `none` is read backwards, as Geiping et al. do ("How Much Data Are
Augmentations Worth?", ICLR 2023).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.interpolate import PchipInterpolator
from scipy.optimize import isotonic_regression

from train.errors import TrainError
from train.statistics.intervals import ALIKE, LEVEL, SEED, Interval
from train.statistics.overlap import widening

RESAMPLES = 2_000
GRID = 100
"""Points between two sizes at which the curve is looked up: 0.7 % apart where sizes double."""
ROUNDING = 1e-9
"""The relative error of sizes that were read from a curve."""
ABOVE, BELOW = math.inf, 0.0
"""What is read outside the curve: more sources than the largest size, fewer than the smallest."""


class Curve(NamedTuple):
    """A curve that never falls: accuracies at many sizes."""

    sizes: NDArray[np.float64]
    accuracies: NDArray[np.float64]

    def needed(self, accuracy: float) -> float:
        """Return the fewest sources that reach an accuracy.

        ABOVE if the largest size does not reach it; BELOW if the smallest exceeds it.
        """
        if accuracy > self.accuracies[-1] + ALIKE:
            return ABOVE
        if accuracy < self.accuracies[0] - ALIKE:
            return BELOW
        after = int(np.searchsorted(self.accuracies, accuracy - ALIKE, side="left"))
        if after == 0:
            return float(self.sizes[0])
        low, high = self.accuracies[after - 1 : after + 1]
        begin, end = np.log(self.sizes[after - 1 : after + 1])
        share = min(1.0, (accuracy - low) / (high - low))
        return float(np.exp(begin + (end - begin) * share))

    def most(self, accuracy: float) -> float:
        """Return the most sources that do not exceed an accuracy.

        More than `needed` only where the curve is flat. ABOVE if the accuracy is above that of the
        largest size; BELOW if the smallest exceeds it.
        """
        flat = np.abs(self.accuracies - accuracy) <= ALIKE
        return float(self.sizes[flat.nonzero()[0][-1]]) if flat.any() else self.needed(accuracy)


def fit_curve(
    sizes: Sequence[float] | NDArray[np.float64], accuracies: NDArray[np.float64]
) -> Curve:
    """Fit a curve that never falls to the accuracies at some sizes, the smallest first.

    Isotonic regression, then a monotone cubic in the logarithm of the size (Fritsch and Carlson
    1980): no assumption about the shape, and nothing beyond the sizes.
    """
    return next(fit_curves(sizes, accuracies[None]))


def fit_curves(
    sizes: Sequence[float] | NDArray[np.float64], accuracies: NDArray[np.float64]
) -> Iterator[Curve]:
    """Fit a curve to each row of accuracies, curves × sizes; all at once, which is faster."""
    if len(sizes) < 2:
        raise TrainError(f"a curve needs two sizes, got {len(sizes)}")
    logs = np.log(np.asarray(sizes, np.float64))
    rising = np.stack([isotonic_regression(row).x for row in accuracies], axis=1)
    steps = np.arange((len(sizes) - 1) * GRID + 1) / GRID
    grid = np.interp(steps, np.arange(len(sizes)), logs)
    values = np.maximum.accumulate(PchipInterpolator(logs, rising)(grid))
    return (Curve(np.exp(grid), column) for column in np.ascontiguousarray(values.T))


@dataclass(frozen=True, eq=False)
class Measured:
    """The accuracies of one arm at one size: the mean of each replicate, and of each test image.

    `noise` is the variance of single answers around those means. `overlap` is the share of its
    sources that a draw has in common with another.
    """

    sources: float
    replicates: NDArray[np.float64]
    images: NDArray[np.float64]
    noise: float = 0.0
    overlap: float = 0.0

    @classmethod
    def of(cls, sources: float, right: NDArray[np.float64], overlap: float = 0.0) -> Measured:
        """Summarise which answers were right (1) or wrong (0): replicates × test images."""
        rows, columns = right.mean(axis=1), right.mean(axis=0)
        freedom = (right.shape[0] - 1) * (right.shape[1] - 1)
        rest = right - rows[:, None] - columns + right.mean()
        noise = float((rest**2).sum() / freedom) if freedom else 0.0
        return cls(sources, rows, columns, noise, overlap)

    @property
    def mean(self) -> float:
        """The mean accuracy."""
        return float(self.replicates.mean())


@dataclass(frozen=True)
class Rate:
    """How many sources without augmentation do as well as an arm; see ABOVE and BELOW."""

    sources: float
    worth: float
    interval: Interval | None


def gains(sources: float, interval: Interval | None) -> bool:
    """Return whether an interval is above the sources that an arm has."""
    return interval is not None and interval.low > sources * (1 + ROUNDING)


def loses(sources: float, interval: Interval | None) -> bool:
    """Return whether an interval is below the sources that an arm has."""
    return interval is not None and interval.high < sources * (1 - ROUNDING)


def inflation(replicates: int, overlap: float) -> float:
    """Return by how much deviations of replicates grow, so that percentiles hold what t does.

    The first factor turns the normal spread of resampled means into that of a t interval; the
    second counts sources that draws share (`widening`).
    """
    freedom = replicates - 1
    small = stats.t.ppf(1 - LEVEL / 2, freedom) / stats.norm.ppf(1 - LEVEL / 2)
    return float(small * math.sqrt(replicates / freedom) * widening(replicates, overlap))


def resample(cells: Sequence[Measured]) -> NDArray[np.float64] | None:
    """Return the mean accuracies of resampled studies, resamples × cells; None for one replicate.

    Replicates are resampled, the same ones for all cells. What other test images would change is
    added: normal, with the covariance of the cells over the images, less the noise of single
    answers, which the replicates have already.
    """
    count, images = len(cells[0].replicates), len(cells[0].images)
    if count < 2:
        return None
    rng = np.random.default_rng(SEED)
    weights = rng.multinomial(count, np.full(count, 1 / count), RESAMPLES) / count - 1 / count
    scales = np.array([inflation(count, cell.overlap) for cell in cells])
    by_replicate = weights @ np.stack([cell.replicates for cell in cells], axis=1) * scales
    by_image = rng.standard_normal((RESAMPLES, len(cells))) @ _image_factor(cells, count, images)
    means = np.array([cell.mean for cell in cells])
    resampled: NDArray[np.float64] = means + by_replicate + by_image
    return resampled


def _image_factor(cells: Sequence[Measured], count: int, images: int) -> NDArray[np.float64]:
    """Return a factor A of the covariance AᵀA of the cells' accuracies over test images."""
    if images < 2:
        return np.zeros((len(cells), len(cells)))
    spread = np.atleast_2d(np.cov(np.stack([cell.images for cell in cells])))
    spread -= np.diag([cell.noise / count for cell in cells])
    values, vectors = np.linalg.eigh(spread / images)
    factor: NDArray[np.float64] = np.sqrt(values.clip(0))[:, None] * vectors.T
    return factor


def exchange(
    plain: Sequence[Measured], others: Sequence[Measured]
) -> tuple[list[Rate], list[Interval | None], list[Interval | None]]:
    """Return the rate of each other cell, and the intervals of all accuracies, plain ones first.

    `plain` are the cells of the arm none, the smallest size first. Intervals hold 95 %: of a rate,
    the percentiles of the rates of the resampled studies, each with a curve of its own. Where such
    a curve is flat, several sizes do the same: the lower end is that of the fewest, the upper end
    that of the most.
    """
    sizes = np.array([cell.sources for cell in plain])
    curve = fit_curve(sizes, np.array([cell.mean for cell in plain]))
    points = [curve.needed(cell.mean) for cell in others]
    resampled = resample([*plain, *others])
    if resampled is None:
        nothing = [Rate(each.sources, worth, None) for each, worth in _zip(others, points)]
        return nothing, [None] * len(plain), [None] * len(others)
    fewest, most = np.empty((2, RESAMPLES, len(others)))
    for row, fitted in enumerate(fit_curves(sizes, resampled[:, : len(plain)])):
        reached = resampled[row, len(plain) :]
        fewest[row] = [fitted.needed(each) for each in reached]
        most[row] = [fitted.most(each) for each in reached]
    ends = [
        Interval(percentiles(fewest[:, column]).low, percentiles(most[:, column]).high)
        for column in range(len(others))
    ]
    rates = [
        Rate(each.sources, worth, containing(worth, ends[column]))
        for column, (each, worth) in enumerate(_zip(others, points))
    ]
    spans: list[Interval | None] = [percentiles(column) for column in resampled.T.clip(0, 1)]
    return rates, spans[: len(plain)], spans[len(plain) :]


def _zip(others: Sequence[Measured], points: Sequence[float]) -> list[tuple[Measured, float]]:
    return list(zip(others, points, strict=True))


def containing(worth: float, interval: Interval) -> Interval:
    """Extend an interval to its estimate, which can lie outside: where the curve is flat."""
    return Interval(min(interval.low, worth), max(interval.high, worth))


def percentiles(values: NDArray[np.float64]) -> Interval:
    """Return the 95 % percentile interval of resampled numbers, which may be infinite."""
    low = np.quantile(values, LEVEL / 2, method="lower")
    return Interval(float(low), float(np.quantile(values, 1 - LEVEL / 2, method="higher")))
