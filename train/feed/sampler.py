"""The sampler: which file each item of an epoch is read from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from train.data.folders.folder import Folder
from train.feed.batches import order
from train.feed.strategies import Strategy


class Sampler:
    """The items of an epoch, and the row of the folder that each of them is read from."""

    def __init__(self, folder: Folder, strategy: Strategy) -> None:
        self.strategy = strategy
        self.pooled = strategy.pools_files
        """Whether an epoch has as many images as there are sources, out of all files in turn."""
        self._orders: dict[int, NDArray[np.int64]] = {}
        if not strategy.reads_copies:
            self.folder = folder.originals()
            self.table = np.arange(len(self.folder))[:, None]
        elif self.pooled:
            self.folder, self.table = folder, np.arange(len(folder.source_ids))[:, None]
        elif folder.balanced:
            self.folder, self.table = folder, np.arange(len(folder))[:, None]
        else:
            self.folder, self.table = folder, folder.table
        self.visits_files = not self.pooled and (
            strategy.visit_all or (strategy.reads_copies and folder.balanced)
        )
        """Whether an epoch visits every file, so that a source is shown as often as it has files.

        A balance of classes would be undone by visiting every source once.
        """
        self.files_per_source = self.table.size / len(self.folder.source_ids)
        """On average, where classes are balanced."""
        if strategy.visit_all:
            self.table = self.table.reshape(-1, 1)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def copies(self) -> int:
        """The number of files that an item alternates between."""
        return int(self.table.shape[1])

    @property
    def labels(self) -> NDArray[np.int64]:
        """The label of each item."""
        return self.folder.labels[self.table[:, 0]]

    @property
    def ids(self) -> list[str]:
        """The source of each item."""
        return [self.folder.sources[row] for row in self.table[:, 0]]

    @property
    def classes(self) -> list[tuple[str]]:
        """The class of each item, by name; a recipe can have rules for it."""
        return [(self.folder.classes[label],) for label in self.labels.tolist()]

    def labels_of(self, items: NDArray[np.int64], epoch: int) -> NDArray[np.int64]:
        """Return the labels of some items in an epoch."""
        labels: NDArray[np.int64] = self.folder.labels[self.rows(items, epoch)]
        return labels

    def rows(self, items: NDArray[np.int64], epoch: int) -> NDArray[np.int64]:
        """Return the folder's rows of some items in an epoch."""
        if self.pooled:
            return self._pooled(epoch * len(self) + items)
        rows: NDArray[np.int64] = self.table[items, epoch % self.copies]
        return rows

    def _pooled(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows at positions of an endless sequence: all files, shuffled each time."""
        rounds, places = np.divmod(positions, len(self.folder))
        rows = np.empty_like(positions)
        for number in np.unique(rounds).tolist():
            chosen = rounds == number
            rows[chosen] = self._order(number)[places[chosen]]
        return rows

    def _order(self, number: int) -> NDArray[np.int64]:
        """Return the order of all files in a round; those of two rounds are kept."""
        if number not in self._orders:
            drawn = order(self.strategy.view_seed, number, len(self.folder))
            before = self._orders.get(number - 1)
            self._orders = {number: drawn} | ({} if before is None else {number - 1: before})
        return self._orders[number]
