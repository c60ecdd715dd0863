"""torchvision's classification models, adapted to channels, classes and small images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from expand.errors import did_you_mean
from train.errors import TrainError
from train.models.own import OWN
from train.models.settings import ModelSettings

SMALL = 64
"""Smaller images get the stem that is usual for CIFAR: it keeps their size."""


def build_torchvision(settings: ModelSettings) -> nn.Module:
    """Build a classification model of torchvision for these channels, classes and image sizes."""
    from torchvision import models

    _check_name(settings.name, models.list_models(module=models))
    if settings.pretrained:
        net = models.get_model(settings.name, weights="DEFAULT")
        _replace_last_linear(net, settings.classes)
    else:
        net = models.get_model(settings.name, weights=None, num_classes=settings.classes)
    if settings.channels != 3:
        _replace_first_conv(net, lambda old: _conv_like(old, settings.channels))
    small = min(settings.height, settings.width) < SMALL
    if small and hasattr(net, "maxpool") and hasattr(net, "conv1"):
        _replace_first_conv(net, _small_stem)
        net.maxpool = nn.Identity()  # the CIFAR stem of He et al. 2015
    _check_runs(net, settings)
    return net  # type: ignore[no-any-return]


def _check_name(name: str, known: list[str]) -> None:
    """Refuse an unknown model; suggest one with a similar name."""
    if name not in known:
        hint = did_you_mean(name, [*OWN, *known])
        raise TrainError(
            f'--model: "{name}" is not a model: {", ".join(OWN)}, or one of torchvision{hint}'
        )


def _check_runs(net: nn.Module, settings: ModelSettings) -> None:
    """Refuse a model that does not take images of this size."""
    with torch.no_grad():
        training, _ = net.training, net.eval()
        try:
            net(torch.zeros(2, settings.channels, settings.height, settings.width))
        except (RuntimeError, ValueError, AssertionError) as error:
            size = f"{settings.width}×{settings.height}"
            reason = str(error).splitlines()[0]
            raise TrainError(
                f'"{settings.name}" does not take images of {size} pixels ({reason})'
            ) from error
        finally:
            net.train(training)


def _replace_first_conv(net: nn.Module, make: Callable[[nn.Conv2d], nn.Conv2d]) -> None:
    name, old = next(
        (name, layer) for name, layer in net.named_modules() if isinstance(layer, nn.Conv2d)
    )
    _set(net, name, make(old))


def _small_stem(old: nn.Conv2d) -> nn.Conv2d:
    """Return a 3×3 convolution that keeps the size, with the channels of another."""
    bias = old.bias is not None
    return nn.Conv2d(old.in_channels, old.out_channels, 3, padding=1, bias=bias)


def _conv_like(old: nn.Conv2d, channels: int) -> nn.Conv2d:
    settings: dict[str, Any] = {
        "stride": old.stride,
        "padding": old.padding,
        "bias": old.bias is not None,
    }
    return nn.Conv2d(channels, old.out_channels, old.kernel_size, **settings)  # type: ignore[arg-type]


def _replace_last_linear(net: nn.Module, classes: int) -> None:
    name, old = [
        (name, layer) for name, layer in net.named_modules() if isinstance(layer, nn.Linear)
    ][-1]
    if old.out_features != classes:
        _set(net, name, nn.Linear(old.in_features, classes))


def _set(net: nn.Module, name: str, layer: nn.Module) -> None:
    owner, _, last = name.rpartition(".")
    setattr(net.get_submodule(owner), last, layer)
