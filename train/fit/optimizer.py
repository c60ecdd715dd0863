"""How weights move: the learning rate of each step, the optimizer, and the average of the weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from train.fit.hyperparameters import Hyperparameters


def rate(recipe: Hyperparameters, step: int, steps: int) -> float:
    """Return the learning rate of a step (0 … steps − 1).

    One-cycle: up in a straight line for the first fifth, down to nothing for the rest (Smith 2018; airbench). Cosine: the
    same rise, half a cosine down.
    """
    if recipe.schedule == "constant":
        return recipe.lr
    rise = 0.2 * steps
    if step < rise:
        return recipe.lr * (0.2 + 0.8 * min(step + 1, rise) / rise) if rise >= 1 else recipe.lr
    left = (steps - step) / (steps - rise)
    return recipe.lr * (
        left if recipe.schedule == "one-cycle" else 0.5 * (1 - math.cos(math.pi * left))
    )


def make_optimizer(model: nn.Module, recipe: Hyperparameters) -> torch.optim.SGD:
    """Return SGD with Nesterov momentum; norms and biases are not decayed."""
    learned = [
        (name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad
    ]
    groups = [
        {
            "params": [p for _, p in learned if p.ndim > 1],
            "weight_decay": recipe.weight_decay,
            "times": 1.0,
        },
        {
            "params": [p for _, p in learned if p.ndim <= 1],
            "weight_decay": 0.0,
            "times": recipe.bias_lr,
        },
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.SGD(
        groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.momentum > 0, fused=True
    )


class Average:
    """The running average of a model's weights and of its norms' statistics."""

    def __init__(self, model: nn.Module, recipe: Hyperparameters, steps: int) -> None:
        half_life = recipe.average * steps
        self.decay = 0.5 ** (1 / half_life) if half_life > 0 else 0.0
        self.model = model
        self.own = model.state_dict() if self.decay else {}
        self.values = {name: value.detach().clone() for name, value in self.own.items()}
        self.moving = [name for name, value in self.own.items() if value.is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        """Take a step's weights in."""
        if self.decay:
            mine, theirs = (
                [values[name] for name in self.moving] for values in (self.values, self.own)
            )
            torch._foreach_lerp_(mine, theirs, 1 - self.decay)

    def state(self) -> dict[str, Tensor]:
        """Return the averaged weights, or the model's own where there is no average."""
        return self.values or self.model.state_dict()
