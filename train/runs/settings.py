"""The settings of a run, which decide the trained weights, and its location, which does not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from expand.layouts.layout import AUTO
from train.data.cache import Cache
from train.data.dataset import DataRequest
from train.data.shape import ANY_SHAPE, Shape
from train.errors import TrainError
from train.feed.strategies import Strategy
from train.fit.hyperparameters import Hyperparameters
from train.runs.observer import Observer

MOST_WORKERS = 1024
RENDERERS = ("auto", "exact", "batched")


@dataclass(frozen=True)
class Settings:
    """Everything that the trained weights depend on."""

    data: Path
    test: Path | None
    strategy: Strategy
    hyperparameters: Hyperparameters
    model: str = "cnn"
    dropout: float = 0.0
    pretrained: bool = False
    seed: int = 0
    validation: float = 0.0
    sources: int | None = None
    shape: Shape = ANY_SHAPE
    renderer: str = "auto"
    precision: str = "auto"
    mirrored: bool = False
    allow_leak: bool = False
    layout: str = AUTO

    def __post_init__(self) -> None:
        if self.renderer not in RENDERERS:
            raise TrainError(f"--renderer must be {', '.join(RENDERERS)}, got {self.renderer!r}")
        if not 0 <= self.seed < 2**64:
            raise TrainError(f"--seed must be 0 … 2^64 - 1, got {self.seed}")

    def data_request(self) -> DataRequest:
        """Return the data that this run needs."""
        return DataRequest(
            self.data,
            self.test,
            self.shape,
            self.validation,
            self.allow_leak,
            self.sources,
            copies=self.strategy.reads_copies,
            layout=self.layout,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        plain = {key: getattr(self, key) for key in self.__dataclass_fields__}
        # "recipe" was the field's name when the first runs were recorded; they must still resume
        plain = {"recipe" if key == "hyperparameters" else key: plain[key] for key in plain}
        paths = {"data": str(self.data), "test": self.test and str(self.test)}
        parts = {
            "strategy": self.strategy.to_dict(),
            "recipe": asdict(self.hyperparameters),
            "shape": self.shape.to_dict(),
        }
        return {**plain, **paths, **parts}


@dataclass(frozen=True)
class RunLocation:
    """Where a run takes place: its folder, the cache, the device; and its observer."""

    out: Path
    cache: Cache
    device: str = "auto"
    workers: int | None = None
    overwrite: bool = False
    observer: Observer = field(default_factory=lambda: Observer())

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 0:
            raise TrainError(f"--workers must be at least 0, got {self.workers}")
        if self.workers is not None and self.workers > MOST_WORKERS:
            raise TrainError(f"--workers must be at most {MOST_WORKERS:,}, got {self.workers:,}")
