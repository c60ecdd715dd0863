"""Pixel techniques as tensor operations on a whole batch, by the type of the technique."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from expand.techniques import Choice, PixelTechnique
from expand.techniques.pixel import hits
from expand.techniques.pixel.cells import WHITES
from expand.techniques.pixel.erase import Erase, box
from expand.techniques.pixel.noise import Noise

Kernel = Callable[[Tensor, Any, Choice, Tensor], Tensor]
"""Takes N×C×H×W images (uint8, or int32 for 16 bits), the technique, its choice as arrays of N, and
the images before the first technique; returns new images."""
KERNELS: dict[type[PixelTechnique], Kernel] = {}
MOST = 1 << 22
"""Values that noise writes at a time, so that memory is bounded."""


def white(images: Tensor) -> int:
    """Return the highest level of images: 255, or 65,535."""
    return 255 if images.dtype == torch.uint8 else 65_535


def levels_of(images: Tensor) -> Tensor:
    """Return the white of each of N images, as `expand.techniques.pixel.cells.whites_of` does."""
    if images.dtype == torch.uint8:
        return torch.full((len(images),), 255, device=images.device)
    levels = torch.from_numpy(WHITES).to(images.device)
    return levels[torch.bucketize(images.flatten(1).amax(1), levels)]


def kernel(technique: type[PixelTechnique]) -> Callable[[Kernel], Kernel]:
    """Register a function as the kernel of a type of technique."""

    def register(function: Kernel) -> Kernel:
        KERNELS[technique] = function
        return function

    return register


@kernel(Erase)
def erase(images: Tensor, technique: Erase, choice: Choice, _source: Tensor) -> Tensor:
    """Paint a box in each image."""
    count, _, height, width = images.shape
    edges = (
        torch.from_numpy(np.broadcast_to(edge, count).copy()).to(images.device)[:, None]
        for edge in box(choice, height, width)
    )
    left, right, top, bottom = edges
    level = technique.level * (white(images) // 255)
    columns = torch.arange(width, device=images.device)
    rows = torch.arange(height, device=images.device)
    across, down = (columns >= left) & (columns < right), (rows >= top) & (rows < bottom)
    return images.masked_fill(down[:, None, :, None] & across[:, None, None, :], level)


@kernel(Noise)
def noise(images: Tensor, _technique: Noise, choice: Choice, source: Tensor) -> Tensor:
    """Add salt and pepper to the pixels that `expand.techniques.pixel.noise` hits."""
    count, channels, height, width = images.shape
    pixels, device = height * width, images.device
    amount, salt, seed = (np.broadcast_to(choice[key], count) for key in ("amount", "salt", "seed"))
    drawn = hits.draw(seed, amount, salt, pixels)
    noisy, levels = images.clone(memory_format=torch.contiguous_format), levels_of(source)
    planes = torch.arange(channels, device=device)
    for group, tries in hits.groups(drawn, np.flatnonzero(drawn.count), pixels, MOST // channels):
        keys = torch.from_numpy(np.stack([key[group] for key in drawn.keys]).astype(np.int32))
        numbers = torch.from_numpy(np.stack([group, drawn.count[group], drawn.salted[group]]))
        rows, counts, salted = numbers.to(device)
        positions, ranks = hit(pixels, tries, keys.to(device), counts)
        values = torch.where(ranks <= salted, levels[rows], 0).to(images.dtype)
        index = (rows[:, None] * channels + planes) * pixels + positions[..., None]
        noisy.view(-1).index_put_((index,), values[..., None])
    return noisy


def hit(pixels: int, tries: int, keys: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the positions that are hit in N images, T×N, and their ranks among the image's hits.

    Every image has at least one hit, which stands in for tries that hit nothing: the shape is that
    of the tries, so that nothing waits for the device.
    """
    bits = hits.bits_of(pixels)
    start = torch.from_numpy(hits.start(bits, tries).astype(np.int32)).to(keys.device)
    rounds = hits.Rounds(hits.FACTORS, (1 << bits) - 1, (bits + 1) // 2)
    positions = hits.permute(start[:, None], keys, rounds)
    valid = positions < pixels
    ranks = valid.cumsum(0)
    is_hit = valid & (ranks <= counts)
    first = torch.where(valid & (ranks == 1), positions, 0).sum(0)
    return torch.where(is_hit, positions, first), torch.where(is_hit, ranks, 1)
