"""Draws of a study: how many sources each replicate learns from, and how many they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.data.folders.folder import Folder
from train.data.subsets import Draw, drawn_sources, shared_sources
from train.statistics.overlap import Shared, count_subsets, mean_overlap


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


def describe_draws(folder: Folder, draws: Sequence[Draw], seed: int) -> Drawn:
    """Return how many sources the draws of all replicates have and share; each is drawn once."""
    different = list(dict.fromkeys(draws))
    kept = [drawn_sources(folder, each, seed) for each in different]
    rows = [different.index(each) for each in draws]
    shared = shared_sources(kept)[np.ix_(rows, rows)]
    sources = float(np.mean([kept[row].sum() for row in rows]))
    return Drawn(sources, len(folder.source_ids), shared)
