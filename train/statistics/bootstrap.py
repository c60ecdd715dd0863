"""Bootstrap: BCa intervals of a mean difference, over seeds, and over seeds and test images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from train.errors import TrainError
from train.statistics.intervals import ALIKE, LEVEL, SEED, Interval, Values, numbers

RESAMPLES = 9_999
CROSSED_RESAMPLES = 2_000
AT_ONCE = 100_000
"""Image weights that are held at once: they stay in the cache."""
FEWEST = 3


def bca(values: Values) -> Interval | None:
    """Return the 95 % BCa interval of a mean (Efron 1987); None for fewer than three values.

    Too narrow for few seeds: on 10,000 sets of normal numbers it held the mean in 86 % with 6, 90 %
    with 10 and 93 % with 20 seeds, where the t interval held it in 95 %. That is why verdicts go by
    t and this one is shown beside it.
    """
    array = numbers(values)
    if len(array) < FEWEST:
        return None
    if np.ptp(array) < ALIKE:
        return Interval(float(array.mean()), float(array.mean()))
    bounds = stats.bootstrap(
        (array,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=1 - LEVEL,
        method="BCa",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return Interval(float(bounds.low), float(bounds.high))


def bca_crossed(differences: NDArray[np.int8]) -> Interval | None:
    """Return the 95 % BCa interval, in points, of a mean over seeds × test images.

    None for fewer than three seeds. `differences` (n×N, in −1, 0, 1) is how much more often right
    one arm is than the other, for each seed and image. Seeds and images are resampled independently
    of each other (the pigeonhole bootstrap of crossed data: Owen 2007), so the interval also holds
    for other test images. The bias correction comes from the resamples, the acceleration from the
    two jackknives, whose terms are a row's or a column's distance from the mean. On 1,000 simulated
    comparisons each it held the truth in 91 % (6 seeds) and 92 % (10) where the seeds vary most,
    and in 99 % where the images do: resampling both counts the noise of single answers more than
    once (Owen).
    """
    seeds, images = _shape(differences)
    if seeds < FEWEST:
        return None
    totals = _resampled_totals(differences)
    total = int(differences.sum(dtype=np.int64))
    below = (np.mean(totals < total) + np.mean(totals <= total)) / 2
    bias = stats.norm.ppf(np.clip(below, 0.5 / len(totals), 1 - 0.5 / len(totals)))
    tails = bias + stats.norm.ppf([LEVEL / 2, 1 - LEVEL / 2])
    shares = stats.norm.cdf(bias + tails / (1 - _acceleration(differences) * tails))
    low, high = 100 * np.quantile(totals, shares) / (seeds * images)
    return Interval(float(low), float(high))


def _resampled_totals(differences: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the sum in each resample: weights of seeds · matrix · weights of images."""
    rng = np.random.default_rng(SEED)
    seeds, images = differences.shape
    weights = rng.multinomial(seeds, np.full(seeds, 1 / seeds), CROSSED_RESAMPLES)
    columns = differences.T.astype(np.float64)
    totals = np.empty(CROSSED_RESAMPLES)
    step = max(1, AT_ONCE // images)
    for start in range(0, CROSSED_RESAMPLES, step):
        part = weights[start : start + step]
        totals[start : start + step] = (
            (_image_weights(rng, len(part), images) @ columns) * part
        ).sum(axis=1)
    return totals


def _image_weights(rng: np.random.Generator, rows: int, images: int) -> NDArray[np.float64]:
    """Count how often each image is drawn; 3 times as fast as the multinomial of numpy."""
    drawn = rng.integers(0, images, (rows, images)) + images * np.arange(rows)[:, None]
    return (
        np.bincount(drawn.ravel(), minlength=rows * images).reshape(rows, images).astype(np.float64)
    )


def _acceleration(differences: NDArray[np.int8]) -> float:
    """Return the acceleration of BCa for two crossed samples, by the formula of Efron."""
    by_seed, by_image = differences.mean(axis=1), differences.mean(axis=0)
    ways = [(way - way.mean()) / len(way) for way in (by_seed, by_image)]
    spread = sum(float((way**2).sum()) for way in ways)
    skew = sum(float((way**3).sum()) for way in ways)
    return skew / (6 * spread**1.5) if spread > 0 else 0.0


def _shape(differences: NDArray[np.int8]) -> tuple[int, int]:
    """Return the numbers of seeds and images; raise TrainError for other values than −1, 0, 1."""
    if (
        differences.ndim != 2
        or not differences.size
        or differences.min() < -1
        or differences.max() > 1
    ):
        raise TrainError(
            "differences of correctness are −1, 0 or 1, seeds × images, "
            f"got a {differences.shape} array"
        )
    return differences.shape[0], differences.shape[1]
