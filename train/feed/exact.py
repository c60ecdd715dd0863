"""The exact renderer: views by `expand`'s own code, equal to its files bit for bit."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.images.pixels import Pixels
from expand.views.batches import ViewBatches
from train.errors import TrainError

Colours = NDArray[np.int64]
THREADED = 100 * 100
"""Pixels from which OpenCV may use threads of its own: asking them takes 1.2 µs a view."""


def render(
    batches: ViewBatches,
    images: Pixels,
    items: NDArray[np.int64],
    k: int,
    colours: Colours | None = None,
) -> Pixels:
    """Render view `k` of N×H×W×C images.

    `colours` (N×C) fills the area that a view uncovers in each image; None: computed here.
    """
    if images.shape[1] * images.shape[2] < THREADED:
        cv2.setNumThreads(0)
    out = batches.render(_as_files(images), batches.choices(items, k), colours)
    out = out.reshape(*out.shape[:3], images.shape[3])
    if out.shape != images.shape:
        raise TrainError(
            "the recipe changes the size of images; give them one size with --image-size"
        )
    return out


def render_each(
    batches: ViewBatches,
    images: Iterator[Pixels],
    items: NDArray[np.int64],
    k: int,
    _colours: Colours | None = None,
) -> Iterator[Pixels]:
    """Render view `k` of images one by one, each at its own size, as they are asked for."""
    views = batches.views
    for pixels, item in zip(images, items, strict=True):
        yield views.render(pixels, batches.params(int(item), k)).pixels


def fill_colours(batches: ViewBatches, images: Pixels) -> Colours:
    """Return the colour that fills the uncovered area of each of N×H×W×C images, N×C."""
    return batches.fill_colours(_as_files(images))


def _as_files(images: Pixels) -> Pixels:
    """Drop the channel axis of grey images: `expand` renders them as a file holds them."""
    return images[..., 0] if images.shape[3] == 1 else images
