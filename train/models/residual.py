"""The small residual nets for images of 32×32 (He et al. 2015, section 4.2)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import relu

WIDTHS = (16, 32, 64)


class SmallResNet(nn.Module):
    """(N, C, H, W) normalised images to (N, classes) logits, by 6n + 2 layers.

    A first convolution, three stages of n blocks of two 3×3 convolutions, the last two of them with
    half the size and twice the channels, a global mean and one linear layer. Where a block changes
    the size, its shortcut is a 1×1 convolution with batch norm (option B of the paper).
    """

    def __init__(self, channels: int, classes: int, blocks: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, WIDTHS[0], 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(WIDTHS[0])
        self.stages = nn.Sequential(*_stages(blocks))
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout))
        self.out = nn.Linear(WIDTHS[-1], classes)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits."""
        out: Tensor = self.out(self.head(self.stages(relu(self.norm(self.first(images))))))
        return out


def _stages(blocks: int) -> list[nn.Module]:
    from torchvision.models.resnet import BasicBlock

    layers: list[nn.Module] = []
    inputs = WIDTHS[0]
    for width in WIDTHS:
        for number in range(blocks):
            halves = number == 0 and width != inputs
            more = (2, _shortcut(inputs, width)) if halves else ()
            layers.append(BasicBlock(inputs, width, *more))
            inputs = width
    return layers


def _shortcut(inputs: int, outputs: int) -> nn.Sequential:
    """Return what brings the images of a block to half the size and to its channels."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, 2, bias=False), nn.BatchNorm2d(outputs))
