"""The fast net: a small convolutional net, designed to reach high accuracy in the least time.

It follows cifar10-airbench (Jordan 2024): a first layer that whitens 2×2 patches and learns only a
bias, three blocks of two convolutions with a pool after the first, batch norm without learned
scales, GELU, convolutions that start as the identity, a global pool and one linear layer, and
small logits.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

NARROW, WIDE = (32, 128, 256), (64, 256, 256)
EPSILON = 5e-4
LOGIT_SCALE = 1 / 9


class FastNet(nn.Module):
    """(N, C, H, W) normalised images to (N, classes) logits; H and W at least 16."""

    def __init__(
        self, channels: int, classes: int, widths: tuple[int, ...] = NARROW, dropout: float = 0.0
    ) -> None:
        super().__init__()
        patch = 4 * channels
        self.whiten = nn.Conv2d(channels, 2 * patch, 2)
        self.whiten.weight.requires_grad_(False)
        nn.init.zeros_(self.whiten.get_parameter("bias"))
        inputs = (2 * patch, *widths[:-1])
        self.blocks = nn.Sequential(*(Block(i, o) for i, o in zip(inputs, widths, strict=True)))
        self.head = nn.Sequential(GlobalMaxPool(), nn.Flatten(), nn.Dropout(dropout))
        self.out = nn.Linear(widths[-1], classes, bias=False)
        self.activation = nn.GELU()

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits."""
        out: Tensor = self.out(self.head(self.blocks(self.activation(self.whiten(images)))))
        return out * LOGIT_SCALE


@torch.no_grad()
def whiten(net: nn.Module, images: Tensor) -> None:
    """Set the first layer of a fast net to whiten 2×2 patches of images (N×C×H×W).

    Its filters are the eigenvectors of the patches' covariance, scaled to unit variance.
    """
    assert isinstance(net, FastNet)
    layer = net.whiten
    channels = layer.in_channels
    patches = images.unfold(2, 2, 1).unfold(3, 2, 1).transpose(1, 3).reshape(-1, channels, 2, 2)
    flat = patches.reshape(len(patches), -1).double()
    covariance = flat.T @ flat / len(flat)
    values, vectors = torch.linalg.eigh(covariance)
    weights = (vectors / torch.sqrt(values + EPSILON)).T.reshape(-1, channels, 2, 2).flip(0)
    layer.weight.copy_(torch.cat([weights, -weights]).to(layer.weight))


class GlobalMaxPool(nn.Module):
    """The largest value of each channel.

    Not `nn.AdaptiveMaxPool2d(1)`, which has the same bits and warns on a GPU that its gradient has
    no deterministic form.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Compute N×C×1×1 features."""
        return max_pool2d(x, x.shape[2:])


class Block(nn.Module):
    """Two 3×3 convolutions, each with batch norm and GELU; a 2×2 pool after the first."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = conv(inputs, outputs), conv(outputs, outputs)
        self.pool, self.activation = nn.MaxPool2d(2), nn.GELU()
        self.norm1, self.norm2 = norm(outputs), norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Compute features of half the size."""
        x = self.activation(self.norm1(self.pool(self.first(x))))
        out: Tensor = self.activation(self.norm2(self.second(x)))
        return out


def conv(inputs: int, outputs: int) -> nn.Conv2d:
    """Build a 3×3 convolution whose first outputs start as its inputs."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    with torch.no_grad():
        nn.init.dirac_(layer.weight[:inputs])
    return layer


def norm(channels: int) -> nn.BatchNorm2d:
    """Build a batch norm that learns a bias and no scale."""
    layer = nn.BatchNorm2d(channels, momentum=0.4, eps=1e-5)
    layer.weight.requires_grad_(False)
    return layer
