"""Sets that are streamed from tars: the order of their visits, and their images.

A window is a run of samples of a tar that is read at once. In each epoch the windows come in an
order of their own, and so do the samples of each. This sequence is cut into lanes of equal length,
and the items of an epoch take one sample of each lane in turn: item i is of lane i mod 64. So the
order depends on the seed and the epoch alone, every sample is visited once, a process reads
few windows at a time, and any item is found without reading those before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.images.memory import keep_buffers
from expand.images.pixels import Pixels
from expand.storage.stores.open import open_store
from expand.storage.stores.store import StoreError
from expand.storage.stores.url import Url
from expand.views.by_class import view_batches
from expand.views.keys import draw
from train.data.decoding import check_alike
from train.data.folders.files import lost
from train.data.normalise import to_tensor
from train.data.sets.scan import Scan
from train.data.sets.windows import StoredImage, Window, read_window
from train.data.shape import Shape, resize_crop
from train.errors import STOPPED, TrainError
from train.feed import exact
from train.feed.batches import CHUNK_BYTES, order
from train.feed.strategies import Strategy

LANES = 64
READERS = 8
"""Windows of a set at a URL that are read at the same time."""
Rows = NDArray[np.int64]


class Places(NamedTuple):
    """Where the samples of some items are."""

    windows: Rows
    """The number of each item's window."""
    samples: Rows
    """Its number among the samples of the window."""


class StreamSampler:
    """The items of an epoch of a set that is streamed, in the order in which they are visited."""

    def __init__(self, scan: Scan, strategy: Strategy, seed: int) -> None:
        self.strategy, self.seed = strategy, seed
        self.windows = scan.windows
        self.shown = _windows_by_view(scan, strategy)
        classes = scan.contents.tar_set.index.classes
        self.numbers = np.argsort(np.argsort(np.array(classes)))
        """The number of each class among the sorted ones, as a folder has it."""
        self._labels: NDArray[np.int32] | None = scan.labels
        counts = [int(self.windows[shown, 2].sum()) for shown in self.shown]
        self.count = counts[0]
        if len(set(counts)) > 1:
            raise TrainError(
                f'"{scan.contents.root}" does not have every view of every source, so '
                f"--strategy {strategy.name} cannot stream it; use --visit all, or a larger "
                "--cache-size"
            )
        self.files_per_source = len(self.shown)
        self.visits_files = strategy.visit_all
        self._placed = lru_cache(maxsize=2)(self._place)

    def __len__(self) -> int:
        return self.count

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what the processes that read images do not need: labels are mapped here."""
        return {**self.__dict__, "_labels": None, "_placed": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the cache again."""
        self.__dict__.update(state, _placed=lru_cache(maxsize=2)(self._place))

    def labels_of(self, items: Rows, epoch: int) -> Rows:
        """Return the labels of some items in an epoch."""
        assert self._labels is not None
        places = self.places(items, epoch)
        labels: Rows = self.numbers[self._labels[self.windows[places.windows, 1] + places.samples]]
        return labels

    def places(self, items: Rows, epoch: int) -> Places:
        """Return where the samples of some items of an epoch are."""
        visits, ends = self._placed(epoch)
        share, more = divmod(self.count, LANES)
        lanes, turns = items % LANES, items // LANES
        at = lanes * share + np.minimum(lanes, more) + turns
        found = np.searchsorted(ends, at, side="right")
        windows = visits[found]
        inside = at - ends[found] + self.windows[windows, 2]
        samples = np.empty_like(inside)
        for window in np.unique(windows).tolist():
            own = windows == window
            samples[own] = self._order_in(window, epoch)[inside[own]]
        return Places(windows, samples)

    def _place(self, epoch: int) -> tuple[Rows, Rows]:
        """Return the windows of an epoch in their order, and where each ends among its items."""
        shown = self.shown[epoch % len(self.shown)]
        visits = shown[order(self.seed, epoch, len(shown))]
        return visits, np.cumsum(self.windows[visits, 2])

    def _order_in(self, window: int, epoch: int) -> Rows:
        (key,) = draw(self.seed, "window", str(window), epoch, 1)
        return order(key, epoch, int(self.windows[window, 2]))


