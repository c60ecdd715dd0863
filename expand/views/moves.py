"""Moves: resamplings of images of known sizes, one by one and as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.geometry import IDENTITY, Affine, Placement, Size, shift


class Move(NamedTuple):
    """One resampling, ready for OpenCV: a placement for images of one size."""

    source: Affine
    """From output to input, in pixels."""
    matrix: NDArray[np.float64]
    """The same from pixel centre to pixel centre, 2×3."""
    size: tuple[int, int]
    """The width and height of the output."""
    still: bool
    """Whether it changes nothing."""
    shrinks: bool
    """Whether it may shrink by two or more."""
    mirrors: bool
    """Whether it is a flip, a quarter turn or both, which take no arithmetic."""


@dataclass(frozen=True)
class Moves:
    """N resamplings as arrays, with the parts of `Move`."""

    sources: NDArray[np.float64]
    """6×N."""
    matrices: NDArray[np.float64]
    """N×2×3."""
    sizes: NDArray[np.int64]
    """2×N."""
    still: NDArray[np.bool_]
    shrinks: NDArray[np.bool_]
    mirrors: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.matrices)

    @property
    def simple(self) -> NDArray[np.bool_]:
        """Which of them are one call of OpenCV."""
        return ~(self.still | self.shrinks | self.mirrors)

    def take(self, places: NDArray[np.intp]) -> Moves:
        """Return some of them."""
        return Moves(
            self.sources[:, places],
            self.matrices[places],
            self.sizes[:, places],
            self.still[places],
            self.shrinks[places],
            self.mirrors[places],
        )

    def each(self) -> list[Move]:
        """Return them one by one."""
        return [
            Move(Affine(*row), matrix, (width, height), *flags)
            for row, matrix, width, height, *flags in zip(
                self.sources.T.tolist(),
                self.matrices,
                *self.sizes.tolist(),
                self.still.tolist(),
                self.shrinks.tolist(),
                self.mirrors.tolist(),
                strict=True,
            )
        ]


def make_moves(placement: Placement, sizes: Size) -> Moves:
    """Return N resamplings, of images of `sizes`; the parts of both are numbers or arrays of N."""
    columns = np.broadcast_arrays(*placement.source, *placement.size, *sizes)
    parts = np.stack([np.asarray(column, np.float64).reshape(-1) for column in columns])
    source, size, before = Affine(*parts[:6]), parts[6:8].astype(np.int64), parts[8:]
    matrices = np.stack(by_centres(source), axis=-1).reshape(-1, 2, 3)
    steps = np.hypot(source.a, source.b), np.hypot(source.d, source.e)
    shrinks = np.maximum(*steps) > 1.999
    still = (parts[:6] == np.array(IDENTITY)[:, None]).all(axis=0) & (size == before).all(axis=0)
    return Moves(parts[:6], matrices, size, still, shrinks, _mirrors(matrices, size, before))


def _mirrors(
    matrices: NDArray[np.float64], size: NDArray[np.int64], before: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which of N matrices are flips or quarter turns of the whole image, or both."""
    linear, offset = matrices[:, :, :2], matrices[:, :, 2]
    straight = (linear[:, 0, 1] == 0) & (linear[:, 1, 0] == 0)
    crossed = (linear[:, 0, 0] == 0) & (linear[:, 1, 1] == 0)
    whole = (np.abs(linear).sum(axis=2) == 1).all(axis=1)
    # a side that is read backwards begins at its last pixel
    begins = offset == np.where(linear.sum(axis=2) < 0, before.T - 1, 0)
    fits = np.where(straight, size == before, size[::-1] == before).all(axis=0)
    result: NDArray[np.bool_] = (straight | crossed) & whole & begins.all(axis=1) & fits
    return result


def by_centres(source: Affine) -> Affine:
    """Convert a map to OpenCV's coordinates, which have pixel centres at whole numbers."""
    return shift(-0.5, -0.5).after(source).after(shift(0.5, 0.5))
