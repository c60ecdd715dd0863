"""Images per second of training: usual per-image loops against ours, on 28×28 grey images.

The article's net, batches of 64. (a) The article's loop: a Dataset that makes a PIL image of each
array, ToTensor, a DataLoader without workers; without and with its five transforms. (b) A
DataLoader with two workers and an albumentations pipeline of the same techniques. (c) Ours: none,
disk, and fly (recipe blog: the article's ranges) with the exact and with the batched renderer.
Then augmenting alone. Arms take turns; medians of the rounds, with their range. Ratios are those of
the seconds on the clock, and of the CPU seconds of the process, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks import rendering
from benchmarks.timing import Seconds, Watch, print_rates
from benchmarks.training_loops import BATCH, STEPS, WARM_UP, peer_arms
from expand.recipes.recipe import Recipe
from train.data.folders.folder import Folder
from train.data.normalise import measure_pixels
from train.feed.dataset import decoded_images, device_images
from train.feed.feed import Feed
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.fit.hyperparameters import Hyperparameters
from train.fit.precision import choose_precision
from train.fit.trainer import Trainer
from train.models.build import build
from train.models.settings import ModelSettings
from train.runtime.memory import keep_freed_memory

IMAGES, FACTOR, ROUNDS = 6400, 4, 5
CPU, MODEL = torch.device("cpu"), ModelSettings("cnn", 1, 28, 28, 10)
PLAIN = "(a) plain loop"
RATIOS = (
    ("none / (a) without transforms", "(c) none", PLAIN),
    ("fly exact / (a) with transforms", "(c) fly, exact", f"{PLAIN}, torchvision transforms"),
    ("fly exact / none", "(c) fly, exact", "(c) none"),
    ("fly batched / none", "(c) fly, batched", "(c) none"),
)


def our_net() -> nn.Module:
    """Build the same net as the article's."""
    return build(MODEL).to(memory_format=torch.channels_last)


def our_loop(feed: Feed, pixels: NDArray[np.uint8], precision: str) -> Seconds:
    """Train the same net on as many batches of one of our feeds, in the second epoch."""
    torch.manual_seed(0)
    hyperparameters, steps = Hyperparameters(4, BATCH, 1e-3), feed.steps_per_epoch
    trainer = Trainer(our_net(), hyperparameters, steps, measure_pixels(pixels), precision)
    watch = Watch()
    for step, batch in enumerate(feed.batches(steps, steps + STEPS + WARM_UP)):
        if step == WARM_UP:
            watch = Watch()
        trainer.learn(batch)
    return watch.read()


def folder_of(count: int, copies: int, labels: NDArray[np.int64]) -> Folder:
    """List random images as a folder: `copies` views of `count` sources."""
    ids = [f"class/{index:05d}.png" for index in range(count) for _ in range(copies)]
    views = np.tile(np.arange(copies), count)
    return Folder(
        Path("random"),
        ids,
        np.repeat(labels, copies),
        ids,
        views,
        [],
        tuple("0123456789"),
        None,
        np.arange(count * copies),
    )


def our_feeds(pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> dict[str, Feed]:
    """Build a feed of each strategy and renderer."""
    sources, expanded = folder_of(IMAGES, 1, labels), folder_of(IMAGES, FACTOR, labels)
    plain, disk = Sampler(sources, Strategy("none")), Sampler(expanded, Strategy("disk"))
    fly = Sampler(sources, Strategy("fly", Recipe.load("blog")))
    images = {
        "(c) none": decoded_images(plain, pixels),
        "(c) disk": decoded_images(disk, np.repeat(pixels, FACTOR, axis=0)),
        "(c) fly, exact": decoded_images(fly, pixels),
        "(c) fly, batched": device_images(fly, pixels, CPU),
    }
    feeds = {name: Feed(each, BATCH, 0, CPU) for name, each in images.items()}
    for feed in feeds.values():
        steps = feed.steps_per_epoch
        next(iter(feed.batches(steps, steps + 1)))  # keys are drawn once
    return feeds


def our_arms(
    pixels: NDArray[np.uint8], labels: NDArray[np.int64], precision: str
) -> dict[str, Callable[[], Seconds]]:
    """Build our loops; each returns the seconds of its steps."""

    def arm(feed: Feed) -> Callable[[], Seconds]:
        return lambda: our_loop(feed, pixels, precision)

    return {name: arm(feed) for name, feed in our_feeds(pixels, labels).items()}


def print_ratios(seconds: Mapping[str, Sequence[Seconds]]) -> None:
    """Print how much faster some arms are than others: medians of the ratios of each round."""
    for text, one, other in RATIOS:
        if {one, other} <= set(seconds):
            pairs = list(zip(seconds[one], seconds[other], strict=True))
            wall = describe_ratios([b.wall / a.wall for a, b in pairs])
            cpu = describe_ratios([b.cpu / a.cpu for a, b in pairs])
            print(f"{text:44} {wall}  of CPU seconds {cpu}  (n={len(pairs)})")


def describe_ratios(ratios: Sequence[float]) -> str:
    """Return the median of some ratios, and their range."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})"


def main(arguments: Sequence[str] = ()) -> None:
    """Print the rates and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.training")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--threads", type=int, help="threads of torch (default: its own choice)")
    parser.add_argument("--ours", action="store_true", help="leave out the loops of others")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    keep_freed_memory()  # as `train` does; the loops of others gain by it too
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, 28, 28), np.uint8)
    labels = rng.integers(0, 10, IMAGES)
    with tempfile.TemporaryDirectory() as scratch:  # an empty cache, so that the probe runs
        precision = choose_precision(
            "auto", our_net(), MODEL, BATCH, Path(scratch) / "precision.json"
        )
    arms = our_arms(pixels[..., None], labels, precision)
    if not options.ours:
        arms = peer_arms(pixels, labels) | arms
    time_and_print(arms, options.rounds, precision)
    rendering.main()


def time_and_print(arms: Mapping[str, Callable[[], Seconds]], rounds: int, precision: str) -> None:
    """Let arms take turns for some rounds, and print their rates and ratios."""
    seconds: dict[str, list[Seconds]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, arm in arms.items():
            seconds[name].append(arm())
    base = next(iter(arms))
    threads = torch.get_num_threads()
    print(f"torch {torch.__version__}, {threads} threads; ours in {precision}; ratios to {base}")
    walls = {name: [each.wall for each in times] for name, times in seconds.items()}
    print_rates(walls, STEPS * BATCH, "images/s", base)
    print_ratios(seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
