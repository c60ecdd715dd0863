"""The usual training loops: one image at a time through PIL, torchvision or albumentations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from benchmarks.timing import Seconds, Watch

BATCH, STEPS, WARM_UP = 64, 100, 10


class OneByOne(Dataset[tuple[Any, int]]):
    """The article's dataset: one image at a time, through PIL and a transform."""

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
    """Turn 3 % of the pixels white or black, as it is usually written."""
    noise = torch.rand_like(image)
    return image.masked_fill(noise < 0.015, 0).masked_fill(noise > 0.985, 1)


def article_transforms() -> list[Any]:
    """List the article's five techniques as it chains them: each one resamples again."""
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
    """Build the five techniques as an albumentations pipeline, in the worker that uses it."""
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
    """Apply the pipeline to an image; return a tensor."""
    return torch.from_numpy(pipeline()(image=image)["image"])[None].float() / 255


def article_net() -> nn.Module:
    """Build the article's net as the article writes it."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 10),
    )  # fmt: skip


def plain_loop(batches: Iterable[Any]) -> Seconds:
    """Train the article's net on `STEPS` batches after a warm-up; return the seconds."""
    torch.manual_seed(0)
    model, watch = article_net(), Watch()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for step, (images, labels) in enumerate(batches):
        if step == WARM_UP:
            watch = Watch()
        optimizer.zero_grad()
        cross_entropy(model(images), labels).backward()
        optimizer.step()
        if step == STEPS + WARM_UP - 1:
            break
    return watch.read()


def loader(dataset: OneByOne, workers: int = 0) -> DataLoader[Any]:
    """Build the DataLoader of a dataset."""
    return DataLoader(
        dataset,
        BATCH,
        shuffle=True,
        num_workers=workers,
        multiprocessing_context="spawn" if workers else None,
        persistent_workers=bool(workers),
    )


def peer_arms(
    pixels: NDArray[np.uint8], labels: NDArray[np.int64]
) -> dict[str, Callable[[], Seconds]]:
    """Build the loops to compare with; each returns the seconds of its steps."""
    plain = loader(OneByOne(pixels, labels, transforms.ToTensor()))
    chained = loader(OneByOne(pixels, labels, transforms.Compose(article_transforms())))
    workers = loader(OneByOne(pixels, labels, with_albumentations, pil=False), 2)
    return {
        "(a) plain loop": lambda: plain_loop(plain),
        "(a) plain loop, torchvision transforms": lambda: plain_loop(chained),
        "(b) 2 workers, albumentations": lambda: plain_loop(workers),
    }
