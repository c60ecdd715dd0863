"""Views per second of each renderer alone: 28×28 grey images, recipe blog, 512 at a time."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.timing import print_rates, time_arms
from expand.recipes.recipe import Recipe
from expand.views.batches import ViewBatches
from expand.views.views import Views
from train.feed import batched
from train.feed.exact import fill_colours, render
from train.runtime.memory import keep_freed_memory

IMAGES, CHUNK, ROUNDS, VIEW = 6400, 512, 5, 3
EXACT, BATCHED = "augmenting alone: exact, one core", "augmenting alone: batched, two threads"


def main() -> None:
    """Print the rate of each renderer."""
    keep_freed_memory()  # as `train` does: new memory for each batch takes a fifth longer
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, 28, 28, 1), np.uint8)
    ids = [f"class/{index:05d}.png" for index in range(IMAGES)]
    views = ViewBatches(Views(Recipe.load("blog")), ids)
    tensors = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    colours = fill_colours(views, pixels)

    def exact() -> None:
        for rows in chunks():
            render(views, pixels[rows], rows, VIEW, colours[rows])

    def with_tensors() -> None:
        for rows in chunks():
            batched.render(views, tensors[rows], rows, VIEW, colours[rows])

    exact()  # keys are drawn once
    seconds = time_arms({EXACT: exact, BATCHED: with_tensors}, ROUNDS)
    print_rates(seconds, IMAGES, "images/s", EXACT)


def chunks() -> list[NDArray[np.int64]]:
    """Split the images into parts of 512."""
    return [np.arange(start, min(start + CHUNK, IMAGES)) for start in range(0, IMAGES, CHUNK)]


if __name__ == "__main__":
    main()
