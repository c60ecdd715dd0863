"""The sampler: which file and which view each item is in each epoch, and in which order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from expand.views.keys import draw
from train.data.folder import Folder
from train.feed.strategies import Strategy


class Sampler:
    """The items that an epoch visits, and which row of the folder each of them is in a pass."""

    def __init__(self, folder: Folder, strategy: Strategy) -> None:
        self.strategy = strategy
        if not strategy.reads_copies:
            self.folder = folder.originals()
            self.table = np.arange(len(self.folder))[:, None]
        else:
            self.folder = folder
            self.table = folder.table
        self.files_a_source = self.table.shape[1]
        if strategy.visit_all:
            self.table = self.table.reshape(-1, 1)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def copies(self) -> int:
        """How many files of each source there are to choose from."""
        return int(self.table.shape[1])

    @property
    def labels(self) -> NDArray[np.int64]:
        """The label of each item."""
        return self.folder.labels[self.table[:, 0]]

    @property
    def ids(self) -> list[str]:
        """The source of each item."""
        return [self.folder.sources[row] for row in self.table[:, 0]]

    def rows(self, items: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """Return the folder's rows of some items in pass `k`."""
        rows: NDArray[np.int64] = self.table[items, k % self.copies]
        return rows


def order(seed: int, k: int, count: int) -> NDArray[np.int64]:
    """Return the order of the items in pass `k`: from the seed and the pass alone."""
    return np.random.Generator(np.random.PCG64(draw(seed, "order", "", k, 4))).permutation(count)


def split(count: int, batch_size: int, least: int = 2) -> list[tuple[int, int]]:
    """Return where batches begin and end; a last one of fewer than `least` joins the one before (batch norm needs two)."""
    edges = [*range(0, count, batch_size), count]
    if len(edges) > 2 and edges[-1] - edges[-2] < least:
        del edges[-2]
    return list(pairwise(edges))
