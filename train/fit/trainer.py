"""The trainer: a model in training and everything that its next step depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from train.data.normalise import Normaliser
from train.feed.feed import Batch
from train.fit.hyperparameters import Hyperparameters
from train.fit.optimizer import Average, learning_rate, make_optimizer
from train.fit.precision import autocast
from train.models.build import to_logits
from train.runtime.world import ALONE, World


class Epoch(NamedTuple):
    """A finished epoch: the number of epochs and steps so far, and averages over its images."""

    epoch: int
    step: int
    lr: float
    loss: float
    accuracy: float


class Step(NamedTuple):
    """A finished step: the number of steps so far, the images in it, and its loss."""

    step: int
    images: int
    loss: Tensor


@dataclass
class Tally:
    """Sums over the images of the current epoch."""

    images: int = 0
    loss: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    right: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.int64))

    def to(self, device: torch.device) -> Tally:
        """Return the sums on a device."""
        return Tally(self.images, self.loss.to(device), self.right.to(device))

    @torch.no_grad()
    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Add a batch's mean loss and its correct predictions."""
        self.images += len(labels)
        self.loss += loss.detach().double() * len(labels)
        self.right += (logits.argmax(dim=1) == labels).sum()


class Trainer:
    """A model in training, and everything that its next step depends on."""

    def __init__(
        self,
        model: nn.Module,
        hyperparameters: Hyperparameters,
        steps_per_epoch: int,
        normalise: Normaliser,
        precision: str,
        world: World = ALONE,
    ) -> None:
        self.model, self.hyperparameters = model, hyperparameters
        self.normalise, self.precision, self.world = normalise, precision, world
        self.steps_per_epoch = steps_per_epoch
        self.steps = steps_per_epoch * hyperparameters.epochs
        self.optimizer = make_optimizer(model, hyperparameters)
        self.average = Average(model, hyperparameters, self.steps)
        self.device = next(model.parameters()).device
        self.forward = world.wrap(model)
        self.step = 0
        self.tally = Tally().to(self.device)

    def learn(self, batch: Batch) -> Step:
        """Take one step."""
        lr = learning_rate(self.hyperparameters, self.step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["times"]
        self.optimizer.zero_grad(set_to_none=True)
        with autocast(self.device, self.precision):
            logits = to_logits(self.forward, self.normalise(batch.images))
        smoothing = self.hyperparameters.smoothing
        loss = cross_entropy(logits, batch.labels, label_smoothing=smoothing)
        (loss * batch.weight).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.average.update()
        self.step += 1
        self.tally.add(loss, logits, batch.labels)
        return Step(self.step, len(batch.labels), loss.detach())

    def end_epoch(self) -> Epoch:
        """Return the averages of the epoch that has just ended, and reset them."""
        tally, epoch = self.tally, self.step // self.steps_per_epoch
        images = torch.tensor(tally.images, device=self.device)
        self.world.all_reduce(images, tally.loss, tally.right)
        self.tally = Tally().to(self.device)
        lr = learning_rate(self.hyperparameters, self.step - 1, self.steps)
        loss, accuracy = (float(total) / int(images) for total in (tally.loss, tally.right))
        return Epoch(epoch, self.step, lr, loss, accuracy)
