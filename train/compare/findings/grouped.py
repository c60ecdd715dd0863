"""The results of all trials of a comparison, grouped by arm and epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from train.compare.arms import Arm
from train.compare.study import ComparisonStudy
from train.trials.results import TrialResult


class GroupedResults:
    """The results of all trials, by arm and by the epochs asked for."""

    def __init__(
        self, study: ComparisonStudy, results: Sequence[TrialResult], test_images: int
    ) -> None:
        self.study, self.test_images = study, test_images
        self.sources = max(result.images // result.epochs_trained for result in results)
        self._groups: dict[tuple[str, int], list[TrialResult]] = {}
        for result in sorted(results, key=lambda each: each.replicate):
            self._groups.setdefault((result.arm, result.epochs_asked), []).append(result)

    def trials(self, arm: Arm, epochs: int) -> list[TrialResult]:
        """List the results of an arm, one per replicate."""
        return self._groups[arm.name, epochs]

    def values(self, arm: Arm, epochs: int, read: Callable[[TrialResult], float]) -> list[float]:
        """Read one number from each replicate."""
        return [float(read(result)) for result in self.trials(arm, epochs)]

    def right(self, arm: Arm, epochs: int) -> NDArray[np.int8]:
        """Stack which test images each replicate had right: replicates × images."""
        rows = [result.right(self.test_images) for result in self.trials(arm, epochs)]
        return np.stack(rows).astype(np.int8)

    def epoch_seconds(self, arm: Arm, epochs: int) -> list[float]:
        """Return the seconds that each replicate trained for in an epoch."""
        return self.values(arm, epochs, lambda result: result.epoch_seconds)
