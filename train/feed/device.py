"""The device feed: all images on the training device, views rendered there."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expand.views.batches import ViewBatches
from train.feed.batched import BatchedViews
from train.feed.feed import Batch, Feed, together
from train.feed.readers import Job
from train.feed.sampler import Sampler
from train.runtime.device import finish


class DeviceFeed(Feed):
    """Keeps all images on the device, and renders views there, several batches at a time."""

    def __init__(
        self,
        sampler: Sampler,
        batch_size: int,
        order_seed: int,
        device: torch.device,
        pixels: NDArray[np.uint8],
    ) -> None:
        super().__init__(sampler, batch_size, order_seed, device)
        self.views: BatchedViews | None = None
        self.pixels = torch.from_numpy(np.array(pixels)).to(device).permute(0, 3, 1, 2)
        self.views = self._views_of(0)
        self.colours = self._fill_colours()

    def show(self, job: Job) -> Tensor:
        """Return the images of a job, rendered on the device."""
        rows = torch.from_numpy(self.sampler.folder.places[self.sampler.rows(job.items, job.k)]).to(
            self.device
        )
        images = self.pixels[rows]
        k = self.sampler.strategy.view(job.k)
        self.views = self._views_of(job.k)
        if self.views and k:
            colours = None if self.colours is None else self.colours[rows]
            images = self.views.render(images, job.items, k, colours)
        return images

    def _views_of(self, k: int) -> BatchedViews | None:
        """Return what renders pass `k`: the one at hand where it still does."""
        views, before = self.sampler.strategy.views(k), self.views
        if views is None or (before and before.batches.views == views):
            return before
        return BatchedViews(ViewBatches(views, self.sampler.ids), self.device)

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
