"""How evenly a few views cover their ranges: square roots of primes, R-sequence, random draws.

For 2 … 15 views of six numbers each, over many images: the largest gap in a range (of the worst
dimension, mean over images), and the wrap-around discrepancy of pairs of dimensions, relative to
that of random draws.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.stats import qmc

from expand.views.keys import STEPS

DIMENSIONS, IMAGES, COUNTS = 6, 60, (2, 3, 4, 5, 7, 9, 15)


def r_sequence(dimensions: int) -> np.ndarray:
    """Compute the steps of Roberts' R-sequence (2018): powers of the root of x^(d+1) = x + 1."""
    root = 2.0
    for _ in range(64):
        root = (1 + root) ** (1 / (dimensions + 1))
    return root ** -np.arange(1.0, dimensions + 1) % 1


def largest_gap(points: np.ndarray) -> np.ndarray:
    """Measure the largest gap of each dimension, with the ends joined."""
    ordered = np.sort(points, axis=0)
    return np.diff(np.vstack([ordered, ordered[:1] + 1]), axis=0).max(axis=0)


def pair_discrepancy(points: np.ndarray) -> float:
    """Compute the mean wrap-around discrepancy over all pairs of dimensions."""
    pairs = combinations(range(points.shape[1]), 2)
    return float(np.mean([qmc.discrepancy(points[:, list(pair)], method="WD") for pair in pairs]))


def measure(
    steps: np.ndarray | None, count: int, offsets: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """Measure `count` views of many images: worst gap, and discrepancy relative to random draws.

    `steps` are those of a sequence that starts at an offset per image; None draws every view.
    """
    views = np.arange(1, count + 1)[:, None]
    sets = [
        rng.random((count, DIMENSIONS)) if steps is None else (offset + views * steps) % 1
        for offset in offsets
    ]
    random = np.mean([pair_discrepancy(rng.random((count, DIMENSIONS))) for _ in range(IMAGES)])
    gap = np.mean([largest_gap(points) for points in sets], axis=0).max()
    pairs = np.mean([pair_discrepancy(points) for points in sets])
    return float(gap), float(pairs / random)


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    offsets = rng.random((IMAGES, DIMENSIONS))
    arms = {
        "square roots of primes (ours)": np.array(STEPS[:DIMENSIONS]) / 2**64,
        "R-sequence": r_sequence(DIMENSIONS),
        "random": None,
    }
    print(f"{'':32}" + "".join(f"{count:>14}" for count in COUNTS) + "   views")
    for name, steps in arms.items():
        numbers = [measure(steps, count, offsets, rng) for count in COUNTS]
        row = "".join(f"{gap:7.3f} {pairs:6.2f}" for gap, pairs in numbers)
        print(f"{name:32}{row}   worst gap, pairs/random")


if __name__ == "__main__":
    main()
