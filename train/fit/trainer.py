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
from train.fit.optimizer import Average, make_optimizer, rate
from train.fit.precision import autocast
from train.models.build import to_logits
from train.runtime.world import current_world


class Epoch(NamedTuple):
    """What a pass over the sources did: averages over its images."""

    epoch: int
    step: int
    lr: float
    loss: float
    accuracy: float


class Step(NamedTuple):
    """One step: how many there are now, the images in it, its loss."""

    step: int
    images: int
    loss: Tensor


@dataclass
class Tally:
    """Sums over the images of the pass under way."""

    images: int = 0
    loss: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    right: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.int64))

    def to(self, device: torch.device) -> Tally:
        """Return the sums on a device."""
        return Tally(self.images, self.loss.to(device), self.right.to(device))


class Trainer:
    """A model under training, and all that its next step depends on."""

    def __init__(
        self,
        model: nn.Module,
        recipe: Hyperparameters,
        steps_per_epoch: int,
        normalise: Normaliser,
        precision: str,
    ) -> None:
        self.model, self.recipe, self.normalise, self.precision = (
            model,
            recipe,
            normalise,
            precision,
        )
        self.steps_per_epoch, self.steps = steps_per_epoch, steps_per_epoch * recipe.epochs
        self.optimizer = make_optimizer(model, recipe)
        self.average = Average(model, recipe, self.steps)
        self.device = next(model.parameters()).device
        self.world = current_world()
        self.forward = self.world.wrap(model)
        self.step = 0
        self.tally = Tally().to(self.device)

    def learn(self, batch: Batch) -> Step:
        """Take one step."""
        lr = rate(self.recipe, self.step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["times"]
        self.optimizer.zero_grad(set_to_none=True)
        with autocast(self.device, self.precision):
            logits = to_logits(self.forward, self.normalise(batch.images))
        loss = cross_entropy(logits, batch.labels, label_smoothing=self.recipe.smoothing)
        (loss * batch.weight).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.average.update()
        self.step += 1
        with torch.no_grad():
            self.tally.images += len(batch.labels)
            self.tally.loss += loss.detach().double() * len(batch.labels)
            self.tally.right += (logits.argmax(dim=1) == batch.labels).sum()
        return Step(self.step, len(batch.labels), loss.detach())

    def end_epoch(self) -> Epoch:
        """Return the averages of the pass that has just ended, and begin new ones."""
        tally, epoch = self.tally, self.step // self.steps_per_epoch
        images = torch.tensor(tally.images, device=self.device)
        self.world.add_up(images, tally.loss, tally.right)
        self.tally = Tally().to(self.device)
        lr = rate(self.recipe, self.step - 1, self.steps)
        return Epoch(
            epoch, self.step, lr, float(tally.loss) / int(images), float(tally.right) / int(images)
        )
