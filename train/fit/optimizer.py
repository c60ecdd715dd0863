"""The optimizer, the learning rate of each step, and the running average of the weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from train.fit.hyperparameters import Hyperparameters


def learning_rate(hyperparameters: Hyperparameters, step: int, steps: int) -> float:
    """Return the learning rate of a step (0 … steps − 1).

    One-cycle: linear warm-up over the first fifth, linear decay to zero over the rest (Smith 2018;
    airbench). Cosine: the same warm-up, then half a cosine.
    """
    highest = hyperparameters.lr
    if hyperparameters.schedule == "constant":
        return highest
    warm_up = 0.2 * steps
    if step < warm_up:
        return highest * (0.2 + 0.8 * min(step + 1, warm_up) / warm_up) if warm_up >= 1 else highest
    left = (steps - step) / (steps - warm_up)
    if hyperparameters.schedule == "one-cycle":
        return highest * left
    return highest * (0.5 * (1 - math.cos(math.pi * left)))


def make_optimizer(model: nn.Module, hyperparameters: Hyperparameters) -> torch.optim.SGD:
    """Build SGD with Nesterov momentum; norms and biases are not decayed."""
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    weights = [parameter for parameter in learned if parameter.ndim > 1]
    biases = [parameter for parameter in learned if parameter.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": hyperparameters.weight_decay, "times": 1.0},
        {"params": biases, "weight_decay": 0.0, "times": hyperparameters.bias_lr},
    ]
    return torch.optim.SGD(
        [group for group in groups if group["params"]],
        lr=hyperparameters.lr,
        momentum=hyperparameters.momentum,
        nesterov=hyperparameters.momentum > 0,
        fused=True,
    )


class Average:
    """The running average of a model's weights and of its norms' statistics.

    Not `torch.optim.swa_utils.AveragedModel`: its first update copies the weights instead of
    averaging them with the first ones, and it averages integer buffers too. Both would change the
    weights of every recorded run.
    """

    def __init__(self, model: nn.Module, hyperparameters: Hyperparameters, steps: int) -> None:
        half_life = hyperparameters.average * steps
        self.decay = 0.5 ** (1 / half_life) if half_life > 0 else 0.0
        self.model = model
        self.own = model.state_dict() if self.decay else {}
        self.values = {name: value.detach().clone() for name, value in self.own.items()}
        self.floating = [name for name, value in self.own.items() if value.is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        """Add the weights of a step to the average."""
        if self.decay:
            average, own = (
                [values[name] for name in self.floating] for values in (self.values, self.own)
            )
            torch._foreach_lerp_(average, own, 1 - self.decay)

    def state(self) -> dict[str, Tensor]:
        """Return the averaged weights, or the model's own if there is no average."""
        return self.values or self.model.state_dict()
