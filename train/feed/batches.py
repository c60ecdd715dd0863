"""The batches of a run: which items each step learns from, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.views.keys import draw
from train.errors import TrainError
from train.runtime.world import ALONE, World

CHUNK_IMAGES, CHUNK_BYTES = 1024, 64 << 20
"""Images that are rendered at a time, and their bytes at most. The exact renderer takes 8.9 µs for
each of 1,024 images of 28×28 pixels, 9.5 µs for each of 512, 21 µs for each of 64."""
PROCESSES = 8
"""Up to how many processes have the same last batch of a streamed set."""
GPU_PIXELS = 4096 * 32**2
"""Pixels that are rendered at a time on a GPU, if they are more than those images: the processor
needs as long to start the operations of a few images as of many."""


def chunk_images(image_bytes: int) -> int:
    """Return how many images of so many bytes are best rendered at a time on a processor."""
    return max(1, min(CHUNK_IMAGES, CHUNK_BYTES // image_bytes))


class BatchItems(NamedTuple):
    """The items of one batch, or this process's share of them."""

    epoch: int
    items: NDArray[np.int64]
    weight: float = 1.0
    """This process's number of items over an equal share: the factor of its gradient."""


class Chunk(NamedTuple):
    """Successive batches of one epoch, rendered together."""

    epoch: int
    items: NDArray[np.int64]
    sizes: list[int]
    """The number of items of each batch."""
    weights: list[float]


class BatchSampler:
    """The batches of a run, from any step on: they depend on the seed and the step alone."""

    def __init__(
        self,
        count: int,
        batch_size: int,
        order_seed: int,
        world: World = ALONE,
        chunk_images: int = CHUNK_IMAGES,
        *,
        shuffles: bool = True,
    ) -> None:
        """`shuffles`: whether each epoch has its own order, or items come in theirs."""
        if batch_size < world.size:
            raise TrainError(
                f"--batch-size must be at least 1 for each of {world.size} processes, "
                f"got {batch_size}"
            )
        self.count, self.order_seed, self.world = count, order_seed, world
        self.shuffles = shuffles
        # the batches of a streamed set do not depend on the number of processes, up to a few
        few = 0 if shuffles else min(2 * PROCESSES, batch_size)
        self.edges = split(count, batch_size, max(2 * world.size, few))
        self.chunk_batches = max(1, chunk_images // batch_size)

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches in an epoch."""
        return len(self.edges)

    def batches(self, start: int, stop: int) -> Iterator[BatchItems]:
        """Yield the batches of steps `start` … `stop` − 1."""
        items, drawn = np.empty(0, dtype=np.int64), -1
        for step in range(start, stop):
            epoch, index = divmod(step, self.steps_per_epoch)
            if epoch != drawn:
                items, drawn = self._order(epoch), epoch
            batch = items[slice(*self.edges[index])]
            share = self.world.share(batch)
            yield BatchItems(epoch, share, len(share) * self.world.size / len(batch))

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if not self.shuffles:
            return np.arange(self.count)
        return order(self.order_seed, epoch, self.count)

    def chunks(self, start: int, stop: int) -> Iterator[Chunk]:
        """Yield the same batches, several of one epoch at a time."""
        for epoch, batches in groupby(self.batches(start, stop), key=lambda batch: batch.epoch):
            while some := list(islice(batches, self.chunk_batches)):
                items = np.concatenate([batch.items for batch in some])
                sizes = [len(batch.items) for batch in some]
                yield Chunk(epoch, items, sizes, [batch.weight for batch in some])


def order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """Return the order of the items in an epoch: from the seed and the epoch alone."""
    key = draw(seed, "order", "", epoch, 4)
    return np.random.Generator(np.random.PCG64(key)).permutation(count)


def split(count: int, batch_size: int, least: int = 2) -> list[tuple[int, int]]:
    """Return the start and end of each batch.

    A last batch of fewer than `least` items is merged into the one before: batch norm needs two.
    """
    edges = [*range(0, count, batch_size), count]
    if len(edges) > 2 and edges[-1] - edges[-2] < least:
        del edges[-2]
    return list(pairwise(edges))
