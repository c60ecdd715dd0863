"""The host feed: batches read and rendered on the CPU, in this process or ahead of it in workers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import tee

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from expand.errors import ExpandError
from train.errors import TrainError
from train.feed.feed import Batch, Feed, together
from train.feed.readers import Job, Reader
from train.feed.sampler import Sampler


class HostFeed(Feed):
    """Reads and renders on the host: several batches at a time in this process, or ahead of it in worker processes."""

    def __init__(
        self,
        sampler: Sampler,
        batch_size: int,
        order_seed: int,
        device: torch.device,
        reader: Reader,
    ) -> None:
        super().__init__(sampler, batch_size, order_seed, device)
        self.reader = reader
        self.workers = 0

    def show(self, job: Job) -> Tensor:
        """Return the images of a job, read in this process."""
        images = torch.from_numpy(np.ascontiguousarray(self.reader.read(job)))
        return images.to(self.device).permute(0, 3, 1, 2)

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of steps `start` … `stop` − 1, on the device."""
        stretches = self.stretches(start, stop)
        kept, told = tee(stretches)
        images = (
            self._ahead(told) if self.workers else map(_Stretches(self.reader).__getitem__, told)
        )
        rendered = not self.workers and self.sampler.strategy.recipe is not None
        for stretch in kept:
            started = time.perf_counter()
            made = next(images)
            if isinstance(made, Exception):
                raise made
            taken = time.perf_counter() - started
            self.clock.augment += taken if rendered else 0.0
            self.clock.wait += 0.0 if rendered else taken
            yield from self.cut(made.permute(0, 3, 1, 2), stretch)

    def _ahead(self, stretches: Iterator[list[Job]]) -> Iterator[Tensor | Exception]:
        """Read in worker processes, a few stretches ahead, in order."""
        loader: DataLoader[Tensor | Exception] = DataLoader(
            _Stretches(self.reader),
            generator=torch.Generator(),  # its own, or it would draw from the one that dropout draws from
            batch_size=None,
            sampler=stretches,
            num_workers=self.workers,
            multiprocessing_context="spawn",
            prefetch_factor=2,
        )
        return iter(loader)


class _Stretches(Dataset["Tensor | Exception"]):
    """A reader as torch's loader wants it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def __getitem__(self, stretch: list[Job]) -> Tensor | Exception:
        try:
            return torch.from_numpy(np.ascontiguousarray(self.reader.read(together(stretch))))
        except (TrainError, ExpandError) as error:
            return error  # as it is: the loader would make a traceback of it, and drop its status
