"""The images that a strategy shows: a pixel store and a renderer, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor

from expand.images.pixels import Pixels
from expand.views.batches import ViewBatches
from expand.views.by_class import view_batches
from train.data.decoding import hash_files
from train.data.shape import Shape
from train.feed import batched, exact
from train.feed.exact import Colours
from train.feed.sampler import Sampler
from train.feed.stores import DecodedStore, DeviceStore, FileStore, PixelStore, Rows
from train.feed.strategies import Strategy

P = TypeVar("P")
COLOUR_IMAGES = 4096
"""Images whose fill colours are computed at a time."""


Renderer: TypeAlias = Callable[[ViewBatches, P, Rows, int, Colours | None], P]
"""Renders view `k` of images, in the form in which their store reads them."""


class Items(Protocol):
    """The items of an epoch."""

    strategy: Strategy

    def __len__(self) -> int: ...

    def labels_of(self, items: Rows, epoch: int) -> Rows:
        """Return the labels of some items in an epoch."""


class Images(Protocol):
    """What a feed reads: the images of any items in any epoch."""

    @property
    def sampler(self) -> Items:
        """The items."""

    is_shuffled: bool
    """Whether the items of an epoch come in an order of their own."""
    device: torch.device
    """Where images are rendered."""
    chunk_images: int
    """How many of them are best rendered at a time."""

    def read(self, epoch: int, items: Rows) -> Tensor:
        """Return the images of some items in an epoch: N×C×H×W."""


class ViewDataset(Generic[P]):
    """The images of a sampler's items, read from a store and rendered as the strategy asks."""

    is_shuffled = False

    def __init__(self, sampler: Sampler, store: PixelStore[P], render: Renderer[P]) -> None:
        self.sampler, self.store, self.render = sampler, store, render
        self.device, self.chunk_images = store.device, store.chunk_images
        self.batches: ViewBatches | None = None
        self.colours: Colours | None = None

    def read(self, epoch: int, items: Rows) -> Tensor:
        """Return the images of some items in an epoch: N×C×H×W."""
        rows = self.sampler.rows(items, epoch)
        images = self.store.read(rows)
        if k := self.sampler.strategy.view(epoch):
            batches = self._views_of(epoch)
            images = self.render(batches, images, items, k, self._fill_colours(batches, rows))
        return self.store.collate(images, rows)

    def _views_of(self, epoch: int) -> ViewBatches:
        """Return the views of an epoch; the last ones are kept while they stay the same."""
        views = self.sampler.strategy.views(epoch)
        assert views is not None
        if self.batches is None or self.batches.views != views:
            self.batches = view_batches(views, self.sampler.ids, self.sampler.classes)
        return self.batches

    def _fill_colours(self, batches: ViewBatches, rows: Rows) -> Colours | None:
        """Return the fill colours of some rows, computed once for all rows of the folder.

        None where they depend on the view: another technique changes the pixels first.
        """
        store = self.store.decoded
        if store is None or not batches.views.recipe.begins_with_geometry:
            return None
        if self.colours is None:
            everything = np.arange(len(store.folder))
            self.colours = np.concatenate(
                [
                    exact.fill_colours(batches, store.read(some))
                    for some in np.split(everything, everything[COLOUR_IMAGES::COLOUR_IMAGES])
                ]
            )
        return self.colours[rows]


def decoded_images(sampler: Sampler, pixels: Pixels) -> ViewDataset[Any]:
    """Return images from the decoded cache, with exact views."""
    return ViewDataset(sampler, DecodedStore(sampler.folder, pixels), exact.render)


def file_images(
    sampler: Sampler, shape: Shape, hashes: Sequence[str] | None = None
) -> ViewDataset[Any]:
    """Return images from their files, with exact views, brought to `shape` after rendering.

    `hashes` are those that the files must have, row by row; None: those that they have now.
    """
    folder = sampler.folder
    known = hash_files(folder.path, folder.files) if hashes is None else hashes
    return ViewDataset(sampler, FileStore(folder, known, shape), exact.render_each)


def device_images(sampler: Sampler, pixels: Pixels, device: torch.device) -> ViewDataset[Any]:
    """Return images from the device's memory, with views rendered there by tensor operations."""
    store = DeviceStore(DecodedStore(sampler.folder, pixels), device)
    return ViewDataset(sampler, store, batched.render)
