"""The screen: how well a model trained without augmentation recognises changed images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.images.pixels import Pixels
from expand.recipes.recipe import Recipe
from expand.techniques import Strength
from expand.views.views import Views
from train.ablate.results import Flag, ScreenRow
from train.ablate.switches import Switch
from train.data.split import Split
from train.fit.evaluate import Evaluation
from train.trials.study import Trained, TrialContext
from train.trials.trial import evaluate_trained

IMAGES = 1000
HALF = 0.5
"""A class is flagged if less than this share of its correct images stays correct."""


class ScreenImages(NamedTuple):
    """Test images, N×H×W×C, with their labels and sources."""

    pixels: Pixels
    labels: NDArray[np.int64]
    sources: list[str]


def select_images(test: Split, half: NDArray[np.bool_]) -> ScreenImages:
    """Select at most about 1,000 of the test images that choose techniques, evenly spaced."""
    rows = np.flatnonzero(half)
    rows = rows[:: max(1, len(rows) // IMAGES)]
    sources = [test.folder.sources[row] for row in rows]
    return ScreenImages(test.pixels(rows), test.folder.labels[rows], sources)


def screen(
    context: TrialContext[Any],
    trained: Trained,
    techniques: Sequence[tuple[Switch, Recipe]],
    images: ScreenImages,
) -> tuple[ScreenRow, ...]:
    """Measure the accuracy on changed images, technique by technique, strength by strength.

    `techniques` has each technique with the recipe of it alone.
    """
    classes, labels = context.data.train.folder.classes, images.labels
    plain = evaluate_trained(context, trained.setup, images.pixels, labels)
    results = []
    for switch, recipe in techniques:
        for strength in switch.technique.strengths():
            changed = change(images.pixels, recipe, strength, images.sources)
            after = evaluate_trained(context, trained.setup, changed, labels)
            flags, share = flag_classes(plain, after, labels, classes), after.per_class
            accuracies = (plain.accuracy, after.accuracy)
            results.append(ScreenRow(switch.name, strength.label, *accuracies, flags, share))
    return tuple(results)


def change(images: Pixels, recipe: Recipe, strength: Strength, sources: list[str]) -> Pixels:
    """Change images by one technique at one strength: N×H×W×C."""
    views, key = Views(recipe), recipe.keys[0]
    grey = images.shape[3] == 1
    changed = []
    for image, source in zip(images, sources, strict=True):
        params = views.params(source, 1) if strength.choice is None else {key: strength.choice}
        pixels = views.render(image[..., 0] if grey else image, params).pixels
        changed.append(pixels[..., None] if grey else pixels)
    return np.stack(changed)


def flag_classes(
    plain: Evaluation, after: Evaluation, labels: NDArray[np.int64], classes: tuple[str, ...]
) -> tuple[Flag, ...]:
    """Flag the classes that are no longer recognised, the largest loss first."""
    flags = [
        Flag(name, before, after.per_class[name], _taken_for(name, after, labels, classes))
        for name, before in plain.per_class.items()
        if before and after.per_class[name] < HALF * before
    ]
    return tuple(sorted(flags, key=lambda flag: flag.after - flag.before))


def _taken_for(
    name: str, after: Evaluation, labels: NDArray[np.int64], classes: tuple[str, ...]
) -> str:
    """Return the class that images of another class are most often mistaken for."""
    label = classes.index(name)
    wrong = after.predicted[(labels == label) & (after.predicted != label)]
    return classes[int(np.bincount(wrong, minlength=len(classes)).argmax())]
