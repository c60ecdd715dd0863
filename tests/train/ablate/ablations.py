"""Small ablations for tests, and results of trials in which effects are planted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.recipes.recipe import Recipe
from train.ablate.ablation import AblationStudy
from train.ablate.design import AblationArm
from train.ablate.findings.outcomes import Outcomes
from train.fit.hyperparameters import Hyperparameters
from train.trials.results import TrialResult, TrialSeconds

CLASSIC, BLOG = Recipe.load("classic"), Recipe.load("blog")
CLASSES = ("cat", "dog")
IMAGES = 200
"""Test images per class: one is half a point of its class and a quarter point overall."""
LABELS = np.repeat(np.arange(2), IMAGES)


def recipe(*techniques: str, name: str = "mine") -> Recipe:
    """Build a recipe of these techniques, each a line of YAML."""
    return Recipe.parse(
        f"name: {name}\ntechniques:\n" + "".join(f"  - {line}\n" for line in techniques)
    )


def ablation_for(
    data: Path = Path("data/train"), test: Path = Path("data/test"), **changes: Any
) -> AblationStudy:
    """Build a short ablation of a linear model; `changes` are settings of it or of its training."""
    training = {
        key: changes.pop(key)
        for key in list(changes)
        if key in Hyperparameters.__dataclass_fields__ and key != "epochs"
    }
    settings = {
        "recipe": CLASSIC,
        "epochs": 2,
        "model": "linear",
        "precision": "fp32",
        "device": "cpu",
        **changes,
    }
    return AblationStudy(
        data=data,
        test=test,
        training=Hyperparameters(epochs=settings["epochs"], batch_size=12, **training),
        **settings,
    )


def result_for(arm: str, seed: int, right: NDArray[np.bool_]) -> TrialResult:
    """Build the result of a trial that classified these test images correctly."""
    return TrialResult(
        arm=arm,
        replicate=seed,
        epochs_asked=2,
        epochs_trained=2,
        steps=4,
        images=20,
        accuracy=float(right.mean()),
        loss=0.5,
        train_accuracy=0.75,
        train_loss=0.25,
        per_class={},
        right_bits=np.packbits(right).tobytes(),
        weights=f"{arm} {seed}",
        gap=None,
        seconds=TrialSeconds(),
        precision="fp32",
        renderer="exact",
        wall_seconds=1.5,
    )


def results_for(
    arms: Sequence[AblationArm],
    points: Mapping[int, tuple[float, float]],
    *,
    seeds: int = 6,
    spread: int = 1,
) -> list[TrialResult]:
    """Build the results of some arms: each technique that is on adds its points to 60 % per class.

    Results differ at random, by up to `spread` images in each class.
    """
    rng, results = np.random.default_rng(3), []
    for arm in dict.fromkeys(arms):
        for seed in range(seeds):
            right = []
            for number in range(2):
                share = 60 + sum(points.get(switch, (0, 0))[number] for switch in arm.on)
                count = round(share / 100 * IMAGES) + int(rng.integers(-spread, spread + 1))
                right.append(np.arange(IMAGES) < count)
            results.append(result_for(arm.name, seed, np.concatenate(right)))
    return results


def outcomes_of(results: Sequence[TrialResult]) -> Outcomes:
    """Read the outcomes of trials on all test images."""
    return Outcomes(results, LABELS, CLASSES, np.ones(2 * IMAGES, dtype=bool))
