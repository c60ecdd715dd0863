"""A study: what every run of it shares, and what chance each replicate has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from expand.job.settings import Settings as Expansion
from expand.views.keys import draw
from expand.views.views import Views
from train.data.dataset import Data
from train.data.shape import ANY_SHAPE, Shape
from train.feed.dataset import Images
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.fit.hyperparameters import Hyperparameters


@dataclass(frozen=True, kw_only=True)
class Study(ABC):
    """Data, model and training that all arms share."""

    data: Path
    test: Path
    training: Hyperparameters
    model: str = "cnn"
    dropout: float = 0.0
    shape: Shape = ANY_SHAPE
    sources: int | None = None
    seed: int = 0
    device: str = "auto"
    renderer: str = "auto"
    precision: str = "auto"
    threads: int = 1
    allow_leak: bool = False

    @abstractmethod
    def strategy(self, arm: Any, view_seed: int) -> Strategy:
        """Return the strategy by which an arm trains."""

    def copies(self, arm: Any, view_seed: int) -> Expansion | None:
        """Return the settings with which `expand` writes the copies that an arm reads; None where it reads the sources."""
        return None

    def memorised_views(self, arm: Any, view_seed: int) -> Views | None:
        """Return the views whose first one an arm has seen, for measuring how far it knows it by heart; None: not measured."""
        return None

    def reader(self, arm: Any, sampler: Sampler, data: Data, view_seed: int) -> Images | None:
        """Return what reads for an arm that no strategy describes."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return the study as plain data."""
        plain = {key: getattr(self, key) for key in self.__dataclass_fields__}
        paths = {"data": str(self.data), "test": str(self.test)}
        return {**plain, **paths, "training": asdict(self.training), "shape": asdict(self.shape)}


class Seeds(NamedTuple):
    """What chance a replicate has: of the first weights and the order, and of the views. All arms share them."""

    replicate: int
    training: int
    views: int

    @classmethod
    def of(cls, seed: int, replicate: int) -> Seeds:
        """Return a replicate's seeds."""
        training, views = draw(seed, "replicate", "", replicate, 2)
        return cls(replicate, training >> 1, views)
