"""Crossed samples: the mean of a table of seeds × test images, both of them samples."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError


class Crossed(NamedTuple):
    """A mean over seeds × test images, and how far another draw of both would move it.

    `mean`, `seeds_se` and `images_se` are in points. `seeds_se` is the standard error for these
    test images: seeds alone are drawn again. `images_se` is what a new draw of images adds. `df`
    are the degrees of freedom of both together, by Satterthwaite (1946).
    """

    seeds: int
    images: int
    mean: float
    seeds_se: float
    images_se: float
    df: float

    @property
    def se(self) -> float:
        """The standard error of the mean where seeds and images are both drawn again."""
        return math.hypot(self.seeds_se, self.images_se)

    @property
    def images_sd(self) -> float:
        """How much test images differ, in points: `images_se` times the root of their number."""
        return self.images_se * math.sqrt(self.images)


def crossed(differences: NDArray[np.number]) -> Crossed:
    """Estimate a mean over seeds × images, from fractions in −1 … 1 (n×N, n ≥ 2, N ≥ 2).

    The two-way random effects model: cell = mean + seed + image + rest. With the mean squares of
    seeds (MSS), images (MSI) and rest (MSE), the variance of the mean for new seeds and images is
    (MSS + MSI − MSE) / nN; MSI − MSE is taken as 0 where it is negative (Searle, Casella and
    McCulloch, Variance Components, 1992; for accuracies of classifiers: Gallas 2006, "One-shot
    estimate of MRMC variance"). Raise TrainError for a table of another shape.
    """
    table = np.asarray(differences)
    if table.ndim != 2 or min(table.shape) < 2:
        raise TrainError(
            f"seeds × images needs at least two of each, got an array of {table.shape}"
        )
    n, images = table.shape
    by_seed, by_image = table.mean(axis=1, dtype=np.float64), table.mean(axis=0, dtype=np.float64)
    mean = float(by_seed.mean())
    squares = float(np.square(table, dtype=np.float64).sum()) - n * images * mean**2
    of_seeds = images * float(np.square(by_seed - mean).sum())
    of_images = n * float(np.square(by_image - mean).sum())
    rest = max(0.0, squares - of_seeds - of_images)
    degrees = (n - 1, images - 1, (n - 1) * (images - 1))
    parts = [total / df for total, df in zip((of_seeds, of_images, rest), degrees, strict=True)]
    return _estimate(n, images, mean, parts, degrees)


def _estimate(
    n: int, images: int, mean: float, parts: list[float], degrees: tuple[int, int, int]
) -> Crossed:
    """Turn the mean squares of seeds, images and rest into standard errors in points."""
    seeds, image, rest = (part / (n * images) for part in parts)
    added = max(0.0, image - rest)
    terms = [seeds**2 / degrees[0]]
    if added:
        terms += [image**2 / degrees[1], rest**2 / degrees[2]]
    spread = sum(terms)
    df = (seeds + added) ** 2 / spread if spread > 0 else float(degrees[0])
    return Crossed(n, images, 100 * mean, 100 * math.sqrt(seeds), 100 * math.sqrt(added), df)
