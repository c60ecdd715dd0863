"""Normalisation: each channel minus its mean, over its standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from expand.images.pixels import Pixels


@dataclass(frozen=True)
class Normaliser:
    """Normalises images with the mean and deviation of each channel of the training set."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(self, images: Tensor) -> Tensor:
        """Normalise N×C×H×W images to floats, channels last in memory."""
        mean, scale = _constants(self, images.device)
        return ((images.float() - mean) * scale).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=8)
def _constants(normaliser: Normaliser, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the mean and one over the deviation as 1×C×1×1, copied to a device once."""
    mean, deviation = (
        torch.tensor(values).view(1, -1, 1, 1) for values in (normaliser.mean, normaliser.deviation)
    )
    return mean.to(device), (1 / deviation).to(device)


def to_tensor(images: Pixels) -> Tensor:
    """Return N×H×W×C images as a tensor of N×C×H×W, with the same order in memory.

    8 bits stay uint8. 16 bits become int32: torch can hardly compute with uint16.
    """
    whole = images if images.dtype == np.uint8 else images.astype(np.int32)
    return torch.from_numpy(np.ascontiguousarray(whole)).permute(0, 3, 1, 2)


def count_levels(pixels: Pixels) -> int:
    """Return the number of levels of a channel: 256, or 65,536."""
    return int(np.iinfo(pixels.dtype).max) + 1


def measure_pixels(pixels: Pixels) -> Normaliser:
    """Measure the normaliser of N×H×W×C images on at most 10,000 of them, spread over the set."""
    chosen = pixels[:: max(1, len(pixels) // 10_000)]
    values = chosen.reshape(-1, chosen.shape[3])
    # in integers: float sums would depend on the order of the images
    sums = np.stack(
        [
            np.bincount(values[:, channel], minlength=count_levels(pixels))
            for channel in range(values.shape[1])
        ]
    )
    levels, count = np.arange(count_levels(pixels)), len(values)
    mean = (sums * levels).sum(axis=1) / count
    squares = levels**2 if pixels.dtype == np.uint8 else levels.astype(np.float64) ** 2
    variance = (sums * squares).sum(axis=1) / count - mean**2
    deviation = np.sqrt(np.maximum(variance, 1.0))
    return Normaliser(tuple(mean.tolist()), tuple(deviation.tolist()))
