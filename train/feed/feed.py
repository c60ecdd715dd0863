"""The feed: the batches of a run as tensors on the training device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from expand.errors import ExpandError
from train.errors import TrainError
from train.feed.batches import BatchSampler, Chunk
from train.feed.dataset import Images
from train.runtime.clock import Clock, Work
from train.runtime.device import finish
from train.runtime.world import ALONE, World

Loaded: TypeAlias = "tuple[Chunk, Tensor | Exception]"


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
        self.batch_sampler = BatchSampler(len(self.sampler), batch_size, order_seed, world)
        self.labels = torch.from_numpy(self.sampler.labels).to(device)
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
        chunks = iter(self._loader(start, stop))
        while True:
            # steps that a GPU is still computing are not part of augmenting
            finish(self.images.device)
            with self.clock.measure(self._work):
                loaded = next(chunks, None)
                finish(self.images.device)
            if loaded is None:
                return
            chunk, images = loaded
            if isinstance(images, Exception):
                raise images
            yield from self._cut(chunk, images)

    @property
    def _work(self) -> Work:
        """What the time until the next chunk is spent on."""
        renders_here = not self.workers and self.sampler.strategy.recipe is not None
        return "augment" if renders_here else "wait"

    def _loader(self, start: int, stop: int) -> DataLoader[Loaded]:
        """Return a loader of the chunks of steps `start` … `stop` − 1, in order."""
        return DataLoader(
            _Chunks(self.images),
            sampler=self.batch_sampler.chunks(start, stop),
            batch_size=None,
            collate_fn=_unchanged,
            num_workers=self.workers,
            multiprocessing_context="spawn" if self.workers else None,
            prefetch_factor=2 if self.workers else None,
            # its own generator: the default one is that of dropout
            generator=torch.Generator(),
        )

    def _cut(self, chunk: Chunk, images: Tensor) -> Iterator[Batch]:
        """Yield the batches of a chunk, on the device."""
        labels = self.labels[torch.from_numpy(chunk.items).to(self.device)]
        batches = zip(
            torch.split(images.to(self.device), chunk.sizes),
            torch.split(labels, chunk.sizes),
            chunk.weights,
            strict=True,
        )
        for some, their_labels, weight in batches:
            yield Batch(some, their_labels, weight)


class _Chunks(Dataset[Loaded]):
    """The images of chunks, for torch's loader."""

    def __init__(self, images: Images) -> None:
        self.images = images

    def __getitem__(self, chunk: Chunk) -> Loaded:
        try:
            return chunk, self.images.read(chunk.epoch, chunk.items)
        except (TrainError, ExpandError) as error:
            # As a value: the loader raises what a worker raised as a new exception made of the
            # traceback's text, without the message for the user and without the exit status.
            return chunk, error


def _unchanged(loaded: Any) -> Any:
    """Return what was loaded as it is; torch's default would convert the chunk to tensors."""
    return loaded
