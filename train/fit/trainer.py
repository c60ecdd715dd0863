"""The trainer: a model in training and everything that its next step depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from train.data.normalise import Normaliser
from train.feed.feed import Batch
from train.fit.divergence import (
    Divergence,
    Losses,
    all_finite,
    describe,
    diverged,
    first_not_finite,
    has_exploded,
)
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
        self.tally, self.losses = Tally().to(self.device), Losses()

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
        self.losses.add(loss.detach())
        return Step(self.step, len(batch.labels), loss.detach())

    def end_epoch(self) -> Epoch:
        """Return the averages of the epoch that has just ended, and reset them.

        Raise DivergedError if its losses or the weights are not finite.
        """
        self.check_finite(everywhere=True)
        tally, epoch = self.tally, self.step // self.steps_per_epoch
        images = torch.tensor(tally.images, device=self.device)
        self.world.all_reduce(images, tally.loss, tally.right)
        self.tally = Tally().to(self.device)
        lr = learning_rate(self.hyperparameters, self.step - 1, self.steps)
        loss, accuracy = (float(total) / int(images) for total in (tally.loss, tally.right))
        return Epoch(epoch, self.step, lr, loss, accuracy)

    def check_finite(self, *, everywhere: bool = False) -> None:
        """Raise DivergedError if a loss since the last check, or a weight, is not finite.

        It waits for the device, so it is called once an epoch and before a checkpoint. With
        `everywhere`, all processes call it, and all raise if one has to.
        """
        losses = self.losses.take()
        weights = all_finite([*self.model.state_dict().values(), *self.average.values.values()])
        bad = weights.logical_and(losses.isfinite().all()).logical_not().long()
        if everywhere:
            self.world.all_reduce(bad)
        if int(bad):
            raise diverged(self._divergence(losses), self.hyperparameters, self.precision)

    @torch.no_grad()
    def check_last(self, batch: Batch) -> None:
        """Raise DivergedError if the last step left weights whose loss on its batch has exploded.

        No other step would show it.
        """
        self.model.eval()
        with autocast(self.device, self.precision):
            logits = to_logits(self.model, self.normalise(batch.images))
        loss = cross_entropy(logits.double(), batch.labels)
        self.world.all_reduce(loss)
        self.check_loss("the training loss", float(loss) / self.world.size)

    def check_loss(self, name: str, loss: float) -> None:
        """Raise DivergedError if a loss of the model as it is, which has a name, has exploded."""
        if has_exploded(loss):
            epoch = max(1, -(-self.step // self.steps_per_epoch))
            divergence = Divergence(describe(name, loss), epoch, self.step)
            raise diverged(divergence, self.hyperparameters, self.precision)

    def _divergence(self, losses: Tensor) -> Divergence:
        """Say what is not finite: the first such loss, or the weights."""
        first, step = first_not_finite(losses), self.step
        if first:
            step += 1 + first[0] - len(losses)
        epoch = max(0, step - 1) // self.steps_per_epoch + 1
        what = "the weights became NaN or infinite"
        return Divergence(describe("the training loss", first[1]) if first else what, epoch, step)
