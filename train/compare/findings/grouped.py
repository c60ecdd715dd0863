"""The results of all trials of a comparison, grouped by arm and epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from train.compare.arms import Arm
from train.compare.study import ComparisonStudy
from train.statistics.overlap import Drawn, Shared
from train.trials.results import DivergedTrial, TrialResult


class GroupedResults:
    """The results of all trials, by arm and by the epochs asked for.

    `test_classes` names the class of each test image; `drawn` are the draws of the replicates.
    """

    def __init__(
        self,
        study: ComparisonStudy,
        results: Sequence[TrialResult],
        test_classes: Sequence[str],
        diverged: Sequence[DivergedTrial] = (),
        drawn: Drawn | None = None,
    ) -> None:
        self.drawn = drawn
        self.study, self.test_images = study, len(test_classes)
        self._test_classes = np.asarray(test_classes, dtype=object)
        self.diverged = sorted(diverged, key=lambda each: each.replicate)
        finished, lost = ({each.replicate for each in some} for some in (results, diverged))
        self.replicates = len(finished | lost)
        self.sources = max((each.images // each.epochs_trained for each in results), default=0)
        self._groups: dict[tuple[str, int], list[TrialResult]] = {}
        for result in sorted(results, key=lambda each: each.replicate):
            self._groups.setdefault((result.arm, result.epochs_asked), []).append(result)

    def trials(self, arm: Arm, epochs: int) -> list[TrialResult]:
        """List the results of an arm, one per replicate that did not diverge."""
        return self._groups.get((arm.name, epochs), [])

    def lost(self, arm: Arm, epochs: int) -> list[DivergedTrial]:
        """List the trials of an arm that diverged."""
        asked = (arm.name, epochs)
        return [each for each in self.diverged if (each.arm, each.epochs_asked) == asked]

    def paired(self, one: Arm, other: Arm, epochs: int) -> list[tuple[TrialResult, TrialResult]]:
        """Pair the results of two arms by replicate, without those that lack one of the two."""
        others = {result.replicate: result for result in self.trials(other, epochs)}
        ours = self.trials(one, epochs)
        return [(each, others[each.replicate]) for each in ours if each.replicate in others]

    def values(self, arm: Arm, epochs: int, read: Callable[[TrialResult], float]) -> list[float]:
        """Read one number from each replicate."""
        return [float(read(result)) for result in self.trials(arm, epochs)]

    def right(self, trials: Sequence[TrialResult]) -> NDArray[np.int8]:
        """Stack which test images each trial had right: trials × images."""
        return np.stack([each.right(self.test_images) for each in trials]).astype(np.int8)

    def shared(self, trials: Sequence[TrialResult]) -> Shared | None:
        """Return the share of sources that trials have in common; None if all have the same."""
        if self.drawn is None:
            return None
        rows = [each.replicate for each in trials]
        shared: Shared = self.drawn.shared[np.ix_(rows, rows)]
        return shared

    def of_class(self, name: str) -> NDArray[np.bool_]:
        """Tell which test images are of a class."""
        chosen: NDArray[np.bool_] = self._test_classes == name
        return chosen

    def epoch_seconds(self, arm: Arm, epochs: int) -> list[float]:
        """Return the seconds that each replicate trained for in an epoch."""
        return self.values(arm, epochs, lambda result: result.epoch_seconds)
