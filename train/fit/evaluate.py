"""Evaluation: loss and accuracy of a model on labelled images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from expand.images.pixels import Pixels
from train.data.normalise import Normaliser, to_tensor
from train.fit.precision import autocast
from train.models.build import to_logits

PIXELS_AT_ONCE = 500 * 64**2
"""Pixels of a batch that is evaluated; more would need more memory than training may have left."""


class Evaluation(NamedTuple):
    """A model's predictions on a labelled set, and their scores."""

    loss: float
    accuracy: float
    per_class: dict[str, float]
    predicted: NDArray[np.int64]


@dataclass(frozen=True)
class EvalConfig:
    """How a model is applied to images."""

    classes: tuple[str, ...]
    normalise: Normaliser
    device: torch.device
    precision: str
    mirrored: bool = False
    """Average the logits with those of the mirrored image: a test-time augmentation."""


def evaluate(
    model: nn.Module,
    state: dict[str, Tensor],
    pixels: Pixels,
    labels: NDArray[np.int64],
    config: EvalConfig,
) -> Evaluation:
    """Evaluate the weights in `state` on all images (N×H×W×C); the model keeps its own weights."""
    own = {name: value.detach().clone() for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    model.eval()
    logits = predict(model, pixels, config)
    model.load_state_dict(own)
    return _score(logits, torch.from_numpy(labels), config.classes)


def _score(logits: Tensor, labels: Tensor, classes: tuple[str, ...]) -> Evaluation:
    """Return the scores of logits; a class without images has no accuracy."""
    predicted = logits.argmax(dim=1)
    right = predicted == labels
    per_class = {
        name: float(right[labels == number].double().mean())
        for number, name in enumerate(classes)
        if bool((labels == number).any())
    }
    loss = float(cross_entropy(logits.double(), labels))
    return Evaluation(loss, float(right.double().mean()), per_class, predicted.numpy())


@torch.no_grad()
def predict(model: nn.Module, pixels: Pixels, config: EvalConfig) -> Tensor:
    """Compute the logits of N×H×W×C images, on the host.

    Images are taken 500 at a time, fewer if they are larger than 64×64 pixels.
    """
    batch_size = max(1, min(500, PIXELS_AT_ONCE // (pixels.shape[1] * pixels.shape[2])))
    parts = []
    for start in range(0, len(pixels), batch_size):
        images = to_tensor(pixels[start : start + batch_size]).to(config.device)
        inputs = config.normalise(images)
        with autocast(config.device, config.precision):
            logits = to_logits(model, inputs)
            if config.mirrored:
                logits = logits + to_logits(model, inputs.flip(3))
        parts.append(logits.cpu())
    return torch.cat(parts)
