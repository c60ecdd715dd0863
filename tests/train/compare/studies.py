"""What tests of comparisons need: small studies and their folders, arrows to learn, rows made by hand."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.recipes.recipe import Recipe
from tests.conftest import noise_image
from train.compare.arms import parse_arms
from train.compare.findings.grouped import GroupedResults
from train.compare.results import ExpansionCost
from train.compare.study import ComparisonStudy
from train.data.cache import Cache
from train.fit.hyperparameters import Hyperparameters
from train.trials.context import trial_context
from train.trials.results import TrialResult
from train.trials.study import Study, Trial, TrialContext
from train.trials.study_dir import StudyDir

CLASSIC = Recipe.load("classic")
MIRROR = Recipe.parse("{name: mirror, techniques: [flip: {axes: horizontal}]}")
TURNED = "{name: turned, techniques: [rotate: {degrees: [170, 190]}]}"
"""A recipe that makes every arrow to the left one to the right."""
TURNS = {"right": 0, "up": 1, "left": 2, "down": 3}
"""Where an arrow points, in quarter turns."""
S = TypeVar("S", bound=Study)


def study_for(
    data: Path,
    test: Path,
    arms: str = "none,fly,disk",
    factors: Sequence[int] = (2,),
    **changes: Any,
) -> ComparisonStudy:
    """Return a short study of a linear model; `changes` are those of its settings or its training."""
    kind = changes.pop("kind", ComparisonStudy)
    training = {
        key: changes.pop(key)
        for key in list(changes)
        if key in Hyperparameters.__dataclass_fields__
    }
    wanted = {
        "lengths": (2,),
        "views": CLASSIC,
        "model": "linear",
        "precision": "fp32",
        "device": "cpu",
        **changes,
    }
    recipe = Hyperparameters(**{"epochs": max(wanted["lengths"]), "batch_size": 12, **training})
    found: ComparisonStudy = kind(
        data=data, test=test, arms=parse_arms(arms, factors), training=recipe, **wanted
    )
    return found


def ask(
    arms: str = "none,fly,disk=4", lengths: tuple[int, ...] = (4,), **changes: Any
) -> ComparisonStudy:
    """Return a study that is not run: its folders need not exist."""
    return study_for(Path("data/train"), Path("data/test"), arms, lengths=lengths, **changes)


def context_of(study: S) -> TrialContext[S]:
    """Return the stage of a study, in the test's own cache."""
    return trial_context(study, Cache().root, Cache().limit)


def study_dir_at(out: Path, **changes: Any) -> StudyDir:
    """Return the study folder there, with the test's own cache."""
    return StudyDir(out, Cache(), **changes)


def draw_arrows(
    root: Path,
    count: int,
    directions: Sequence[str],
    *,
    seed: int = 0,
    contrast: int = 120,
    shift: int = 0,
) -> Path:
    """Write `count` noisy arrows for each direction (a line without a head for "line"), in turn moved to either side."""
    for number, label in enumerate(directions):
        (root / label).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            arrow = np.zeros((16, 16), np.uint8)
            head = 0.0 if label == "line" else 0.6
            cv2.arrowedLine(arrow, (2, 8), (13, 8), contrast, 2, tipLength=head)
            noise = noise_image(16, 16, seed=10_000 * seed + 100 * number + index) % (
                256 - contrast
            )
            pixels = (
                np.roll(np.rot90(arrow, TURNS.get(label, 0)), (-1) ** index * shift, axis=1) + noise
            )
            (root / label / f"{index:03d}.png").write_bytes(
                encode(pixels.astype(np.uint8), Encoding("PNG"))
            )
    return root


def trial_of(arm: Any, epochs: int, replicate: int = 0) -> Trial:
    """Return a trial of an arm that trains for as many epochs as asked."""
    return Trial(arm, replicate, epochs, epochs, f"{arm.name}_{replicate}")


def result_of(
    arm: str, epochs: int, replicate: int, right: Sequence[int], **changes: Any
) -> TrialResult:
    """Return the result of a trial made by hand; `changes` are those of its row."""
    return TrialResult.from_dict(row_of(arm, epochs, replicate, right, **changes))


def row_of(
    arm: str, length: int, replicate: int, right: Sequence[int], **changes: Any
) -> dict[str, Any]:
    """Return the row of a run on 10 sources that had these of the test images right, in two classes of equal size."""
    half, epochs = len(right) // 2, changes.pop("epochs", length)
    row = {
        "arm": arm, "length": length, "replicate": replicate, "epochs": epochs, "steps": 2 * epochs, "images": 10 * epochs,
        "accuracy": sum(right) / len(right), "loss": 0.5, "train_accuracy": 0.75, "train_loss": 0.25,
        "per_class": {"cat": sum(right[:half]) / half, "dog": sum(right[half:]) / half},
        "right": base64.b64encode(np.packbits(np.array(right, bool)).tobytes()).decode(),
        "weights": f"{arm} {replicate}", "gap": None, "precision": "fp32", "renderer": "exact",
        "wait_seconds": 0.5, "augment_seconds": 0.0, "compute_seconds": 1.5, "evaluate_seconds": 0.25,
        "training_seconds": 2.0, "seconds": 3.0,
    }  # fmt: skip
    row |= changes
    if "training_seconds" in changes:
        row["compute_seconds"] = (
            row["training_seconds"] - row["wait_seconds"] - row["augment_seconds"]
        )
    return row


def grouped(
    study: ComparisonStudy, rows: Sequence[dict[str, Any]], test_images: int
) -> GroupedResults:
    """Return the results of rows made by hand, half of whose test images are cats."""
    half = test_images // 2
    classes = ["cat"] * half + ["dog"] * (test_images - half)
    return GroupedResults(study, [TrialResult.from_dict(row) for row in rows], classes)


def cost_of(arm: str, files: int, **changes: Any) -> ExpansionCost:
    """Return what the expansion of an arm cost."""
    cost = {
        "arm": arm, "how": "everything was expanded, 1 worker", "files": files, "bytes": 1000 * files, "allocated": 4096 * files,
        "expansion_seconds": 3.0, "expansion_cpu_seconds": 2.5, "read_seconds": 1.0, "checked_files": files, "format": "png",
    }  # fmt: skip
    return ExpansionCost(**{**cost, **changes})


def kept(out: Path) -> dict[str, tuple[int, bytes]]:
    """Return the trials of a study: when each file was written, and what it holds."""
    return {
        path.stem: (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted((out / "runs").glob("*.json"))
    }


def weights_of(out: Path) -> dict[str, str]:
    """Return which weights each trial of a study ended with."""
    return {name: json.loads(data)["weights"] for name, (_, data) in kept(out).items()}
