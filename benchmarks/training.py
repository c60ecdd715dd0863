"""Images a second of training: the usual per-image loops against ours, on 28×28 grey images, the article's net, batch 64.

(a) the article's loop: a Dataset that makes a PIL image of each array, ToTensor, a DataLoader without workers; without
and with its five transforms. (b) a DataLoader with two workers and an albumentations pipeline of the same techniques.
(c) ours: none, disk, fly (recipe blog: the article's ranges) with the exact and with the batched renderer. Then augmenting
alone. Arms take turns; medians of the rounds, with their range.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from benchmarks.timing import print_rates, time_arms
from expand.recipes.recipe import Recipe
from expand.views.batches import ViewBatches
from expand.views.views import Views
from train.data.folder import Folder
from train.data.normalise import measure_pixels
from train.feed import batched
from train.feed.dataset import decoded_images, device_images
from train.feed.exact import fill_colours, render
from train.feed.feed import Feed
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.fit.hyperparameters import Hyperparameters
from train.fit.precision import choose_precision
from train.fit.trainer import Trainer
from train.models.build import build
from train.models.settings import ModelSettings

IMAGES, FACTOR, BATCH, STEPS, ROUNDS = 6400, 4, 64, 100, 5
CPU = torch.device("cpu")


class OneByOne(Dataset[tuple[Any, int]]):
    """The article's data set: an image at a time, through PIL and a transform."""

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        labels: NDArray[np.int64],
        transform: Callable[[Any], Any],
        pil: bool = True,
    ) -> None:
        self.pixels, self.labels, self.transform, self.pil = pixels, labels, transform, pil

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = self.pixels[index]
        return self.transform(Image.fromarray(image) if self.pil else image), int(
            self.labels[index]
        )


def salt_and_pepper(image: Tensor) -> Tensor:
    """Return a tensor image with 3 % of its pixels white or black, as people write it."""
    noise = torch.rand_like(image)
    return image.masked_fill(noise < 0.015, 0).masked_fill(noise > 0.985, 1)


def article_transforms() -> list[Any]:
    """Return the article's five techniques as it chains them: each a transform, each resampling anew."""
    return [
        transforms.RandomHorizontalFlip(),
        transforms.RandomVerticalFlip(),
        transforms.RandomRotation(90),
        transforms.RandomAffine(0, translate=(0.3, 0.3)),
        transforms.RandomAffine(0, scale=(1.0, 2.0)),
        transforms.ToTensor(),
        salt_and_pepper,
    ]


@lru_cache(maxsize=1)
def pipeline() -> Any:
    """Return the five techniques as an albumentations pipeline; built where it is used, in the worker."""
    import albumentations as a

    move = a.Affine(rotate=(-90, 90), translate_percent=(-0.3, 0.3), scale=(1.0, 2.0), p=1)
    return a.Compose(
        [
            a.HorizontalFlip(p=0.5),
            a.VerticalFlip(p=0.5),
            move,
            a.SaltAndPepper(amount=(0.01, 0.05), p=0.5),
        ]
    )


def with_albumentations(image: NDArray[np.uint8]) -> Tensor:
    """Return an image through the pipeline, as a tensor."""
    return torch.from_numpy(pipeline()(image=image)["image"])[None].float() / 255


def article_net() -> nn.Module:
    """Return the article's net as the article writes it."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 10),
    )  # fmt: skip


def plain_loop(batches: Iterable[Any]) -> float:
    """Train the article's net on `STEPS` batches, after ten to warm up; return the seconds."""
    torch.manual_seed(0)
    model, started = article_net(), 0.0
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for step, (images, labels) in enumerate(batches):
        if step == 10:
            started = time.perf_counter()
        optimizer.zero_grad()
        cross_entropy(model(images), labels).backward()
        optimizer.step()
        if step == STEPS + 9:
            break
    return time.perf_counter() - started


def our_loop(feed: Feed, pixels: NDArray[np.uint8], precision: str) -> float:
    """Train the same net on as many batches from one of our feeds, in the second epoch; return the seconds."""
    torch.manual_seed(0)
    model = build(ModelSettings("cnn", 1, 28, 28, 10)).to(memory_format=torch.channels_last)
    trainer = Trainer(
        model,
        Hyperparameters(4, BATCH, 1e-3),
        feed.steps_per_epoch,
        measure_pixels(pixels),
        precision,
    )
    started = 0.0
    for step, batch in enumerate(
        feed.batches(feed.steps_per_epoch, feed.steps_per_epoch + STEPS + 10)
    ):
        if step == 10:
            started = time.perf_counter()
        trainer.learn(batch)
    return time.perf_counter() - started


