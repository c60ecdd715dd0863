"""Hyperparameters: the settings of training, from a preset or one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from train.errors import TrainError

MOST_EPOCHS = 1_000_000
SCHEDULES = ("one-cycle", "cosine", "constant")


@dataclass(frozen=True)
class Hyperparameters:
    """The settings of training, checked.

    `lr` is the highest learning rate. `smoothing` is the share of the target that is spread over
    all classes. `average` is the half-life of the weights' running average as a share of the run
    (0: none), so that it means the same at any length. Norms and biases learn at `bias_lr` times
    the rate.
    """

    epochs: int = 10
    batch_size: int = 128
    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: str = "one-cycle"
    smoothing: float = 0.1
    average: float = 0.03
    bias_lr: float = 1.0

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise TrainError(f"--epochs must be at least 1, got {self.epochs}")
        if self.epochs > MOST_EPOCHS:
            raise TrainError(f"--epochs must be at most {MOST_EPOCHS:,}, got {self.epochs:,}")
        if self.batch_size < 1:
            raise TrainError(f"--batch-size must be at least 1, got {self.batch_size}")
        if not (self.lr > 0 and math.isfinite(self.lr)):
            raise TrainError(f"--lr must be above 0, got {self.lr}")
        if self.schedule not in SCHEDULES:
            raise TrainError(f"--schedule must be {', '.join(SCHEDULES)}, got {self.schedule!r}")
        if not 0 <= self.smoothing < 1:
            raise TrainError(f"--smoothing must be at least 0 and below 1, got {self.smoothing}")
        if not 0 <= self.momentum < 1:
            raise TrainError(f"--momentum must be at least 0 and below 1, got {self.momentum}")
        if not 0 <= self.weight_decay < math.inf:
            raise TrainError(f"--weight-decay must be at least 0, got {self.weight_decay}")
        if not 0 <= self.average < math.inf:
            raise TrainError(f"--average must be at least 0, got {self.average}")
        if not 0 <= self.bias_lr < math.inf:
            raise TrainError(f"--bias-lr must be at least 0, got {self.bias_lr}")


BLOG = Hyperparameters(5, 64, 1e-3, 0.0, 0.0, "constant", 0.0, 0.0)
"""The article's: plain SGD at 1e-3, batches of 64, 5 epochs."""
NAMED = {"default": Hyperparameters(), "blog": BLOG}


def preset(model: str, name: str, **changes: Any) -> Hyperparameters:
    """Return a preset of hyperparameters ("default": those that suit the model), with changes.

    A change of None leaves the preset's value.
    """
    if name not in NAMED:
        raise TrainError(f"--preset must be {' or '.join(NAMED)}, got {name!r}")
    given = {key: value for key, value in changes.items() if value is not None}
    return replace(NAMED[name], **{**(_suited_to(model) if name == "default" else {}), **given})


def _suited_to(model: str) -> dict[str, Any]:
    """Return the hyperparameters in which a model differs from the default."""
    from train.models.own import OWN  # here: it loads torch

    return dict(OWN[model].hyperparameters) if model in OWN else {}
