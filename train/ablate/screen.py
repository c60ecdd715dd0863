"""The screen: what a plainly trained model makes of each technique at several strengths, before anything is trained again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from expand.recipes.recipe import Recipe
from expand.techniques import Strength
from expand.views.views import Views
from train.ablate.switches import Switch, combine
from train.data.subsets import validation_sources
from train.errors import TrainError
from train.trials.context import TrialContext
from train.trials.trial import Trained, evaluate_trained

if TYPE_CHECKING:
    from train.ablate.ablation import AblationStudy

IMAGES = 1000
HALF = 0.5
"""A class is flagged where less than this share of what was right in it stays right."""


def choosing_half(context: TrialContext[AblationStudy]) -> NDArray[np.bool_]:
    """Return which test images choose techniques; the others measure what was chosen. All, where nothing is measured again."""
    test = context.data.test
    assert test is not None
    if context.study.design == "single":
        return np.ones(len(test.folder), dtype=bool)
    return validation_sources(test.folder, 0.5)


def check_images(context: TrialContext[AblationStudy]) -> None:
    """Refuse images and techniques that would stop an ablation half-way."""
    study, side = context.study, context.data.train
    first, source = side.pixels(slice(1)), side.folder.sources[:1]
    for switch in study.switches:
        recipe = combine(study.recipe, [switch], switch.name)
        assert recipe is not None
        if any(
            change(first, recipe, strength, source).shape != first.shape
            for strength in switch.technique.strengths()
        ):
            raise TrainError(
                f'"{switch.name}" changes the size of images, an ablation needs one size; leave it out of the recipe'
            )
    if study.design != "single" and first.shape[3] not in (1, 3):
        raise TrainError(
            f"TrivialAugment takes images of 1 or 3 channels, these have {first.shape[3]}; --colour rgb or grey"
        )


def screen(
    context: TrialContext[AblationStudy], trained: Trained, half: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Return the accuracy on changed test images (of the half that chooses, at most 1,000), technique by technique."""
    test = context.data.test
    assert test is not None
    rows = np.flatnonzero(half)
    rows = rows[:: max(1, len(rows) // IMAGES)]
    images, labels = test.pixels(rows), test.folder.labels[rows]
    plain = evaluate_trained(context, trained.setup, images, labels)
    found = []
    for switch in context.study.switches:
        recipe = combine(context.study.recipe, [switch], switch.name)
        assert recipe is not None
        for strength in switch.technique.strengths():
            changed = change(images, recipe, strength, [test.folder.sources[row] for row in rows])
            seen = evaluate_trained(context, trained.setup, changed, labels)
            harmed = _harmed(context, plain.per_class, seen.per_class, (seen.predicted, labels))
            found.append(
                _row(switch, strength, seen.accuracy, seen.per_class)
                | {"plain": plain.accuracy, "harmed": harmed}
            )
    return found


def change(
    images: NDArray[np.uint8], recipe: Recipe, strength: Strength, sources: list[str]
) -> NDArray[np.uint8]:
    """Return images changed by one technique at one strength."""
    views, key = Views(recipe), recipe.keys[0]
    grey = images.shape[3] == 1
    out = []
    for image, source in zip(images, sources, strict=True):
        params = views.params(source, 1) if strength.choice is None else {key: strength.choice}
        pixels = views.render(image[..., 0] if grey else image, params).pixels
        out.append(pixels[..., None] if grey else pixels)
    return np.stack(out)


def _row(
    switch: Switch, strength: Strength, accuracy: float, per_class: dict[str, float]
) -> dict[str, Any]:
    return {
        "technique": switch.name,
        "setting": strength.label,
        "accuracy": accuracy,
        "per_class": per_class,
    }


def _harmed(
    context: TrialContext[AblationStudy],
    plain: dict[str, float],
    seen: dict[str, float],
    answers: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> list[dict[str, Any]]:
    """Return the classes that are no longer known, worst first, and what each is mostly taken for."""
    predicted, labels = answers
    classes = context.data.train.folder.classes
    found = []
    for name, before in plain.items():
        if before and seen[name] < HALF * before:
            number = classes.index(name)
            wrong = predicted[(labels == number) & (predicted != number)]
            taken = classes[int(np.bincount(wrong, minlength=len(classes)).argmax())]
            found.append({"class": name, "before": before, "after": seen[name], "taken_for": taken})
    return sorted(found, key=lambda row: row["after"] - row["before"])
