"""The study: one network, trained with each of the published augmentations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torchvision import transforms

from train.ablate.transforms import Change, TransformReader
from train.data.dataset import Data
from train.data.subsets import Draw
from train.errors import TrainError
from train.feed.dataset import Images
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.trials.study import Study, Trial

PAD = 4
RAND_AUGMENT = {"num_ops": 3, "magnitude": 4}
"""N = 3, M = 4 of 30: fixed beforehand, near what TrivialAugment's authors use for
Wide-ResNet-28-10 (N = 3, M = 5)."""


@dataclass(frozen=True)
class Arm:
    """A way to augment: `more` comes before flip and crop."""

    name: str
    label: str
    more: Callable[[], Change] | None = None

    def transform(self, side: int) -> Change:
        """Return the transform for images of `side` pixels."""
        usual = [transforms.RandomCrop(side, padding=PAD), transforms.RandomHorizontalFlip()]
        chain: Change = transforms.Compose([*([self.more()] if self.more else []), *usual])
        return chain


ARMS = (
    Arm("flip and crop", "flip-crop"),
    Arm("RandAugment", "rand", lambda: transforms.RandAugment(**RAND_AUGMENT)),
    Arm("TrivialAugment", "trivial", transforms.TrivialAugmentWide),
)


@dataclass(frozen=True, kw_only=True)
class PublishedStudy(Study):
    """The three arms on draws of the sources, each for the same epochs."""

    epochs: int

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise TrainError(f"--epochs must be at least 1, got {self.epochs}")

    def strategy(self, arm: Any, view_seed: int) -> Strategy:
        """Return the strategy of an arm: its reader changes the images instead."""
        return Strategy("none")

    def reader(self, arm: Any, sampler: Sampler, data: Data, view_seed: int) -> Images | None:
        """Return the reader of an arm."""
        pixels = data.train.decoded.pixels
        change = arm.transform(min(pixels.shape[1:3]))
        return TransformReader(sampler, pixels, view_seed, change, arm.label, data.levels)


def trials(study: PublishedStudy, seeds: int) -> Iterator[Trial]:
    """Yield all trials, arms interleaved over seeds; every seed has a draw of its own."""
    assert study.sources is not None
    for replicate in range(seeds):
        for shift in range(len(ARMS)):
            arm = ARMS[(shift + replicate) % len(ARMS)]
            name = f"{arm.label}_k{study.epochs}_n{study.sources}_s{replicate}"
            draw = Draw(replicate, study.sources, study.sources)
            yield Trial(arm, replicate, study.epochs, study.epochs, name, draw=draw)
