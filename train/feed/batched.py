"""The batched renderer: views of a whole batch by tensor operations, on the images' device.

It uses the parameters that `expand` draws; pixels are within one grey level of 256 of the exact
renderer's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from expand.geometry import Affine, Size
from expand.images.pixels import Pixels
from expand.techniques.geometric.scale import Scale
from expand.views.batches import Choices, ViewBatches
from train.errors import TrainError
from train.feed import exact
from train.feed.exact import Colours
from train.feed.kernels import KERNELS, white

AVERAGES_BLOCKS: dict[type, Callable[[Any], bool]] = {Scale: lambda scale: scale.zoom.low <= 0.5}
"""By the type of the technique: whether the exact renderer averages blocks of pixels for it, which
`grid_sample` does not. For other types it never does."""


def check_batched(batches: ViewBatches) -> None:
    """Refuse a recipe that has a technique without a batched form."""
    if missing := without_batched_form(batches):
        raise TrainError(f"{', '.join(missing)} cannot be rendered in batches; --renderer exact")


def without_batched_form(batches: ViewBatches) -> list[str]:
    """Return the keys of the techniques of a recipe that only the exact renderer has."""
    steps = batches.views.steps
    pixels = [step.key for step in steps if step.change and type(step.change) not in KERNELS]
    moves = [(step.key, AVERAGES_BLOCKS.get(type(step.move)), step.move) for step in steps]
    return pixels + [key for key, averages, move in moves if averages and averages(move)]


def render(
    batches: ViewBatches,
    images: Tensor,
    items: NDArray[np.int64],
    k: int,
    colours: Colours | None = None,
) -> Tensor:
    """Render view `k` of N×C×H×W images: uint8, or int32 for 16 bits.

    `colours` (N×C) fills the area that a view uncovers in each image; None: computed here.
    """
    choices = batches.choices(items, k)
    source, moved = images, False
    for step in batches.views.steps:
        if step.change:
            images = KERNELS[type(step.change)](images, step.change, choices[step.key], source)
        elif not moved:
            moved = True
            images = _move(batches, images, choices, colours)
    return images


def _move(
    batches: ViewBatches, images: Tensor, choices: Choices, colours: Colours | None
) -> Tensor:
    """Resample each image through its one map."""
    height, width = images.shape[2:]
    source, size = batches.placement(choices, Size(float(width), float(height)))
    if np.any(size.width != width) or np.any(size.height != height):
        raise TrainError("the recipe changes the size of images; --renderer exact and --image-size")
    fill = batches.views.recipe.fill.value
    grid = _grid(source, images, corners=fill == "reflect")
    if fill == "reflect":
        out = grid_sample(images.float(), grid, padding_mode="reflection", align_corners=True)
    elif fill == "edge":
        out = grid_sample(images.float(), grid, padding_mode="border", align_corners=False)
    else:
        colour = _colours(batches, images, colours)
        out = grid_sample(images.float() - colour, grid, align_corners=False).add_(colour)
    return out.add_(0.5).clamp_(0, white(images)).to(images.dtype)


def _colours(batches: ViewBatches, images: Tensor, colours: Colours | None) -> Tensor:
    """Return the fill colours as N×C×1×1 floats on the images' device."""
    if colours is None:
        colours = exact.fill_colours(batches, to_pixels(images))
    return torch.from_numpy(colours).to(images.device, torch.float32)[:, :, None, None]


def to_pixels(images: Tensor) -> Pixels:
    """Return N×C×H×W images as an array of N×H×W×C, in the depth of their files."""
    pixels: Pixels = images.permute(0, 2, 3, 1).cpu().numpy()
    return pixels if pixels.dtype == np.uint8 else pixels.astype(np.uint16)


def _grid(source: Affine, images: Tensor, *, corners: bool) -> Tensor:
    """Return the point that each output pixel is read from, for grid_sample, N×H×W×2.

    Its coordinates are −1 … 1 over the image. With `corners`, −1 and 1 are the centres of the
    outermost pixels, about which reflect mirrors; else their outer edges.
    """
    count, _, height, width = images.shape
    device = images.device
    theta = _theta(source, count, height, width, corners=corners).to(device, torch.float32)
    columns = torch.arange(width, device=device, dtype=torch.float32) + 0.5
    rows = torch.arange(height, device=device, dtype=torch.float32) + 0.5
    across = theta[:, :, 0, None, None] * columns + theta[:, :, 2, None, None]
    return (across + theta[:, :, 1, None, None] * rows[:, None]).permute(0, 2, 3, 1)


def _theta(source: Affine, count: int, height: int, width: int, *, corners: bool) -> Tensor:
    """Return the maps from pixel coordinates to those of grid_sample, N×2×3."""
    parts = np.stack([np.broadcast_to(part, count) for part in source], axis=-1)
    parts = parts.reshape(count, 2, 3)
    sides = np.array([[width], [height]], dtype=np.float64)
    # an image of one row or column has no span between centres: all of it is read at that one
    spans = np.maximum(sides - 1, 1)
    scale, offset = (2 / spans, 1 / spans + 1) if corners else (2 / sides, 1.0)
    parts = parts * scale
    parts[:, :, 2] -= np.broadcast_to(offset, (2, 1))[:, 0]
    return torch.from_numpy(parts)
