"""What tests of ablations need: small ablations, and runs made by hand in which techniques do what they are told."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.recipes.recipe import Recipe
from train.ablate.ablation import AblationStudy
from train.ablate.arms import AblationArm
from train.ablate.findings import Outcomes
from train.fit.hyperparameters import Hyperparameters

CLASSIC, BLOG = Recipe.load("classic"), Recipe.load("blog")
CLASSES = ("cat", "dog")
IMAGES = 200
"""Test images of each class: one of them is half a point in its class, a quarter in all."""
LABELS = np.repeat(np.arange(2), IMAGES)


def recipe(*techniques: str, name: str = "mine") -> Recipe:
    """Return a recipe of these techniques, each as a line of YAML."""
    return Recipe.parse(
        f"name: {name}\ntechniques:\n" + "".join(f"  - {line}\n" for line in techniques)
    )


def ablation_for(
    data: Path = Path("data/train"), test: Path = Path("data/test"), **changes: Any
) -> AblationStudy:
    """Return a short ablation on a linear model; `changes` are those of the ablation or of the training recipe."""
    training = {
        key: changes.pop(key)
        for key in list(changes)
        if key in Hyperparameters.__dataclass_fields__ and key != "epochs"
    }
    wanted = {
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
        training=Hyperparameters(epochs=wanted["epochs"], batch_size=12, **training),
        **wanted,
    )


def packed(right: NDArray[np.bool_]) -> str:
    """Return which images were right, as rows keep it."""
    return base64.b64encode(np.packbits(right).tobytes()).decode()


def rows_for(
    arms: Sequence[AblationArm],
    points: Mapping[int, tuple[float, float]],
    *,
    seeds: int = 6,
    spread: int = 1,
    **more: Any,
) -> list[dict[str, Any]]:
    """Return the rows of some arms: each technique that is on adds its points to 60 % in either class.

    Runs differ by up to `spread` images in each class, by chance.
    """
    chance, rows = np.random.default_rng(3), []
    for arm in dict.fromkeys(arms):
        for seed in range(seeds):
            right = []
            for number in range(2):
                share = 60 + sum(points.get(switch, (0, 0))[number] for switch in arm.on)
                count = round(share / 100 * IMAGES) + int(chance.integers(-spread, spread + 1))
                right.append(np.arange(IMAGES) < count)
            rows.append(
                {
                    "arm": arm.name,
                    "replicate": seed,
                    "right": packed(np.concatenate(right)),
                    "seconds": 1.5,
                    **more,
                }
            )
    return rows


def outcomes_of(rows: Sequence[dict[str, Any]]) -> Outcomes:
    """Return the outcomes of rows over all of their test images."""
    return Outcomes(rows, LABELS, CLASSES, np.ones(2 * IMAGES, dtype=bool))
