"""Divergence: a loss or weights that are no longer finite numbers, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from train.errors import STOPPED, TrainError
from train.fit.hyperparameters import Hyperparameters

EXPLODED = 1e12
"""A mean loss above this is that of a model that has diverged, though it is still a number."""
MOST_LR, MOST_MOMENTUM, MOST_BIAS_LR = 2.0, 0.995, 200.0
"""The largest reasonable hyperparameters; airbench has the largest in use, a `bias_lr` of 64."""
MOST_DECAY = 1.0
"""The share of a weight that a step of decay may take: with more, decay alone makes it grow."""
AT_ONCE = 1024
"""Losses that are kept apart before they are joined into one tensor."""


@dataclass(frozen=True)
class Divergence:
    """What stopped being finite, and when: the epoch, and the steps so far, both from 1."""

    what: str
    """In words: "the training loss became NaN"."""
    epoch: int
    step: int

    @property
    def sentence(self) -> str:
        """The divergence in words, without a full stop."""
        return f"{self.what} in epoch {self.epoch:,}, at step {self.step:,}"


class DivergedError(TrainError):
    """Training that cannot go on, because the same steps would diverge again."""

    def __init__(self, divergence: Divergence, message: str) -> None:
        super().__init__(message, STOPPED)
        self.divergence = divergence


def diverged(
    divergence: Divergence, hyperparameters: Hyperparameters, precision: str
) -> DivergedError:
    """Return the error of a divergence, with what to try."""
    return DivergedError(
        divergence,
        f"training diverged: {divergence.sentence}. The same settings would diverge again; "
        f"{advice(hyperparameters, precision)}",
    )


def advice(hyperparameters: Hyperparameters, precision: str) -> str:
    """Say what to change after a divergence: what is beyond reason, else the learning rate."""
    found = hyperparameters
    decayed = min(found.lr, MOST_LR) * found.weight_decay > MOST_DECAY
    suspects = {
        "--momentum": (found.momentum, found.momentum > MOST_MOMENTUM),
        "--bias-lr": (found.bias_lr, found.bias_lr > MOST_BIAS_LR),
        "--weight-decay": (found.weight_decay, decayed),
    }
    named = {name: value for name, (value, beyond) in suspects.items() if beyond}
    if found.lr > MOST_LR or not named:
        named = {"--lr": found.lr, **named}
    wider = ["--precision fp32"] if precision != "fp32" else []
    lower = [f"a lower {name} (it is {value:g})" for name, value in named.items()]
    return f"use {' and '.join(lower)}" + "".join(f" or {each}" for each in wider)


class Losses:
    """The losses of the steps since the last check, on the device: adding one waits for nothing."""

    def __init__(self) -> None:
        self.parts: list[Tensor] = []

    def add(self, loss: Tensor) -> None:
        """Keep the loss of a step."""
        self.parts.append(loss.reshape(1))
        if len(self.parts) > AT_ONCE:
            self.parts = [torch.cat(self.parts)]

    def take(self) -> Tensor:
        """Return all losses, and forget them."""
        losses = torch.cat(self.parts) if self.parts else torch.zeros(1)
        self.parts = []
        return losses


def first_not_finite(losses: Tensor) -> tuple[int, float] | None:
    """Return the position and the value of the first loss that is not finite."""
    bad = losses.isfinite().logical_not().nonzero()
    return (int(bad[0]), float(losses[bad[0]])) if len(bad) else None


def all_finite(tensors: Iterable[Tensor]) -> Tensor:
    """Return whether all numbers of some tensors are finite, as a tensor of one truth value."""
    floating = [each for each in tensors if each.is_floating_point() and each.numel()]
    largest = torch._foreach_norm(floating, math.inf)
    return torch.stack([each.double().isfinite() for each in largest]).all()


def has_exploded(loss: float) -> bool:
    """Return whether the loss of a model is not finite, or absurdly large."""
    return not loss <= EXPLODED


def describe(name: str, value: float) -> str:
    """Say what a loss has become: "the training loss became NaN"."""
    became = "NaN" if math.isnan(value) else "infinite" if math.isinf(value) else f"{value:.2g}"
    return f"{name} became {became}"
