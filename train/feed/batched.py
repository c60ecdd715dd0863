"""The batched renderer: views of a whole batch on the training device, by tensor operations, no Python for each image.

It takes the very parameters that `expand` draws; pixels are within one grey level of the exact renderer's.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from expand.geometry import Affine, Size
from expand.techniques import Choice, PixelTechnique
from expand.techniques.geometric.scale import Scale
from expand.techniques.pixel.erase import Erase, box
from expand.techniques.pixel.noise import Noise, positions
from expand.views.batches import Choices, ViewBatches
from train.errors import TrainError


class BatchedViews:
    """The views of a fixed row of images, rendered where the tensors are."""

    def __init__(self, batches: ViewBatches, device: torch.device) -> None:
        self.batches, self.device, self.fill = batches, device, batches.views.recipe.fill
        if missing := without_batched_form(batches):
            raise TrainError(
                f"{', '.join(missing)} cannot be rendered in batches; --renderer exact"
            )

    def render(
        self, images: Tensor, items: NDArray[np.int64], k: int, colours: Tensor | None
    ) -> Tensor:
        """Return view `k` of some images (N×C×H×W uint8): the same shape.

        `colours` (N×C) is what fills the uncovered area of each image; None: to be found here.
        """
        choices = self.batches.choices(items, k)
        moved = False
        for step in self.batches.views.steps:
            if step.change:
                images = self._change(images, step.change, choices[step.key])
            elif not moved:
                moved = True
                images = self._move(
                    images, choices, self.colours(images) if colours is None else colours
                )
        return images

    def _change(self, images: Tensor, change: PixelTechnique, choice: Choice) -> Tensor:
        """Return the images with their pixels changed."""
        if isinstance(change, Erase):
            return self._erase(images, choice, change.level)
        return self._noise(images, choice)

    def _move(self, images: Tensor, choices: Choices, colours: Tensor) -> Tensor:
        """Return the images read through one map each."""
        count, _, height, width = images.shape
        source, size = self.batches.placement(choices, Size(float(width), float(height)))
        if np.any(size.width != width) or np.any(size.height != height):
            raise TrainError(
                "the recipe changes the size of images; --renderer exact and --image-size"
            )
        mirrors = self.fill.value == "reflect"
        grid = self._grid(source, count, height, width, corners=mirrors)
        if mirrors or self.fill.value == "edge":
            mode = "reflection" if mirrors else "border"
            out = grid_sample(images.float(), grid, padding_mode=mode, align_corners=mirrors)
        else:
            colour = colours[:, :, None, None]
            out = grid_sample(
                images - colour, grid, padding_mode="zeros", align_corners=False
            ).add_(colour)
        return out.add_(0.5).clamp_(0, 255).to(torch.uint8)

    def colours(self, images: Tensor) -> Tensor:
        """Return what fills the uncovered area of each image, N×C."""
        shown = images.permute(0, 2, 3, 1).cpu().numpy()
        found = self.batches.fill_colours(shown[..., 0] if shown.shape[3] == 1 else shown)
        return torch.from_numpy(found).to(self.device, torch.float32)

    def _grid(
        self, source: Affine, count: int, height: int, width: int, *, corners: bool
    ) -> Tensor:
        """Return where each output pixel is read, in grid_sample's coordinates (−1 … 1 over the image), N×H×W×2.

        With `corners`, −1 and 1 are the outermost pixels' centres, about which reflect mirrors; else their outer edges.
        """
        parts = np.stack([np.broadcast_to(part, count) for part in source], axis=-1).reshape(
            count, 2, 3
        )
        sides = np.array([[width], [height]], dtype=np.float64)
        # from continuous pixel coordinates to those of the grid
        spans = np.maximum(
            sides - 1, 1
        )  # an image of one row or column has no span; all of it is that one
        scale, offset = (2 / spans, 1 / spans + 1) if corners else (2 / sides, 1.0)
        parts = parts * scale
        parts[:, :, 2] -= np.broadcast_to(offset, (2, 1))[:, 0]
        theta = torch.from_numpy(parts).to(self.device, torch.float32)
        columns = torch.arange(width, device=self.device, dtype=torch.float32) + 0.5
        rows = torch.arange(height, device=self.device, dtype=torch.float32) + 0.5
        across = theta[:, :, 0, None, None] * columns + theta[:, :, 2, None, None]
        return (across + theta[:, :, 1, None, None] * rows[:, None]).permute(0, 2, 3, 1)

    def _erase(self, images: Tensor, choice: Choice, level: int) -> Tensor:
        """Return the images with a box painted in each."""
        count, _, height, width = images.shape
        edges = (
            torch.from_numpy(np.broadcast_to(edge, count).copy()).to(self.device)
            for edge in box(choice, height, width)
        )
        left, right, top, bottom = (edge[:, None] for edge in edges)
        columns, rows = (
            torch.arange(width, device=self.device),
            torch.arange(height, device=self.device),
        )
        across, down = (columns >= left) & (columns < right), (rows >= top) & (rows < bottom)
        return images.masked_fill(down[:, None, :, None] & across[:, None, None, :], level)

    def _noise(self, images: Tensor, choice: Choice) -> Tensor:
        """Return the images with salt and pepper: the pattern of `expand.techniques.noise`, number for number."""
        count, _, height, width = images.shape
        (rows,) = np.nonzero(np.broadcast_to(choice["amount"], count))
        if not len(rows):
            return images
        amount, salt, seed = (
            np.broadcast_to(choice[key], count)[rows] for key in ("amount", "salt", "seed")
        )
        numbers = pattern(torch.from_numpy(seed).to(self.device), height * width).reshape(
            -1, 1, height, width
        )
        struck, salted = (
            _threshold(share).to(self.device)[:, None, None, None]
            for share in (amount, amount * salt)
        )
        places = torch.from_numpy(rows).to(self.device)
        hit = images[places].masked_fill_(numbers < struck, 0).masked_fill_(numbers < salted, 255)
        return images.clone().index_copy_(0, places, hit)


def without_batched_form(batches: ViewBatches) -> list[str]:
    """Return the techniques of a recipe that only the exact renderer has: it averages whole blocks where a view is halved."""
    steps = batches.views.steps
    pixels = [
        step.key for step in steps if step.change and not isinstance(step.change, Noise | Erase)
    ]
    return pixels + [
        step.key for step in steps if isinstance(step.move, Scale) and step.move.zoom.low <= 0.5
    ]


def pattern(seeds: Tensor, count: int) -> Tensor:
    """Return N × `count` numbers for N seeds: those of `expand.techniques.noise.pattern`, less 2³¹, as signed 32 bits.

    Tensors have no unsigned 32-bit arithmetic: products wrap alike, shifts are masked, and the order of the numbers is
    kept by taking 2³¹ off each (which flips the highest bit).
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
