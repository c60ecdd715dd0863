"""The protocol of an ablation: checks before the start, trials in order, times of techniques."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from expand.images.pixels import Pixels
from expand.views.batches import ViewBatches
from expand.views.views import Views
from train.ablate.ablation import AblationStudy, AblationTrial
from train.ablate.design import AblationArm, Phase
from train.ablate.screen import change
from train.errors import TrainError
from train.feed.exact import render
from train.trials.copies import batches_of
from train.trials.study import TrialContext
from train.trials.tuning.settings import TunedSettings

TIMED_IMAGES, TIMED_ROUNDS = 1000, 5


def check_images(context: TrialContext[AblationStudy]) -> None:
    """Raise TrainError for images and techniques that would stop an ablation half-way."""
    study, side = context.study, context.data.train
    first, source = side.pixels(slice(1)), side.folder.sources[:1]
    for switch, recipe in study.single_recipes:
        strengths = switch.technique.strengths()
        if any(change(first, recipe, each, source).shape != first.shape for each in strengths):
            raise TrainError(
                f'"{switch.name}" changes the size of images, and an ablation needs images of one '
                "size; remove it from the recipe"
            )
    if study.design != "single" and first.shape[3] not in (1, 3):
        raise TrainError(
            f"TrivialAugment needs images of 1 or 3 channels, these have {first.shape[3]}; "
            "use --colour rgb or --colour grey"
        )


def trials(
    phase: Phase,
    arms: Sequence[AblationArm],
    seeds: int,
    epochs: int,
    tuned: Mapping[str, TunedSettings] = MappingProxyType({}),
) -> Iterator[AblationTrial]:
    """Yield the trials of a phase, arms interleaved over replicates.

    A file is named for the techniques that are on, so that another choice is another trial. `tuned`
    are the settings that a search chose for each arm.
    """
    for replicate in range(seeds):
        for shift in range(len(arms)):
            arm = arms[(shift + replicate) % len(arms)]
            own = tuned.get(arm.name)
            trained = own.epochs if own else epochs
            name = f"{phase}_{arm.label}_s{replicate}"
            yield AblationTrial(arm, replicate, epochs, trained, name, phase, tuned=own)


def time_techniques(context: TrialContext[AblationStudy]) -> list[float]:
    """Time each technique alone in this process: seconds per image, the median of a few rounds."""
    side = context.data.train
    count = min(TIMED_IMAGES, len(side.folder))
    images = side.pixels(slice(count))
    medians = []
    for _, recipe in context.study.single_recipes:
        batches = batches_of(side.folder, Views(recipe))
        medians.append(statistics.median(_time_rounds(batches, images)) / count)
    return medians


def _time_rounds(batches: ViewBatches, images: Pixels) -> list[float]:
    """Time the rendering of one view of all images, a few views in turn."""
    seconds = []
    for k in range(1, TIMED_ROUNDS + 1):
        started = time.perf_counter()
        render(batches, images, np.arange(len(images)), k, None)
        seconds.append(time.perf_counter() - started)
    return seconds
