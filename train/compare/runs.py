"""Runs: the rows of all runs of a comparison, by arm and length."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.compare.arms import Arm
from train.compare.study import ComparisonStudy

Row = dict[str, Any]


class Runs:
    """The rows of all runs, by arm and length."""

    def __init__(self, study: ComparisonStudy, rows: Sequence[Row], test_images: int) -> None:
        self.study, self.test_images = study, test_images
        self.sources = max(row["images"] // row["epochs"] for row in rows)
        self._cells: dict[tuple[str, int], list[Row]] = {}
        for row in sorted(rows, key=lambda row: row["replicate"]):
            self._cells.setdefault((row["arm"], row["length"]), []).append(row)

    def rows(self, arm: Arm, length: int) -> list[Row]:
        """Return the rows of an arm at a length, a replicate each."""
        return self._cells[arm.name, length]

    def values(self, arm: Arm, length: int, what: str | Callable[[Row], float]) -> list[float]:
        """Return one number of each replicate."""
        read = what if callable(what) else lambda row: row[what]
        return [float(read(row)) for row in self.rows(arm, length)]

    def right(self, arm: Arm, length: int) -> NDArray[np.int8]:
        """Return which test images each replicate had right: replicates × images."""
        packed = [
            np.frombuffer(base64.b64decode(row["right"]), np.uint8)
            for row in self.rows(arm, length)
        ]
        return np.stack([np.unpackbits(bits, count=self.test_images) for bits in packed]).astype(
            np.int8
        )

    def epoch_seconds(self, arm: Arm, length: int) -> list[float]:
        """Return the seconds that each replicate took for a pass over the sources."""
        return self.values(arm, length, lambda row: row["training_seconds"] / row["epochs"])
