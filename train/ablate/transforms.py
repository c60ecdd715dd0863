"""Transforms of torchvision in place of a recipe: TrivialAugment is the baseline of a check."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from expand.images.pixels import Pixels
from expand.views.keys import draw
from train.data.normalise import to_tensor
from train.feed.batches import CHUNK_IMAGES
from train.feed.sampler import Sampler

Change = Callable[[torch.Tensor], torch.Tensor]
"""Changes one image (C×H×W uint8), with what it draws from torch's own generator."""


def trivial_augment() -> Change:
    """Return TrivialAugment with its wide ranges (Müller & Hutter 2021), as torchvision has it."""
    from torchvision.transforms import TrivialAugmentWide

    transform: Change = TrivialAugmentWide()
    return transform


class TransformReader:
    """Read a decoded dataset and change each image by a transform.

    What the transform draws depends on the seed, the image's id, the epoch and `key`, which names
    the transform, so it is the same in every process.
    """

    is_shuffled = False

    def __init__(
        self,
        sampler: Sampler,
        pixels: Pixels,
        seed: int,
        change: Change,
        key: str,
        levels: tuple[int, int] | None = None,
    ) -> None:
        self.sampler, self.seed = sampler, seed
        self.pixels, self.levels = pixels, levels
        self.change, self.key = change, key
        self.device, self.chunk_images = torch.device("cpu"), CHUNK_IMAGES
        self.ids = sampler.ids

    def read(self, epoch: int, items: NDArray[np.int64]) -> torch.Tensor:
        """Read the images of some items in an epoch: N×C×H×W."""
        pixels = self.sampler.folder.take(self.pixels, self.sampler.rows(items, epoch))
        images = to_tensor(pixels)
        if self.levels:
            images = _to_8_bits(images, *self.levels)
        with torch.random.fork_rng(devices=[]):
            changed = [
                self._change(image, self.ids[item], epoch)
                for image, item in zip(images, items, strict=True)
            ]
        stacked = torch.stack(changed)
        return _from_8_bits(stacked, *self.levels) if self.levels else stacked

    def _change(self, image: torch.Tensor, source: str, epoch: int) -> torch.Tensor:
        key = draw(self.seed, self.key, source, epoch, 1)[0]
        # torch.manual_seed would seed the generators of the GPUs as well
        torch.default_generator.manual_seed(key)
        return self.change(image)


def _to_8_bits(images: torch.Tensor, low: int, high: int) -> torch.Tensor:
    """Return images of 16 bits as the operations take them: levels `low` … `high` on 256."""
    share = (images - low) / max(high - low, 1)
    return (share.clamp_(0, 1) * 255).round_().to(torch.uint8)


def _from_8_bits(images: torch.Tensor, low: int, high: int) -> torch.Tensor:
    return (images.float() / 255 * (high - low) + low).round_().to(torch.int32)