def folder_of(count: int, copies: int, labels: NDArray[np.int64]) -> Folder:
    """Return a folder that lists drawn images: `copies` views of `count` sources."""
    ids = [f"class/{index:05d}.png" for index in range(count) for _ in range(copies)]
    views = np.tile(np.arange(copies), count)
    return Folder(
        Path("drawn"),
        ids,
        np.repeat(labels, copies),
        ids,
        views,
        [],
        tuple("0123456789"),
        None,
        np.arange(count * copies),
    )


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    pixels, labels = (
        rng.integers(0, 256, (IMAGES, 28, 28), np.uint8),
        rng.integers(0, 10, IMAGES),
    )
    copies = np.repeat(pixels, FACTOR, axis=0)[..., None]
    recipe = Recipe.load("blog")
    model = build(ModelSettings("cnn", 1, 28, 28, 10)).to(memory_format=torch.channels_last)
    precision = choose_precision(
        "auto", model, ModelSettings("cnn", 1, 28, 28, 10), BATCH, _nowhere()
    )

    def loader(
        transform: Callable[[Any], Any], workers: int = 0, pil: bool = True
    ) -> DataLoader[Any]:
        data = OneByOne(pixels, labels, transform, pil)
        context = "spawn" if workers else None
        return DataLoader(
            data,
            BATCH,
            shuffle=True,
            num_workers=workers,
            multiprocessing_context=context,
            persistent_workers=bool(workers),
        )

    sources, expanded = folder_of(IMAGES, 1, labels), folder_of(IMAGES, FACTOR, labels)
    fly = Sampler(sources, Strategy("fly", recipe))
    feeds: dict[str, Feed] = {
        "c": Feed(
            decoded_images(Sampler(sources, Strategy("none")), pixels[..., None]), BATCH, 0, CPU
        ),
        "d": Feed(decoded_images(Sampler(expanded, Strategy("disk")), copies), BATCH, 0, CPU),
        "e": Feed(decoded_images(fly, pixels[..., None]), BATCH, 0, CPU),
        "f": Feed(device_images(fly, pixels[..., None], CPU), BATCH, 0, CPU),
    }
    for feed in feeds.values():
        next(
            iter(feed.batches(feed.steps_per_epoch, feed.steps_per_epoch + 1))
        )  # keys are drawn once
    albumentations = loader(with_albumentations, 2, pil=False)
    plain, with_transforms = (
        loader(transforms.ToTensor()),
        loader(transforms.Compose(article_transforms())),
    )
    arms: dict[str, Callable[[], float]] = {
        "(a) plain loop": lambda: plain_loop(plain),
        "(a) plain loop, torchvision transforms": lambda: plain_loop(with_transforms),
        "(b) 2 workers, albumentations": lambda: plain_loop(albumentations),
        "(c) none": lambda: our_loop(feeds["c"], pixels[..., None], precision),
        "(c) disk": lambda: our_loop(feeds["d"], pixels[..., None], precision),
        "(c) fly, exact": lambda: our_loop(feeds["e"], pixels[..., None], precision),
        "(c) fly, batched": lambda: our_loop(feeds["f"], pixels[..., None], precision),
    }
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(ROUNDS):
        for name, arm in arms.items():
            seconds[name].append(arm())
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads; ours in {precision}; ratios to (a) plain loop"
    )
    print_rates(seconds, STEPS * BATCH, "images/s", "(a) plain loop")
    for what, one, other in (
        ("none / (a) without transforms", "(c) none", "(a) plain loop"),
        (
            "fly exact / (a) with transforms",
            "(c) fly, exact",
            "(a) plain loop, torchvision transforms",
        ),
        ("fly exact / none", "(c) fly, exact", "(c) none"),
        ("fly batched / none", "(c) fly, batched", "(c) none"),
    ):
        ratios = sorted(b / a for a, b in zip(seconds[one], seconds[other], strict=True))
        print(
            f"{what:44} {statistics.median(ratios):.2f}  ({ratios[0]:.2f} … {ratios[-1]:.2f}; n={ROUNDS})"
        )
    augment_alone(pixels, recipe)


def augment_alone(pixels: NDArray[np.uint8], recipe: Recipe) -> None:
    """Print how many views a second each renderer makes, 512 at a time, with nothing else to do."""
    ids = [f"class/{index:05d}.png" for index in range(len(pixels))]
    views = ViewBatches(Views(recipe), ids)
    arrays, tensors = pixels[..., None], torch.from_numpy(pixels)[:, None]
    colours = fill_colours(views, arrays)

    def exact() -> None:
        for start in range(0, len(pixels), 512):
            rows = np.arange(start, min(start + 512, len(pixels)))
            render(views, arrays[rows], rows, 3, colours[rows])

    def tensor_operations() -> None:
        for start in range(0, len(pixels), 512):
            rows = np.arange(start, min(start + 512, len(pixels)))
            batched.render(views, tensors[rows], rows, 3, colours[rows])

    arms = {
        "augmenting alone: exact, one core": exact,
        "augmenting alone: batched, two threads": tensor_operations,
    }
    exact()
    print_rates(
        time_arms(arms, ROUNDS), len(pixels), "images/s", "augmenting alone: exact, one core"
    )


def _nowhere() -> Path:
    """Return a path that remembers nothing, so that the probe runs."""
    return Path(tempfile.mkdtemp()) / "precision.json"


if __name__ == "__main__":
    main()
