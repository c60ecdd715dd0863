"""TrivialAugment (Müller & Hutter 2021) as a bar to hold a recipe against: torchvision's own, keyed by image and pass."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from expand.views.keys import draw
from train.feed.readers import Job
from train.feed.sampler import Sampler


class TrivialReader:
    """Reads a pack, and changes each image by one operation of TrivialAugmentWide, drawn from the image's id and the pass."""

    def __init__(self, sampler: Sampler, pixels: NDArray[np.uint8], seed: int) -> None:
        from torchvision.transforms import TrivialAugmentWide

        self.sampler, self.pixels, self.seed = sampler, pixels, seed
        self.change = TrivialAugmentWide()
        self.ids = sampler.ids

    def read(self, job: Job) -> NDArray[np.uint8]:
        """Return the images of a job: N×H×W×C."""
        rows = self.sampler.folder.places[self.sampler.rows(job.items, job.k)]
        images = torch.from_numpy(self.pixels[rows]).permute(0, 3, 1, 2)
        with torch.random.fork_rng(devices=[]):
            changed = [
                self._change(image, self.ids[item], job.k)
                for image, item in zip(images, job.items, strict=True)
            ]
        return np.ascontiguousarray(torch.stack(changed).permute(0, 2, 3, 1).numpy())

    def _change(self, image: torch.Tensor, source: str, k: int) -> torch.Tensor:
        torch.default_generator.manual_seed(
            draw(self.seed, "trivial", source, k, 1)[0]
        )  # not that of a GPU as well
        changed: torch.Tensor = self.change(image)
        return changed
