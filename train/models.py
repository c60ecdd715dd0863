"""Models: the article's CNN and its linear alternative, VGG, a fast small net, and any of torchvision's by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from train.errors import TrainError
from train.fast import NARROW, WIDE, FastNet

SMALL = 64
"""Images below this side get a stem that keeps their size, as is usual for CIFAR."""


@dataclass(frozen=True)
class ModelSettings:
    """Which model, for which images: enough to build it again."""

    name: str
    channels: int
    height: int
    width: int
    classes: int
    dropout: float = 0.0
    pretrained: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise TrainError(f"--dropout must be at least 0 and below 1, got {self.dropout}")
        if self.classes < 2:
            raise TrainError("there is one class only; a classifier needs two")


def build(settings: ModelSettings) -> nn.Module:
    """Return a new model: (N, C, H, W) normalised floats in, (N, classes) logits out."""
    if settings.name in OWN:
        if settings.pretrained:
            raise TrainError(f'"{settings.name}" has no pretrained weights; torchvision\'s models have')
        return OWN[settings.name](settings)
    return _torchvision(settings)


def cnn(settings: ModelSettings) -> nn.Module:
    """Return the article's net: two 3×3 convolutions of 32 and 64 channels, each with a 2×2 pool, and one linear layer.

    Pooling comes before the activation: the same numbers (both are monotonous), a quarter of the work.
    """
    _check_side(settings, 4)
    features = 64 * (settings.height // 4) * (settings.width // 4)
    return nn.Sequential(
        nn.Conv2d(settings.channels, 32, 3, padding=1),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(settings.dropout),
        nn.Linear(features, settings.classes),
    )


def linear(settings: ModelSettings) -> nn.Module:
    """Return the article's alternative: flatten, two hidden layers of 512, classes."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(settings.channels * settings.height * settings.width, 512),
        nn.ReLU(),
        nn.Dropout(settings.dropout),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Dropout(settings.dropout),
        nn.Linear(512, settings.classes),
    )


def vgg(depth: int) -> Callable[[ModelSettings], nn.Module]:
    """Return a builder of VGG with batch norm (Simonyan & Zisserman 2014); its last pools go where an image is small."""

    def make(settings: ModelSettings) -> nn.Module:
        from torchvision.models import vgg as zoo

        net: Any = getattr(zoo, f"vgg{depth}_bn")(weights=None, num_classes=settings.classes)
        layers: list[nn.Module] = []
        side = min(settings.height, settings.width)
        for layer in net.features:
            if isinstance(layer, nn.MaxPool2d):
                if side < 2:
                    continue
                side //= 2
            layers.append(layer)
        layers[0] = nn.Conv2d(settings.channels, 64, 3, padding=1)
        if min(settings.height, settings.width) >= 224:
            net.features = nn.Sequential(*layers)
            return net  # type: ignore[no-any-return]
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(settings.dropout), nn.Linear(512, settings.classes)]
        return nn.Sequential(*layers, *head)

    return make


def fast(widths: tuple[int, ...]) -> Callable[[ModelSettings], nn.Module]:
    """Return a builder of the fast net, with blocks of these widths."""

    def make(settings: ModelSettings) -> nn.Module:
        _check_side(settings, 16)
        return FastNet(settings.channels, settings.classes, widths, settings.dropout)

    return make


OWN: dict[str, Callable[[ModelSettings], nn.Module]] = {
    "cnn": cnn,
    "linear": linear,
    "vgg11": vgg(11),
    "vgg16": vgg(16),
    "fast": fast(NARROW),
    "fast-wide": fast(WIDE),
}


def _torchvision(settings: ModelSettings) -> nn.Module:
    """Return a classification model of torchvision, fitted to the channels, the classes and small images."""
    from torchvision import models

    known = models.list_models(module=models)
    if settings.name not in known:
        near = difflib.get_close_matches(settings.name, [*OWN, *known], n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise TrainError(f'"{settings.name}" is not a model: {", ".join(OWN)}, or one of torchvision{hint}')
    if settings.pretrained:
        net = models.get_model(settings.name, weights="DEFAULT")
        _replace_last_linear(net, settings.classes)
    else:
        net = models.get_model(settings.name, weights=None, num_classes=settings.classes)
    if settings.channels != 3:
        _replace_first_conv(net, lambda old: _conv_like(old, settings.channels))
    if min(settings.height, settings.width) < SMALL and hasattr(net, "maxpool") and hasattr(net, "conv1"):
        _replace_first_conv(
            net, lambda old: nn.Conv2d(old.in_channels, old.out_channels, 3, padding=1, bias=old.bias is not None)
        )
        net.maxpool = nn.Identity()  # the CIFAR stem of He et al. 2015
    _check_runs(net, settings)
    return net  # type: ignore[no-any-return]


def _check_side(settings: ModelSettings, least: int) -> None:
    if min(settings.height, settings.width) < least:
        size = f"{settings.width}×{settings.height}"
        raise TrainError(f'"{settings.name}" needs images of at least {least}×{least} pixels, these are {size}')


def _check_runs(net: nn.Module, settings: ModelSettings) -> None:
    """Refuse a model that does not take images of this size."""
    with torch.no_grad():
        training, _ = net.training, net.eval()
        try:
            net(torch.zeros(2, settings.channels, settings.height, settings.width))
        except (RuntimeError, ValueError, AssertionError) as error:
            size = f"{settings.width}×{settings.height}"
            raise TrainError(
                f'"{settings.name}" does not take images of {size} pixels ({str(error).splitlines()[0]})'
            ) from error
        finally:
            net.train(training)


def _replace_first_conv(net: nn.Module, make: Callable[[nn.Conv2d], nn.Conv2d]) -> None:
    name, old = next((name, layer) for name, layer in net.named_modules() if isinstance(layer, nn.Conv2d))
    _set(net, name, make(old))


def _conv_like(old: nn.Conv2d, channels: int) -> nn.Conv2d:
    settings: dict[str, Any] = {"stride": old.stride, "padding": old.padding, "bias": old.bias is not None}
    return nn.Conv2d(channels, old.out_channels, old.kernel_size, **settings)  # type: ignore[arg-type]


def _replace_last_linear(net: nn.Module, classes: int) -> None:
    name, old = [(name, layer) for name, layer in net.named_modules() if isinstance(layer, nn.Linear)][-1]
    if old.out_features != classes:
        _set(net, name, nn.Linear(old.in_features, classes))


def _set(net: nn.Module, name: str, layer: nn.Module) -> None:
    owner, _, last = name.rpartition(".")
    setattr(net.get_submodule(owner), last, layer)


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers a model learns."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def to_logits(model: nn.Module, images: Tensor) -> Tensor:
    """Return a model's logits as floats; some of torchvision's models return them in a tuple while training."""
    out = model(images)
    return (out if isinstance(out, Tensor) else out[0]).float()
