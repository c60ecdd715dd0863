"""The loop: fit and evaluate. No files, no printing: it takes batches and yields what happened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from train.feed import Batch, Clock, Feed, finish
from train.models import to_logits
from train.parallel import current_world
from train.schedule import Average, Recipe, make_optimizer, rate

PIXELS_AT_ONCE = 500 * 64**2
"""Of images that a model looks at without learning; more would need more memory than training may have left."""


@dataclass(frozen=True)
class Normaliser:
    """Turns 8-bit images into what a model takes: each channel less its mean over its deviation, in the training pixels."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(self, images: Tensor) -> Tensor:
        """Return N×C×H×W uint8 as floats, channels last in memory."""
        mean, scale = _constants(self, images.device)
        return ((images.float() - mean) * scale).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=8)
def _constants(normaliser: Normaliser, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the mean and one over the deviation as 1×C×1×1, copied to a device once."""
    mean, deviation = (torch.tensor(values).view(1, -1, 1, 1) for values in (normaliser.mean, normaliser.deviation))
    return mean.to(device), (1 / deviation).to(device)


def measure_pixels(pixels: NDArray[np.uint8]) -> Normaliser:
    """Return the normaliser of N×H×W×C images, from at most 10,000 of them spread over the set."""
    chosen = pixels[:: max(1, len(pixels) // 10_000)]
    values = chosen.reshape(-1, chosen.shape[3])
    # in integers, so that the same images in any file give the same bits
    sums = np.stack([np.bincount(values[:, channel], minlength=256) for channel in range(values.shape[1])])
    levels, count = np.arange(256), len(values)
    mean = (sums * levels).sum(axis=1) / count
    variance = (sums * levels**2).sum(axis=1) / count - mean**2
    deviation = np.sqrt(np.maximum(variance, 1.0))
    return Normaliser(tuple(mean.tolist()), tuple(deviation.tolist()))


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

    def __init__(self, model: nn.Module, recipe: Recipe, steps_per_pass: int, normalise: Normaliser, precision: str) -> None:
        self.model, self.recipe, self.normalise, self.precision = model, recipe, normalise, precision
        self.steps_per_pass, self.steps = steps_per_pass, steps_per_pass * recipe.epochs
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

    def end_pass(self) -> Epoch:
        """Return the averages of the pass that has just ended, and begin new ones."""
        tally, epoch = self.tally, self.step // self.steps_per_pass
        images = torch.tensor(tally.images, device=self.device)
        self.world.add_up(images, tally.loss, tally.right)
        self.tally = Tally().to(self.device)
        lr = rate(self.recipe, self.step - 1, self.steps)
        return Epoch(epoch, self.step, lr, float(tally.loss) / int(images), float(tally.right) / int(images))


def fit(trainer: Trainer, feed: Feed) -> Iterator[Step | Epoch]:
    """Train to the end, from wherever the trainer stands; yield each step, and after a pass its averages."""
    model, clock = trainer.model, feed.clock
    model.train()
    batches = feed.batches(trainer.step, trainer.steps)
    while trainer.step < trainer.steps:
        started, fed = time.perf_counter(), clock.wait + clock.augment
        step = trainer.learn(next(batches))
        # all that is not the feed's: on a GPU, steps that are still computing are waited for in the next step's copies
        clock.compute += time.perf_counter() - started - (clock.wait + clock.augment - fed)
        yield step
        if trainer.step % trainer.steps_per_pass == 0:
            synchronise(trainer.device, clock)
            yield trainer.end_pass()
            model.train()


def synchronise(device: torch.device, clock: Clock) -> None:
    """Wait for a GPU to finish what it was given, and count that as computing."""
    started = time.perf_counter()
    finish(device)
    clock.compute += time.perf_counter() - started


class Evaluation(NamedTuple):
    """What a model makes of a labelled set."""

    loss: float
    accuracy: float
    per_class: dict[str, float]
    predicted: NDArray[np.int64]


def evaluate(
    model: nn.Module, state: dict[str, Tensor], pixels: NDArray[np.uint8], labels: NDArray[np.int64], scene: Scene
) -> Evaluation:
    """Return loss and accuracy over all images (N×H×W×C), with the weights in `state`; the model keeps its own."""
    own = {name: value.detach().clone() for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    model.eval()
    logits = predict(model, pixels, scene)
    model.load_state_dict(own)
    targets = torch.from_numpy(labels)
    predicted = logits.argmax(dim=1)
    right = predicted == targets
    per_class = {
        name: float(right[targets == number].double().mean())
        for number, name in enumerate(scene.classes)
        if bool((targets == number).any())
    }
    loss = float(cross_entropy(logits.double(), targets))
    return Evaluation(loss, float(right.double().mean()), per_class, predicted.numpy())


@dataclass(frozen=True)
class Scene:
    """Where and how a model looks at images."""

    classes: tuple[str, ...]
    normalise: Normaliser
    device: torch.device
    precision: str
    mirrored: bool = False
    """Average the logits with those of the mirrored image (a test-time augmentation, said wherever it is used)."""


@torch.no_grad()
def predict(model: nn.Module, pixels: NDArray[np.uint8], scene: Scene) -> Tensor:
    """Return the logits of N×H×W×C images, on the host; 500 at a time, fewer where they are larger than 64×64."""
    batch_size = max(1, min(500, PIXELS_AT_ONCE // (pixels.shape[1] * pixels.shape[2])))
    parts = []
    for start in range(0, len(pixels), batch_size):
        images = torch.from_numpy(np.ascontiguousarray(pixels[start : start + batch_size])).to(scene.device)
        inputs = scene.normalise(images.permute(0, 3, 1, 2))
        with autocast(scene.device, scene.precision):
            logits = to_logits(model, inputs)
            if scene.mirrored:
                logits = logits + to_logits(model, inputs.flip(3))
        parts.append(logits.cpu())
    return torch.cat(parts)


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Return the context in which a model runs at a precision: fp32 or bf16."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
