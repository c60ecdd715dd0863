"""The protocol of an ablation: the runs of the design, then those of the check; each kept as it ends."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence

import numpy as np

from expand.views.batches import ViewBatches
from expand.views.views import Views
from train.ablate.ablation import AblationStudy
from train.ablate.arms import AblationArm
from train.ablate.switches import combine
from train.feed.exact import render
from train.trials.context import TrialContext
from train.trials.study import Trial

TIMED_IMAGES, TIMED_ROUNDS = 1000, 5


def trials(phase: str, arms: Sequence[AblationArm], seeds: int, epochs: int) -> Iterator[Trial]:
    """Yield the trials of a phase, arms interleaved over replicates.

    A file is named for the techniques that are on, so that another choice is another trial.
    """
    for replicate in range(seeds):
        for shift in range(len(arms)):
            arm = arms[(shift + replicate) % len(arms)]
            name = f"{phase}_{'-'.join(map(str, arm.on)) or arm.name}_s{replicate}"
            yield Trial(arm, replicate, epochs, epochs, name)


def time_techniques(context: TrialContext[AblationStudy]) -> list[float]:
    """Return the seconds that each technique alone takes for an image, in this process: medians of a few rounds."""
    side, study = context.data.train, context.study
    count = min(TIMED_IMAGES, len(side.folder))
    images, items = side.pixels(slice(count)), np.arange(count)
    found = []
    for switch in study.switches:
        recipe = combine(study.recipe, [switch], switch.name)
        assert recipe is not None
        batches = ViewBatches(Views(recipe), side.folder.sources)
        seconds = []
        for k in range(1, TIMED_ROUNDS + 1):
            started = time.perf_counter()
            render(batches, images, items, k, None)
            seconds.append(time.perf_counter() - started)
        found.append(statistics.median(seconds) / count)
    return found
