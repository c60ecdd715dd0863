"""Overlap: what it costs that subsets of one set of sources share some of them.

Replicates that learn from subsets of the same sources are not independent samples of what other
sources would give. For an effect that adds up source by source, the correlation of two of them is
the share ρ of their sources that they have in common, and the variance of the mean of n replicates
with the sample variance s² is

    s² (1/n + ρ/(1 − ρ)),

with the mean of ρ over all pairs. It is the correction of Nadeau and Bengio ("Inference for the
Generalization Error", Machine Learning 2003), whose second term is n₂/n₁ for overlapping test sets.
The noise of seeds, which subsets do not share, is counted as if they did: intervals are too wide
rather than too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError

Shared = NDArray[np.float64]
"""The share of its sources that each replicate has in common with each other one: n×n."""
SAME = 1 - 1e-12
"""The share from which on two subsets are the same."""


def mean_overlap(shared: Shared) -> float:
    """Return the mean share over all pairs of replicates; 0.0 for a single one."""
    n = len(shared)
    return float((shared.sum() - np.trace(shared)) / (n * (n - 1))) if n > 1 else 0.0


def widening(replicates: int, overlap: float) -> float:
    """Return by how much the standard error of a mean grows, √(1 + n·ρ/(1 − ρ))."""
    if not 0 <= overlap < 1:
        raise TrainError(f"subsets must differ: they share {100 * overlap:.0f} % of their sources")
    return math.sqrt(1 + replicates * overlap / (1 - overlap))


def overlap_in_turn(seeds: int, draws: int, overlap: float) -> float:
    """Return the mean overlap of so many seeds that take some draws in turn.

    `overlap` is that of two different draws; two seeds with the same draw share all.
    """
    if seeds < 2:
        return 0.0
    each, more = divmod(seeds, draws)
    same = more * (each + 1) * each + (draws - more) * each * (each - 1)
    return overlap + (1 - overlap) * same / (seeds * (seeds - 1))


def between_subsets(shared: Shared) -> float:
    """Return the mean share over the pairs of replicates with different subsets; 0.0 for none."""
    different = shared[shared < SAME]
    return float(different.mean()) if different.size else 0.0


def count_subsets(shared: Shared) -> int:
    """Return how many different subsets there are."""
    earlier = np.tril(shared >= SAME, -1).any(axis=1)
    return int((~earlier).sum())


@dataclass(frozen=True, eq=False)
class Drawn:
    """The draws of all replicates: `shared` is the share of sources of each with each."""

    sources: float
    """On average."""
    total: int
    """Of which they are drawn."""
    shared: Shared

    @property
    def subsets(self) -> int:
        """How many different ones there are."""
        return count_subsets(self.shared)

    @property
    def overlap(self) -> float:
        """The share of its sources that one has in common with another, on average."""
        return mean_overlap(self.shared)

    @property
    def between(self) -> float:
        """The share of its sources that one has in common with a different one, on average."""
        return between_subsets(self.shared)
