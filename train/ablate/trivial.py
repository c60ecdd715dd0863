"""TrivialAugment (Müller & Hutter 2021), a baseline for recipes: torchvision's own, keyed."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from expand.views.keys import draw
from train.feed.sampler import Sampler


class TrivialReader:
    """Read a pack and change each image by one operation of TrivialAugmentWide.

    The operation is drawn from the image's id and the epoch, so it is the same in every process.
    """

    def __init__(self, sampler: Sampler, pixels: NDArray[np.uint8], seed: int) -> None:
        from torchvision.transforms import TrivialAugmentWide

        self.sampler, self.pixels, self.seed = sampler, pixels, seed
        self.device = torch.device("cpu")
        self.change = TrivialAugmentWide()
        self.ids = sampler.ids

    def read(self, epoch: int, items: NDArray[np.int64]) -> torch.Tensor:
        """Read the images of some items in an epoch: N×C×H×W uint8."""
        pixels = self.sampler.folder.take(self.pixels, self.sampler.rows(items, epoch))
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        with torch.random.fork_rng(devices=[]):
            changed = [
                self._change(image, self.ids[item], epoch)
                for image, item in zip(images, items, strict=True)
            ]
        return torch.stack(changed)

    def _change(self, image: torch.Tensor, source: str, epoch: int) -> torch.Tensor:
        key = draw(self.seed, "trivial", source, epoch, 1)[0]
        # torch.manual_seed would seed the generators of the GPUs as well
        torch.default_generator.manual_seed(key)
        changed: torch.Tensor = self.change(image)
        return changed
