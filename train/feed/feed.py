"""A feed: the batches of a run as tensors on the training device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from train.errors import TrainError
from train.feed.readers import Job
from train.feed.sampler import Sampler, order, split
from train.runtime.clock import Clock
from train.runtime.world import current_world

AHEAD = 512
"""Images that are rendered at a time: twice as fast for each as 64 (exact: 11.7 against 22.7 µs at 28×28)."""


class Batch(NamedTuple):
    """One step's images (N×C×H×W uint8) and labels, on the device."""

    images: Tensor
    labels: Tensor
    weight: float = 1.0


class Feed(ABC):
    """The batches of a run, from any step on: the same whatever happened before."""

    def __init__(
        self, sampler: Sampler, batch_size: int, order_seed: int, device: torch.device
    ) -> None:
        self.sampler, self.order_seed, self.device = sampler, order_seed, device
        self.world = current_world()
        if batch_size < self.world.size:
            raise TrainError(
                f"--batch-size must be at least 1 for each of {self.world.size} processes, got {batch_size}"
            )
        self.edges = split(len(sampler), batch_size, 2 * self.world.size)
        self.group = max(1, AHEAD // batch_size)
        self.labels = torch.from_numpy(sampler.labels).to(device)
        self.clock = Clock()

    @property
    def steps_per_epoch(self) -> int:
        """How many batches a pass has."""
        return len(self.edges)

    def jobs(self, start: int, stop: int) -> Iterator[Job]:
        """Yield the batches of steps `start` … `stop` − 1."""
        items, drawn = np.empty(0, dtype=np.int64), -1
        for step in range(start, stop):
            k, place = divmod(step, self.steps_per_epoch)
            if k != drawn:
                items, drawn = order(self.order_seed, k, len(self.sampler)), k
            whole = items[slice(*self.edges[place])]
            share = self.world.share(whole)
            yield Job(k, share, len(share) * self.world.size / len(whole))

    def stretches(self, start: int, stop: int) -> Iterator[list[Job]]:
        """Yield the batches a few at a time, those of one pass together."""
        for _, jobs in groupby(self.jobs(start, stop), key=lambda job: job.k):
            while stretch := list(islice(jobs, self.group)):
                yield stretch

    def cut(self, images: Tensor, stretch: list[Job]) -> Iterator[Batch]:
        """Yield the batches of a stretch, from the images of all of it, on the device."""
        labels = self.labels[torch.from_numpy(together(stretch).items).to(self.device)]
        counts = [len(job.items) for job in stretch]
        parts = zip(
            torch.split(images.to(self.device), counts),
            torch.split(labels, counts),
            stretch,
            strict=True,
        )
        for some, theirs, job in parts:
            yield Batch(some, theirs, job.weight)

    @abstractmethod
    def show(self, job: Job) -> Tensor:
        """Return the images of a job as the model gets them: N×C×H×W uint8."""

    @abstractmethod
    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of steps `start` … `stop` − 1, on the device."""


def together(stretch: list[Job]) -> Job:
    """Return the batches of a stretch as one."""
    return Job(stretch[0].k, np.concatenate([job.items for job in stretch]))
