"""TrivialAugment (Müller & Hutter 2021) as a bar to hold a recipe against: torchvision's own, keyed by image and pass."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from expand.views.keys import draw
from train.feed.sampler import Sampler


class TrivialReader:
    """Reads a pack, and changes each image by one operation of TrivialAugmentWide, drawn from the image's id and the pass."""

    def __init__(self, sampler: Sampler, pixels: NDArray[np.uint8], seed: int) -> None:
        from torchvision.transforms import TrivialAugmentWide

        self.sampler, self.pixels, self.seed = sampler, pixels, seed
        self.device = torch.device("cpu")
        self.change = TrivialAugmentWide()
        self.ids = sampler.ids

    def read(self, epoch: int, items: NDArray[np.int64]) -> torch.Tensor:
        """Return the images of some items in an epoch: N×C×H×W uint8."""
        pixels = self.sampler.folder.take(self.pixels, self.sampler.rows(items, epoch))
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        with torch.random.fork_rng(devices=[]):
            changed = [
                self._change(image, self.ids[item], epoch)
                for image, item in zip(images, items, strict=True)
            ]
        return torch.stack(changed)

    def _change(self, image: torch.Tensor, source: str, k: int) -> torch.Tensor:
        torch.default_generator.manual_seed(
            draw(self.seed, "trivial", source, k, 1)[0]
        )  # not that of a GPU as well
        changed: torch.Tensor = self.change(image)
        return changed
