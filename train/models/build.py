"""Build a model by name."""

from __future__ import annotations

from torch import Tensor, nn

from train.errors import TrainError
from train.models.own import OWN
from train.models.settings import ModelSettings
from train.models.zoo import build_torchvision


def build(settings: ModelSettings) -> nn.Module:
    """Return a new model: (N, C, H, W) normalised floats in, (N, classes) logits out."""
    if settings.name in OWN:
        if settings.pretrained:
            raise TrainError(
                f'"{settings.name}" has no pretrained weights; torchvision\'s models have'
            )
        return OWN[settings.name](settings)
    return build_torchvision(settings)


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers a model learns."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def to_logits(model: nn.Module, images: Tensor) -> Tensor:
    """Return a model's logits as floats; some of torchvision's models return them in a tuple while training."""
    out = model(images)
    return (out if isinstance(out, Tensor) else out[0]).float()
