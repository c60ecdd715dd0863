"""Outcomes: which test images each trial classified correctly, and accuracies from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from train.trials.results import TrialResult


class Outcomes:
    """The outcome of every trial on some of the test images; a trial that diverged has none."""

    def __init__(
        self,
        results: Sequence[TrialResult],
        labels: NDArray[np.int64],
        classes: tuple[str, ...],
        part: NDArray[np.bool_],
    ) -> None:
        self.labels, self.classes = labels[part], classes
        self.seeds = sorted({result.replicate for result in results})
        self._right = {
            (result.arm, result.replicate): result.right(len(part))[part] for result in results
        }

    def accuracies(self, arm: str, label: int | None = None) -> NDArray[np.float64]:
        """Compute the accuracy of an arm for each seed, in percent; of one class if `label`.

        It is NaN where the trial diverged.
        """
        rows = slice(None) if label is None else self.labels == label
        return np.array(
            [
                100 * self._right[arm, seed][rows].mean() if (arm, seed) in self._right else np.nan
                for seed in self.seeds
            ]
        )

    def right(self, arm: str, seeds: Sequence[int] | None = None) -> NDArray[np.int8]:
        """Return which images an arm classified correctly: seeds × images, 0 or 1."""
        chosen = self.seeds if seeds is None else seeds
        return np.stack([self._right[arm, seed] for seed in chosen]).astype(np.int8)

    def of_class(self, label: int) -> NDArray[np.bool_]:
        """Tell which of these test images are of a class."""
        chosen: NDArray[np.bool_] = self.labels == label
        return chosen

    @property
    def shown_classes(self) -> list[int]:
        """The labels that occur among these test images."""
        return [label for label in range(len(self.classes)) if (self.labels == label).any()]
