"""The settings of a model."""

from __future__ import annotations

from dataclasses import dataclass

from train.errors import TrainError


@dataclass(frozen=True)
class ModelSettings:
    """The name of a model, and the images and classes that it is built for."""

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
            raise TrainError("there is only one class; a classifier needs two")


def check_side(settings: ModelSettings, least: int) -> None:
    """Refuse images smaller than `least` pixels on a side."""
    if min(settings.height, settings.width) < least:
        size = f"{settings.width}×{settings.height}"
        raise TrainError(
            f'"{settings.name}" needs images of at least {least}×{least} pixels, these are {size}'
        )