def _windows_by_view(scan: Scan, strategy: Strategy) -> list[Rows]:
    """Return the windows that epochs show, in turn."""
    views = scan.views()
    if strategy.visit_all:
        return [np.arange(len(views))]
    if not strategy.reads_copies:
        return [np.flatnonzero(views == 0)]
    return [np.flatnonzero(views == view) for view in np.unique(views)]


class StreamImages:
    """The images of the items of a set that is streamed, with exact views."""

    device, is_shuffled = torch.device("cpu"), True

    def __init__(self, scan: Scan, sampler: StreamSampler, first: Pixels, shape: Shape) -> None:
        """`first` is an image, brought to its `shape`, that all others must be like."""
        self.sampler, self.shape = sampler, shape
        self.root, self.tars = scan.contents.root, [tar.file for tar in scan.contents.tars]
        self.classes = scan.contents.tar_set.index.classes
        self.size, self.dtype = first.shape, first.dtype.str
        window = max(1, int(np.median(sampler.windows[:, 2]))) if len(sampler.windows) else 1
        self.chunk_images = max(1, min(LANES * window // 2, CHUNK_BYTES // first.nbytes))
        self._held: dict[int, list[StoredImage]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the samples that are held."""
        return {**self.__dict__, "_held": {}}

    def read(self, epoch: int, items: Rows) -> Tensor:
        """Return the images of some items in an epoch: N×C×H×W."""
        cv2.setNumThreads(0)
        keep_buffers()
        places = self.sampler.places(items, epoch)
        self._hold(places.windows)
        samples = [
            self._held[window][number]
            for window, number in zip(places.windows.tolist(), places.samples.tolist(), strict=True)
        ]
        return to_tensor(self._render(samples, epoch))

    def _hold(self, windows: Rows) -> None:
        """Read windows that are not in memory; let go of those that are not needed any more."""
        needed = dict.fromkeys(windows.tolist())
        self._held = {number: self._held[number] for number in needed if number in self._held}
        missing = [number for number in needed if number not in self._held]
        if not isinstance(self.root, Url):  # threads would keep memory, and not be faster
            self._held.update(self._read_windows(missing))
            return
        parts = [missing[first::READERS] for first in range(min(READERS, len(missing)))]
        with ThreadPoolExecutor(READERS) as pool:
            for found in pool.map(self._read_windows, parts):
                self._held.update(found)

    def _read_windows(self, numbers: Sequence[int]) -> dict[int, list[StoredImage]]:
        found = {}
        try:
            with closing(open_store(self.root)) as store:
                for number in numbers:
                    window = Window(*self.sampler.windows[number].tolist())
                    found[number] = read_window(store, self.tars[window.tar], window)
        except StoreError as error:
            raise lost(error) from error
        return found

    def _render(self, samples: list[StoredImage], epoch: int) -> Pixels:
        """Return the images of samples as an epoch shows them: N×H×W×C."""
        k, views = self.sampler.strategy.view(epoch), self.sampler.strategy.views(epoch)
        if not k or views is None:
            return np.stack([self._decoded(sample) for sample in samples])
        ids = [sample.source for sample in samples]
        batches = view_batches(views, ids, [(self.classes[sample.label],) for sample in samples])
        rows = np.arange(len(samples))
        if self.shape.side is None and self.shape.colour == "keep":
            pixels = np.stack([self._decoded(sample) for sample in samples])
            return exact.render(batches, pixels, rows, k)
        images = exact.render_each(batches, map(self._pixels, samples), rows, k)
        return np.stack([self._shaped(*each) for each in zip(samples, images, strict=True)])

    def _decoded(self, sample: StoredImage) -> Pixels:
        return self._shaped(sample, self._pixels(sample))

    def _pixels(self, sample: StoredImage) -> Pixels:
        try:
            return decode(sample.data).pixels
        except BadImageError as error:
            raise self._bad(sample, error) from error

    def _shaped(self, sample: StoredImage, pixels: Pixels) -> Pixels:
        try:
            image = resize_crop(pixels, self.shape)
            check_alike(image, self.size, self.dtype)
        except BadImageError as error:
            raise self._bad(sample, error) from error
        return image

    def _bad(self, sample: StoredImage, error: BadImageError) -> TrainError:
        return TrainError(f'"{self.root}", sample "{sample.name}" {error}', STOPPED)
