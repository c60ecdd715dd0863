"""The feed: the batches of a run as tensors on the training device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from train.feed.batches import BatchSampler, Chunk
from train.feed.dataset import Images
from train.feed.workers import read_ahead
from train.runtime.clock import Clock, Work
from train.runtime.device import finish
from train.runtime.world import ALONE, World


class Batch(NamedTuple):
    """One step's images (N×C×H×W uint8) and labels, on the device."""

    images: Tensor
    labels: Tensor
    weight: float = 1.0


class Feed:
    """The batches of a run, from any step on: the same whatever happened before.

    Images are read and rendered several batches at a time: in this process, or ahead of it in
    `workers` processes.
    """

    def __init__(
        self,
        images: Images,
        batch_size: int,
        order_seed: int,
        device: torch.device,
        *,
        workers: int = 0,
        world: World = ALONE,
    ) -> None:
        self.images, self.device, self.workers = images, device, workers
        self.sampler = images.sampler
        self.batch_sampler = BatchSampler(
            len(self.sampler),
            batch_size,
            order_seed,
            world,
            images.chunk_images,
            shuffles=not images.is_shuffled,
        )
        self.clock = Clock()

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches in an epoch."""
        return self.batch_sampler.steps_per_epoch

    def show(self, epoch: int, items: NDArray[np.int64]) -> Tensor:
        """Return the images of some items in an epoch, on the device: N×C×H×W uint8."""
        return self.images.read(epoch, items).to(self.device)

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of steps `start` … `stop` − 1, on the device."""
        chunks = self._chunks(start, stop)
        while True:
            # steps that a GPU is still computing are not part of augmenting
            finish(self.images.device)
            with self.clock.measure(self._work):
                loaded = next(chunks, None)
                finish(self.images.device)
            if loaded is None:
                return
            yield from self._cut(*loaded)

    @property
    def _work(self) -> Work:
        """What the time until the next chunk is spent on."""
        renders_here = not self.workers and self.sampler.strategy.recipe is not None
        return "augment" if renders_here else "wait"

    def _chunks(self, start: int, stop: int) -> Iterator[tuple[Chunk, Tensor]]:
        """Yield the chunks of steps `start` … `stop` − 1, in order, and their images."""
        if self.workers:
            yield from read_ahead(self.images, self.batch_sampler, start, stop, self.workers)
        else:
            for chunk in self.batch_sampler.chunks(start, stop):
                yield chunk, self.images.read(chunk.epoch, chunk.items)

    def _cut(self, chunk: Chunk, images: Tensor) -> Iterator[Batch]:
        """Yield the batches of a chunk, on the device."""
        labels = torch.from_numpy(self.sampler.labels_of(chunk.items, chunk.epoch)).to(self.device)
        batches = zip(
            torch.split(images.to(self.device), chunk.sizes),
            torch.split(labels, chunk.sizes),
            chunk.weights,
            strict=True,
        )
        for some, their_labels, weight in batches:
            yield Batch(some, their_labels, weight)
