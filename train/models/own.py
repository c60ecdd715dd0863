"""The project's own models: the article's CNN and MLP, VGG, and the fast nets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from train.models.fast import NARROW, WIDE, FastNet
from train.models.settings import ModelSettings, check_side


def cnn(settings: ModelSettings) -> nn.Module:
    """Return the article's net: two 3×3 convolutions of 32 and 64 channels, each with a 2×2 pool, and one linear layer.

    Pooling comes before the activation: the same numbers (both are monotonous), a quarter of the work.
    """
    check_side(settings, 4)
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
        head = [
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(settings.dropout),
            nn.Linear(512, settings.classes),
        ]
        return nn.Sequential(*layers, *head)

    return make


def fast(widths: tuple[int, ...]) -> Callable[[ModelSettings], nn.Module]:
    """Return a builder of the fast net, with blocks of these widths."""

    def make(settings: ModelSettings) -> nn.Module:
        check_side(settings, 16)
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
