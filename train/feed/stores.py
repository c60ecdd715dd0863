"""Pixel stores: where images come from: the decoded cache, their files, or the device's memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from mmap import mmap
from typing import Any, Protocol, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expand.images.decoder import decode
from expand.images.memory import keep_buffers
from expand.images.pixels import Pixels
from expand.storage.stores.url import Place
from train.data.cache import explain_cache
from train.data.decoding import name_file, stack
from train.data.folders.files import read_row
from train.data.folders.folder import Folder
from train.data.normalise import to_tensor
from train.data.shape import Shape, resize_crop
from train.errors import STOPPED
from train.feed.batches import GPU_PIXELS, chunk_images

P = TypeVar("P")
"""Images in the form that a store and its renderer share."""
Rows = NDArray[np.int64]
CPU = torch.device("cpu")


class PixelStore(Protocol[P]):
    """Reads the images of a folder's rows."""

    device: torch.device
    """Where the images are when they are read."""
    chunk_images: int
    """How many of them are best read at a time."""

    @property
    def decoded(self) -> DecodedStore | None:
        """The same images in the host's memory, if they are there."""

    def read(self, rows: Rows) -> P:
        """Return the images of some rows, for a renderer."""

    def collate(self, images: P, rows: Rows) -> Tensor:
        """Return rendered images as one N×C×H×W tensor."""


class DecodedStore:
    """The decoded cache, mapped into memory; N×H×W×C arrays."""

    device = CPU

    def __init__(self, folder: Folder, pixels: Pixels) -> None:
        self.folder, self.pixels = folder, pixels
        self.chunk_images = chunk_images(pixels[:1].nbytes or 1)

    @property
    def decoded(self) -> DecodedStore:
        """The store itself."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the path of a mapped file in place of its pixels: workers map the same memory."""
        # a part of a mapped array has the array as its base
        mapped = isinstance(self.pixels, np.memmap) and isinstance(self.pixels.base, mmap)
        return {
            **self.__dict__,
            "pixels": getattr(self.pixels, "filename", None) if mapped else self.pixels,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Map the file again."""
        pixels = state["pixels"]
        if not isinstance(pixels, np.ndarray):
            with explain_cache(pixels):
                pixels = np.load(pixels, mmap_mode="r")
        self.__dict__.update(state, pixels=pixels)

    def read(self, rows: Rows) -> Pixels:
        """Return the images of some rows."""
        return self.folder.take(self.pixels, rows)

    def collate(self, images: Pixels, rows: Rows) -> Tensor:
        """Return images as a tensor."""
        return to_tensor(images)


class FileStore:
    """The files themselves, decoded when they are read, resized after rendering.

    Images are read one by one: several hundred at their own size could exceed the memory.
    """

    device, chunk_images = CPU, 512
    decoded = None

    def __init__(self, folder: Folder, hashes: Sequence[str], shape: Shape) -> None:
        self.folder, self.hashes, self.shape = folder, hashes, shape

    def read(self, rows: Rows) -> Iterator[Pixels]:
        """Yield the image of each row at its own size."""
        cv2.setNumThreads(0)
        keep_buffers()
        return (
            decode(read_row(self.folder, row, self.hashes[row])).pixels for row in rows.tolist()
        )

    def collate(self, images: Iterator[Pixels], rows: Rows) -> Tensor:
        """Return images, brought to one shape, as a tensor; a bad file is named."""
        resized = []
        for row in rows:
            with name_file(self._path(row), STOPPED):  # decodes and renders: both are lazy
                resized.append(resize_crop(next(images), self.shape))
        return to_tensor(stack(resized))

    def _path(self, row: int) -> Place:
        return self.folder.root / self.folder.files[row]


class DeviceStore:
    """All images of the folder in the device's memory; N×C×H×W tensors."""

    def __init__(self, decoded: DecodedStore, device: torch.device) -> None:
        self.decoded, self.device = decoded, device
        self.pixels = to_tensor(decoded.folder.take(decoded.pixels)).to(device)
        pixels = self.pixels.shape[2] * self.pixels.shape[3]
        fitting = GPU_PIXELS // pixels if device.type == "cuda" else 0
        self.chunk_images = max(decoded.chunk_images, fitting)

    def read(self, rows: Rows) -> Tensor:
        """Return the images of some rows."""
        return self.pixels[torch.from_numpy(rows).to(self.device)]

    def collate(self, images: Tensor, rows: Rows) -> Tensor:
        """Return the images as they are."""
        return images
