"""Evaluation: loss and accuracy of a model on labelled images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from train.data.normalise import Normaliser
from train.fit.precision import autocast
from train.models.build import to_logits

PIXELS_AT_ONCE = 500 * 64**2
"""Of images that a model looks at without learning; more would need more memory than training may have left."""


class Evaluation(NamedTuple):
    """What a model makes of a labelled set."""

    loss: float
    accuracy: float
    per_class: dict[str, float]
    predicted: NDArray[np.int64]


def evaluate(
    model: nn.Module,
    state: dict[str, Tensor],
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    config: EvalConfig,
) -> Evaluation:
    """Return loss and accuracy over all images (N×H×W×C), with the weights in `state`; the model keeps its own."""
    own = {name: value.detach().clone() for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    model.eval()
    logits = predict(model, pixels, config)
    model.load_state_dict(own)
    targets = torch.from_numpy(labels)
    predicted = logits.argmax(dim=1)
    right = predicted == targets
    per_class = {
        name: float(right[targets == number].double().mean())
        for number, name in enumerate(config.classes)
        if bool((targets == number).any())
    }
    loss = float(cross_entropy(logits.double(), targets))
    return Evaluation(loss, float(right.double().mean()), per_class, predicted.numpy())


@dataclass(frozen=True)
class EvalConfig:
    """Where and how a model looks at images."""

    classes: tuple[str, ...]
    normalise: Normaliser
    device: torch.device
    precision: str
    mirrored: bool = False
    """Average the logits with those of the mirrored image (a test-time augmentation, said wherever it is used)."""


@torch.no_grad()
def predict(model: nn.Module, pixels: NDArray[np.uint8], config: EvalConfig) -> Tensor:
    """Return the logits of N×H×W×C images, on the host; 500 at a time, fewer where they are larger than 64×64."""
    batch_size = max(1, min(500, PIXELS_AT_ONCE // (pixels.shape[1] * pixels.shape[2])))
    parts = []
    for start in range(0, len(pixels), batch_size):
        images = torch.from_numpy(np.ascontiguousarray(pixels[start : start + batch_size])).to(
            config.device
        )
        inputs = config.normalise(images.permute(0, 3, 1, 2))
        with autocast(config.device, config.precision):
            logits = to_logits(model, inputs)
            if config.mirrored:
                logits = logits + to_logits(model, inputs.flip(3))
        parts.append(logits.cpu())
    return torch.cat(parts)
