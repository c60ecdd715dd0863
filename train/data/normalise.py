"""Normalisation: each channel minus its mean, over its standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Normaliser:
    """Normalises 8-bit images with the mean and deviation of each channel of the training set."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(self, images: Tensor) -> Tensor:
        """Normalise N×C×H×W uint8 images to floats, channels last in memory."""
        mean, scale = _constants(self, images.device)
        return ((images.float() - mean) * scale).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=8)
def _constants(normaliser: Normaliser, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the mean and one over the deviation as 1×C×1×1, copied to a device once."""
    mean, deviation = (
        torch.tensor(values).view(1, -1, 1, 1) for values in (normaliser.mean, normaliser.deviation)
    )
    return mean.to(device), (1 / deviation).to(device)


def measure_pixels(pixels: NDArray[np.uint8]) -> Normaliser:
    """Measure the normaliser of N×H×W×C images on at most 10,000 of them, spread over the set."""
    chosen = pixels[:: max(1, len(pixels) // 10_000)]
    values = chosen.reshape(-1, chosen.shape[3])
    # in integers: float sums would depend on the order of the images
    sums = np.stack(
        [np.bincount(values[:, channel], minlength=256) for channel in range(values.shape[1])]
    )
    levels, count = np.arange(256), len(values)
    mean = (sums * levels).sum(axis=1) / count
    variance = (sums * levels**2).sum(axis=1) / count - mean**2
    deviation = np.sqrt(np.maximum(variance, 1.0))
    return Normaliser(tuple(mean.tolist()), tuple(deviation.tolist()))
