"""Readers: what a stretch of a pass shows, as an array of pixels on the host, from a pack or from files."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.layouts.source import read_source
from expand.views.batches import ViewBatches
from train.data.shape import Shape, resize_crop
from train.errors import STOPPED, TrainError
from train.feed.sampler import Sampler


class Job(NamedTuple):
    """A stretch of a pass: its number and the items to show."""

    k: int
    items: NDArray[np.int64]
    weight: float = 1.0
    """How many items this process has of a batch, over an equal share: its gradient counts so much more, or less."""


class Reader(Protocol):
    """Turns jobs into images: N×H×W×C of 8 bits."""

    def read(self, job: Job) -> NDArray[np.uint8]:
        """Return the images of a job."""


class PackReader:
    """Reads a pack, and renders views of what it reads with `expand`'s own code, to the same bits."""

    def __init__(self, sampler: Sampler, pixels: NDArray[np.uint8]) -> None:
        self.sampler, self.pixels = sampler, pixels
        self.batches: ViewBatches | None = None
        self.colours: NDArray[np.int64] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Send a worker process the pack's path in place of its pixels; it maps the same memory."""
        file = getattr(self.pixels, "filename", None)
        mapped = file is not None and np.load(file, mmap_mode="r").shape == self.pixels.shape
        return {**self.__dict__, "pixels": file if mapped else self.pixels}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Map the pack again."""
        pixels = state["pixels"]
        self.__dict__.update(
            state,
            pixels=pixels if isinstance(pixels, np.ndarray) else np.load(pixels, mmap_mode="r"),
        )

    def read(self, job: Job) -> NDArray[np.uint8]:
        """Return the images of a job."""
        rows = self.sampler.rows(job.items, job.k)
        rows = self.sampler.folder.places[rows]
        images = self.pixels[rows]
        k = self.sampler.strategy.view(job.k)
        views = self.sampler.strategy.views(job.k)
        if views is None or k == 0:
            return images
        if self.batches is None or self.batches.views != views:
            self.batches = ViewBatches(views, self.sampler.ids)
        return render(self.batches, images, job.items, k, self._fill_colours(self.batches, rows))

    def _fill_colours(
        self, batches: ViewBatches, rows: NDArray[np.int64]
    ) -> NDArray[np.int64] | None:
        """Return what fills the uncovered area of some rows; computed once for all of them."""
        if not batches.views.recipe.begins_with_geometry:
            return None
        if self.colours is None:
            grey = self.pixels[..., 0] if self.pixels.shape[3] == 1 else self.pixels
            parts = [
                batches.fill_colours(grey[start : start + 4096])
                for start in range(0, len(grey), 4096)
            ]
            self.colours = np.concatenate(parts)
        return self.colours[rows]


def render(
    batches: ViewBatches,
    images: NDArray[np.uint8],
    items: NDArray[np.int64],
    k: int,
    colours: NDArray[np.int64] | None,
) -> NDArray[np.uint8]:
    """Return view `k` of some images (N×H×W×C); a grey one has no channel axis while it is rendered, as in a file."""
    grey = images.shape[3] == 1
    choices = batches.choices(items, k)
    out: NDArray[np.uint8] = batches.render(images[..., 0] if grey else images, choices, colours)
    out = out[..., None] if grey else out
    if out.shape != images.shape:
        raise TrainError(
            "the recipe changes the size of images; give them one size with --image-size"
        )
    return out


class FileReader:
    """Reads files, renders views of them at their own size, then brings them to one: for sets that are not packed."""

    def __init__(self, sampler: Sampler, shape: Shape) -> None:
        self.sampler, self.shape, self.ids = sampler, shape, sampler.ids

    def read(self, job: Job) -> NDArray[np.uint8]:
        """Return the images of a job."""
        cv2.setNumThreads(0)
        folder, views = self.sampler.folder, self.sampler.strategy.views(job.k)
        k = self.sampler.strategy.view(job.k)
        images = []
        for item, row in zip(job.items, self.sampler.rows(job.items, job.k), strict=True):
            path = folder.root / folder.files[row]
            try:
                pixels = decode(read_source(path)).pixels
                if views and k:
                    pixels = views.render(pixels, views.params(self.ids[item], k)).pixels
            except BadImageError as error:
                raise TrainError(f'"{path}" {error}', STOPPED) from error
            images.append(resize_crop(pixels, self.shape))
        if len({image.shape for image in images}) > 1:
            raise TrainError(
                "images have different sizes or channels; give them one with --image-size and --colour"
            )
        return np.stack(images)
