"""Feeds: what a strategy shows, read and rendered, batch by batch, as tensors on the training device."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice, pairwise, tee
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from expand.batches import ViewBatches
from expand.codec import decode
from expand.errors import BadImage
from expand.source import read_source
from train.batched import BatchedViews
from train.errors import STOPPED, TrainError
from train.pack import Shape, fit
from train.parallel import current_world
from train.strategies import Visits, order

AHEAD = 512
"""Images that the exact renderer makes at a time: twice as fast for each as 64 (11.7 against 22.7 µs at 28×28)."""


class Job(NamedTuple):
    """A stretch of a pass: its number and the items to show."""

    k: int
    items: NDArray[np.int64]


class Batch(NamedTuple):
    """One step's images (N×C×H×W uint8) and labels, on the device."""

    images: Tensor
    labels: Tensor


class Reader(Protocol):
    """Turns jobs into images: N×H×W×C of 8 bits."""

    def read(self, job: Job) -> NDArray[np.uint8]:
        """Return the images of a job."""


class PackReader:
    """Reads a pack, and renders views of what it reads with `expand`'s own code, to the same bits."""

    def __init__(self, visits: Visits, pixels: NDArray[np.uint8]) -> None:
        self.visits, self.pixels = visits, pixels
        views = visits.strategy.views
        self.batches = ViewBatches(views, visits.ids) if views else None
        self.colours: NDArray[np.int64] | None = None

    def read(self, job: Job) -> NDArray[np.uint8]:
        """Return the images of a job."""
        rows = self.visits.rows(job.items, job.k)
        rows = self.visits.folder.places[rows]
        images = self.pixels[rows]
        k = self.visits.strategy.view(job.k)
        if self.batches is None or k == 0:
            return images
        return render(self.batches, images, job.items, k, self._fill_colours(rows))

    def _fill_colours(self, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Return what fills the uncovered area of some rows; computed once for all of them."""
        if self.batches is None or not self.batches.views.recipe.begins_with_geometry:
            return None
        if self.colours is None:
            grey = self.pixels[..., 0] if self.pixels.shape[3] == 1 else self.pixels
            parts = [self.batches.fill_colours(grey[start : start + 4096]) for start in range(0, len(grey), 4096)]
            self.colours = np.concatenate(parts)
        return self.colours[rows]


def render(
    batches: ViewBatches, images: NDArray[np.uint8], items: NDArray[np.int64], k: int, colours: NDArray[np.int64] | None
) -> NDArray[np.uint8]:
    """Return view `k` of some images (N×H×W×C); a grey one has no channel axis while it is rendered, as in a file."""
    grey = images.shape[3] == 1
    choices = batches.choices(items, k)
    out: NDArray[np.uint8] = batches.render(images[..., 0] if grey else images, choices, colours)
    out = out[..., None] if grey else out
    if out.shape != images.shape:
        raise TrainError("the recipe changes the size of images; give them one size with --image-size")
    return out


class FileReader:
    """Reads files, renders views of them at their own size, then brings them to one: for sets that are not packed."""

    def __init__(self, visits: Visits, shape: Shape) -> None:
        self.visits, self.shape = visits, shape

    def read(self, job: Job) -> NDArray[np.uint8]:
        """Return the images of a job."""
        cv2.setNumThreads(0)
        folder, views = self.visits.folder, self.visits.strategy.views
        k, ids = self.visits.strategy.view(job.k), self.visits.ids
        images = []
        for item, row in zip(job.items, self.visits.rows(job.items, job.k), strict=True):
            path = folder.root / folder.files[row]
            try:
                pixels = decode(read_source(path)).pixels
                if views and k:
                    pixels = views.render(pixels, views.params(ids[item], k)).pixels
            except BadImage as error:
                raise TrainError(f'"{path}" {error}', STOPPED) from error
            images.append(fit(pixels, self.shape))
        if len({image.shape for image in images}) > 1:
            raise TrainError("images have different sizes or channels; give them one with --image-size and --colour")
        return np.stack(images)


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
        self.edges = split(len(visits), batch_size)
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
            yield Job(k, self.world.share(items[slice(*self.edges[place])]))

    @abstractmethod
    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of steps `start` … `stop` − 1, on the device."""


def split(count: int, batch_size: int) -> list[tuple[int, int]]:
    """Return where batches begin and end; a last one of a single image joins the one before (batch norm needs two)."""
    edges = [*range(0, count, batch_size), count]
    if len(edges) > 2 and edges[-1] - edges[-2] == 1:
        del edges[-2]
    return list(pairwise(edges))


class HostFeed(Feed):
    """Reads and renders on the host: several batches at a time in this process, or ahead of it in worker processes."""

    def __init__(self, visits: Visits, batch_size: int, order_seed: int, device: torch.device, reader: Reader) -> None:
        super().__init__(visits, batch_size, order_seed, device)
        self.reader = reader
        self.workers = 0
        self.group = max(1, AHEAD // batch_size)

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of steps `start` … `stop` − 1, on the device."""
        stretches = self._stretches(start, stop)
        kept, told = tee(stretches)
        images = self._ahead(list(told)) if self.workers else map(_Stretches(self.reader).__getitem__, told)
        rendered = not self.workers and self.visits.strategy.recipe is not None
        for stretch in kept:
            started = time.perf_counter()
            made = next(images)
            taken = time.perf_counter() - started
            self.clock.augment += taken if rendered else 0.0
            self.clock.wait += 0.0 if rendered else taken
            begin = 0
            for job in stretch:
                part = made[begin : begin + len(job.items)].to(self.device, non_blocking=True)
                begin += len(job.items)
                yield Batch(part.permute(0, 3, 1, 2), self.labels[torch.from_numpy(job.items).to(self.device)])

    def _stretches(self, start: int, stop: int) -> Iterator[list[Job]]:
        """Yield the batches a few at a time, those of one pass together."""
        for _, jobs in groupby(self.jobs(start, stop), key=lambda job: job.k):
            while stretch := list(islice(jobs, self.group)):
                yield stretch

    def _ahead(self, stretches: list[list[Job]]) -> Iterator[Tensor]:
        """Read in worker processes, a few stretches ahead, in order."""
        loader: DataLoader[Tensor] = DataLoader(
            _Stretches(self.reader),
            generator=torch.Generator(),  # its own, or it would draw from the one that dropout draws from
            batch_size=None,
            sampler=stretches,
            num_workers=self.workers,
            multiprocessing_context="spawn",
            prefetch_factor=2,
        )
        return iter(loader)


class _Stretches(Dataset[Tensor]):
    """A reader as torch's loader wants it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def __getitem__(self, stretch: list[Job]) -> Tensor:
        items = np.concatenate([job.items for job in stretch])
        return torch.from_numpy(np.ascontiguousarray(self.reader.read(Job(stretch[0].k, items))))


class DeviceFeed(Feed):
    """Keeps all images on the device, and renders views there, a batch at a time."""

    def __init__(
        self, visits: Visits, batch_size: int, order_seed: int, device: torch.device, pixels: NDArray[np.uint8]
    ) -> None:
        super().__init__(visits, batch_size, order_seed, device)
        self.pixels = torch.from_numpy(np.array(pixels)).to(device).permute(0, 3, 1, 2)
        views = visits.strategy.views
        self.views = BatchedViews(ViewBatches(views, visits.ids), device) if views else None
        self.colours = self._fill_colours()

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of steps `start` … `stop` − 1, on the device."""
        for job in self.jobs(start, stop):
            started = time.perf_counter()
            rows = torch.from_numpy(self.visits.folder.places[self.visits.rows(job.items, job.k)]).to(self.device)
            images = self.pixels[rows]
            labels = self.labels[torch.from_numpy(job.items).to(self.device)]
            k = self.visits.strategy.view(job.k)
            if self.views and k:
                colours = None if self.colours is None else self.colours[rows]
                images = self.views.render(images, job.items, k, colours)
            self.clock.augment += time.perf_counter() - started
            yield Batch(images, labels)

    def _fill_colours(self) -> Tensor | None:
        """Return what fills the uncovered area of every image; None where that is another one in each view."""
        if self.views is None or not self.views.batches.views.recipe.begins_with_geometry:
            return None
        return torch.cat([self.views.colours(part) for part in torch.split(self.pixels, 4096)])
