"""Pixel techniques as tensor operations on a whole batch, by the type of the technique."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expand.techniques import Choice, PixelTechnique
from expand.techniques.pixel.erase import Erase, box
from expand.techniques.pixel.noise import Noise, positions

Kernel = Callable[[Tensor, Any, Choice], Tensor]
"""Takes N×C×H×W images (uint8, or int32 for 16 bits), the technique, and its choice as arrays of N;
returns new images."""
KERNELS: dict[type[PixelTechnique], Kernel] = {}


def white(images: Tensor) -> int:
    """Return the highest level of images: 255, or 65,535."""
    return 255 if images.dtype == torch.uint8 else 65_535


def kernel(technique: type[PixelTechnique]) -> Callable[[Kernel], Kernel]:
    """Register a function as the kernel of a type of technique."""

    def register(function: Kernel) -> Kernel:
        KERNELS[technique] = function
        return function

    return register


@kernel(Erase)
def erase(images: Tensor, technique: Erase, choice: Choice) -> Tensor:
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
def noise(images: Tensor, _technique: Noise, choice: Choice) -> Tensor:
    """Add salt and pepper, in the pattern of `expand.techniques.pixel.noise`, number for number."""
    count, _, height, width = images.shape
    (rows,) = np.nonzero(np.broadcast_to(choice["amount"], count))
    if not len(rows):
        return images
    amount, salt, seed = (
        np.broadcast_to(choice[key], count)[rows] for key in ("amount", "salt", "seed")
    )
    numbers = pattern(torch.from_numpy(seed).to(images.device), height * width)
    numbers = numbers.reshape(-1, 1, height, width)
    noisy, salted = (
        _threshold(share).to(images.device)[:, None, None, None]
        for share in (amount, amount * salt)
    )
    index = torch.from_numpy(rows).to(images.device)
    changed = (
        images[index].masked_fill_(numbers < noisy, 0).masked_fill_(numbers < salted, white(images))
    )
    return images.clone().index_copy_(0, index, changed)


def pattern(seeds: Tensor, count: int) -> Tensor:
    """Return N × `count` numbers for N seeds, as signed 32 bits.

    They are those of `expand.techniques.pixel.noise.pattern`, less 2³¹. Tensors have no unsigned
    32-bit arithmetic: products wrap alike, shifts are masked, and the order of the numbers is kept
    by taking 2³¹ off each (which flips the highest bit).
    """
    low, high = seeds.to(torch.int32)[:, None], (seeds >> 32).to(torch.int32)[:, None]
    hashed = torch.from_numpy(positions(count).view(np.int32).copy()).to(seeds.device)[None] ^ low
    hashed *= 0x7FEB352D
    hashed ^= (hashed >> 15) & 0x1FFFF
    hashed ^= high
    hashed *= _signed(0x846CA68B)
    hashed ^= (hashed >> 16) & 0xFFFF
    return hashed ^ _signed(0x80000000)


def _signed(number: int) -> int:
    return number - 2**32


def _threshold(share: NDArray[np.float64]) -> Tensor:
    """Return the number of `pattern` below which a share of them lie."""
    numbers = np.minimum(np.rint(share * 2.0**32), 2.0**32 - 1) - 2.0**31
    return torch.from_numpy(numbers.astype(np.int32))
