"""The project's own models: the article's CNN and MLP, VGG, the fast nets, small residual nets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from train.models.fast import NARROW, WIDE, FastNet, whiten
from train.models.residual import SmallResNet
from train.models.settings import ModelSettings, check_side

Builder = Callable[[ModelSettings], nn.Module]
WHOLE_VGG = 224
"""Images of this side and more get VGG as it was published, with its own dropout."""


@dataclass(frozen=True)
class ModelSpec:
    """How to build a model, and what is special about training it."""

    build: Builder
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    """The hyperparameters that suit it, where they are not the default ones."""
    prepare: Callable[[nn.Module, Tensor], None] | None = None
    """Sets the first weights from normalised training images, N×C×H×W."""


def cnn(settings: ModelSettings) -> nn.Module:
    """Build the article's net: two 3×3 convolutions of 32 and 64 channels, and one linear layer.

    A 2×2 pool follows each convolution, before the activation: the same numbers (ReLU is monotonic)
    for a quarter of the work.
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
    """Build the article's alternative: flatten, two hidden layers of 512, classes."""
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


def vgg(depth: int) -> Builder:
    """Return a builder of VGG with batch norm (Simonyan & Zisserman 2014).

    Small images lose its last pools, and its three linear layers for global pooling and one.
    """

    def build(settings: ModelSettings) -> nn.Module:
        """Build the network for these settings."""
        from torchvision.models import vgg as zoo

        net: Any = getattr(zoo, f"vgg{depth}_bn")(weights=None, num_classes=settings.classes)
        side = min(settings.height, settings.width)
        layers = _fitting_pools(net.features, side)
        layers[0] = nn.Conv2d(settings.channels, 64, 3, padding=1)
        if side >= WHOLE_VGG:
            net.features = nn.Sequential(*layers)
            return net  # type: ignore[no-any-return]
        head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(settings.dropout))
        return nn.Sequential(*layers, *head, nn.Linear(512, settings.classes))

    return build


def _fitting_pools(features: nn.Sequential, side: int) -> list[nn.Module]:
    """Return the layers, without the pools that would halve a side of one pixel."""
    layers: list[nn.Module] = []
    for layer in features:
        if isinstance(layer, nn.MaxPool2d):
            if side < 2:
                continue
            side //= 2
        layers.append(layer)
    return layers


def fast(widths: tuple[int, ...]) -> ModelSpec:
    """Return the fast net with blocks of these widths.

    Its hyperparameters are the best of 14 settings on a held-out tenth of CIFAR-10, in 3 epochs,
    one run each (the variation between runs was not measured, and the best of many looks better
    than it is): batches of 256 at a learning rate of 1.0 83.2 %; biases 16 times faster 83.5 %,
    with one in the first layer too 84.1 %; at 0.5, 32 times faster, 84.5 %; these 84.8 %; batches
    of 64 at 0.15 84.2 %.
    """

    def build(settings: ModelSettings) -> nn.Module:
        """Build the network for these settings."""
        check_side(settings, 16)
        return FastNet(settings.channels, settings.classes, widths, settings.dropout)

    return ModelSpec(build, {"lr": 0.25, "smoothing": 0.2, "bias_lr": 32.0}, whiten)


def resnet(layers: int) -> Builder:
    """Return a builder of the small residual net of so many layers (6n + 2)."""

    def build(settings: ModelSettings) -> nn.Module:
        """Build the network for these settings."""
        check_side(settings, 4)
        blocks = (layers - 2) // 6
        return SmallResNet(settings.channels, settings.classes, blocks, settings.dropout)

    return build


OWN: dict[str, ModelSpec] = {
    "cnn": ModelSpec(cnn),
    "linear": ModelSpec(linear),
    "vgg11": ModelSpec(vgg(11)),
    "vgg16": ModelSpec(vgg(16)),
    "fast": fast(NARROW),
    "fast-wide": fast(WIDE),
    "resnet8": ModelSpec(resnet(8)),
    "resnet20": ModelSpec(resnet(20)),
}
