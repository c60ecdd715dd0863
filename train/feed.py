"""Feeds: what a strategy shows, read and rendered, batch by batch, as tensors on the training device."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice, pairwise, tee
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from expand.batches import ViewBatches
from expand.errors import ExpandError
from train.batched import BatchedViews
from train.errors import TrainError
from train.parallel import current_world
from train.readers import Job, Reader
from train.strategies import Visits, order

AHEAD = 512
"""Images that are rendered at a time: twice as fast for each as 64 (exact: 11.7 against 22.7 µs at 28×28)."""


class Batch(NamedTuple):
    """One step's images (N×C×H×W uint8) and labels, on the device."""

    images: Tensor
    labels: Tensor
    weight: float = 1.0


@dataclass
class Clock:
    """Where the time of a run goes, in seconds."""

    wait: float = 0.0
    augment: float = 0.0
    compute: float = 0.0
    evaluate: float = 0.0


class Feed(ABC):
    """The batches of a run, from any step on: the same whatever happened before."""

    def __init__(self, visits: Visits, batch_size: int, order_seed: int, device: torch.device) -> None:
        self.visits, self.order_seed, self.device = visits, order_seed, device
        self.world = current_world()
        if batch_size < self.world.size:
            raise TrainError(f"--batch-size must be at least 1 for each of {self.world.size} processes, got {batch_size}")
        self.edges = split(len(visits), batch_size, 2 * self.world.size)
        self.group = max(1, AHEAD // batch_size)
        self.labels = torch.from_numpy(visits.labels).to(device)
        self.clock = Clock()

    @property
    def steps_per_pass(self) -> int:
        """How many batches a pass has."""
        return len(self.edges)

    def jobs(self, start: int, stop: int) -> Iterator[Job]:
        """Yield the batches of steps `start` … `stop` − 1."""
        items, drawn = np.empty(0, dtype=np.int64), -1
        for step in range(start, stop):
            k, place = divmod(step, self.steps_per_pass)
            if k != drawn:
                items, drawn = order(self.order_seed, k, len(self.visits)), k
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
        parts = zip(torch.split(images.to(self.device), counts), torch.split(labels, counts), stretch, strict=True)
        for some, theirs, job in parts:
            yield Batch(some, theirs, job.weight)

    @abstractmethod
    def show(self, job: Job) -> Tensor:
        """Return the images of a job as the model gets them: N×C×H×W uint8."""

    @abstractmethod
    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of steps `start` … `stop` − 1, on the device."""


def finish(device: torch.device) -> None:
    """Wait until a GPU has done what it was given."""
    if device.type == "cuda":  # pragma: no cover  # needs a GPU
        torch.cuda.synchronize(device)


def split(count: int, batch_size: int, least: int = 2) -> list[tuple[int, int]]:
    """Return where batches begin and end; a last one of fewer than `least` joins the one before (batch norm needs two)."""
    edges = [*range(0, count, batch_size), count]
    if len(edges) > 2 and edges[-1] - edges[-2] < least:
        del edges[-2]
    return list(pairwise(edges))


def together(stretch: list[Job]) -> Job:
    """Return the batches of a stretch as one."""
    return Job(stretch[0].k, np.concatenate([job.items for job in stretch]))


class HostFeed(Feed):
    """Reads and renders on the host: several batches at a time in this process, or ahead of it in worker processes."""

    def __init__(self, visits: Visits, batch_size: int, order_seed: int, device: torch.device, reader: Reader) -> None:
        super().__init__(visits, batch_size, order_seed, device)
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
        images = self._ahead(told) if self.workers else map(_Stretches(self.reader).__getitem__, told)
        rendered = not self.workers and self.visits.strategy.recipe is not None
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


class DeviceFeed(Feed):
    """Keeps all images on the device, and renders views there, several batches at a time."""

    def __init__(
        self, visits: Visits, batch_size: int, order_seed: int, device: torch.device, pixels: NDArray[np.uint8]
    ) -> None:
        super().__init__(visits, batch_size, order_seed, device)
        self.views: BatchedViews | None = None
        self.pixels = torch.from_numpy(np.array(pixels)).to(device).permute(0, 3, 1, 2)
        self.views = self._views_of(0)
        self.colours = self._fill_colours()

    def show(self, job: Job) -> Tensor:
        """Return the images of a job, rendered on the device."""
        rows = torch.from_numpy(self.visits.folder.places[self.visits.rows(job.items, job.k)]).to(self.device)
        images = self.pixels[rows]
        k = self.visits.strategy.view(job.k)
        self.views = self._views_of(job.k)
        if self.views and k:
            colours = None if self.colours is None else self.colours[rows]
            images = self.views.render(images, job.items, k, colours)
        return images

    def _views_of(self, k: int) -> BatchedViews | None:
        """Return what renders pass `k`: the one at hand where it still does."""
        views, before = self.visits.strategy.views(k), self.views
        if views is None or (before and before.batches.views == views):
            return before
        return BatchedViews(ViewBatches(views, self.visits.ids), self.device)

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of steps `start` … `stop` − 1, on the device."""
        for stretch in self.stretches(start, stop):
            finish(self.device)  # the steps that a GPU is still computing are no augmenting
            started = time.perf_counter()
            images = self.show(together(stretch))
            finish(self.device)
            self.clock.augment += time.perf_counter() - started
            yield from self.cut(images, stretch)

    def _fill_colours(self) -> Tensor | None:
        """Return what fills the uncovered area of every image; None where that is another one in each view."""
        if self.views is None or not self.views.batches.views.recipe.begins_with_geometry:
            return None
        return torch.cat([self.views.colours(part) for part in torch.split(self.pixels, 4096)])
