"""Build a model by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from train.errors import TrainError
from train.models.own import OWN, WHOLE_VGG
from train.models.settings import ModelSettings
from train.models.zoo import build_torchvision


def build(settings: ModelSettings) -> nn.Module:
    """Build a model from normalised floats (N×C×H×W) to logits (N×classes)."""
    if settings.name in OWN:
        if settings.pretrained:
            raise TrainError(
                f'"{settings.name}" has no pretrained weights; torchvision\'s models have'
            )
        return OWN[settings.name].build(settings)
    return build_torchvision(settings)


def takes_dropout(name: str, side: int) -> bool:
    """Return whether a model has a dropout rate to set, for images of `side` pixels.

    The project's own models have; torchvision's keep their own rates, and so does a whole VGG.
    """
    return name in OWN and not (name.startswith("vgg") and side >= WHOLE_VGG)


def prepare(model: nn.Module, settings: ModelSettings, images: Callable[[], Tensor]) -> None:
    """Set the first weights of a model from training images, if it is one that does so.

    `images` returns normalised floats (N×C×H×W); it is called for such a model only.
    """
    spec = OWN.get(settings.name)
    if spec and spec.prepare:
        spec.prepare(model, images())


def count_parameters(model: nn.Module) -> int:
    """Count the parameters that a model learns."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def to_logits(model: nn.Module, images: Tensor) -> Tensor:
    """Compute a model's logits as 32-bit floats.

    Some of torchvision's models return them in a tuple while training.
    """
    out = model(images)
    return (out if isinstance(out, Tensor) else out[0]).float()
