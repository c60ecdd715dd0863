"""A study: what its trials share; a trial: one arm, trained once from the seeds of a replicate.

With them what a trial needs of its process, and what it leaves there: its trained model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

import torch

from expand.job.settings import Settings as Expansion
from expand.layouts.layout import AUTO
from expand.storage.stores.url import Place
from expand.views.keys import draw
from expand.views.views import Views
from train.data.cache import Cache
from train.data.dataset import Data
from train.data.shape import ANY_SHAPE, FIRST_RULES, Shape
from train.data.subsets import Draw
from train.feed.dataset import Images
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.fit.hyperparameters import Hyperparameters
from train.fit.trainer import Epoch
from train.models.build import takes_dropout
from train.models.weights_file import WeightsFile
from train.runs.assemble import Setup
from train.trials.tuning.held_out import hold_out
from train.trials.tuning.settings import TunedSettings
from train.trials.tuning.space import candidates

S_co = TypeVar("S_co", bound="Study", covariant=True)


@dataclass(frozen=True)
class Trial:
    """One training run: an arm, the seeds of a replicate, and for how many epochs."""

    arm: Any
    replicate: int
    epochs_asked: int
    """As given on the command line."""
    epochs_trained: int
    """What the budget makes of them."""
    name: str
    """The name of its file, without the suffix."""
    draw: Draw | None = field(default=None, kw_only=True)
    """The sources that it learns from; None: all that the study has."""
    tuned: TunedSettings | None = field(default=None, kw_only=True)
    """What it trains with in place of the settings of the study."""
    held_out: bool = field(default=False, kw_only=True)
    """Whether it belongs to a search: it is measured on held-out sources, not on the test set."""

    @property
    def keeps_arm(self) -> bool:
        """Whether its arm has the same name whenever it is trained.

        That of a search is named for what the arm trains on: an ablation calls the same techniques
        "chosen" in its check.
        """
        return not self.held_out


@dataclass(frozen=True, kw_only=True)
class Study(ABC):
    """Data, model and training that all arms share."""

    data: Place
    test: Place | None
    """None: the part of the dataset for tests."""
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
    layout: str = AUTO
    group_by: str | None = None
    weights: WeightsFile | None = None
    """What every trial starts from; None: random weights."""
    freeze: bool = False
    tune: int = 0
    """How many settings are tried for each arm beforehand; 0: all share those of `training`."""
    draws: int | None = None
    """Of how many subsets of the sources the replicates take one each, in turn; None: all learn
    from the same sources."""

    @property
    def is_drawn(self) -> bool:
        """Whether replicates learn from different sources: then all of the dataset is read."""
        return self.draws is not None

    def settings_to_try(self, side: int, epochs: int) -> tuple[TunedSettings, ...]:
        """Return what a search tries for each arm: at most `epochs`, on images of `side` pixels."""
        asked = TunedSettings.of(self.training, self.dropout, epochs)
        return candidates(asked, self.tune, self.seed, dropout=takes_dropout(self.model, side))

    @property
    def streams(self) -> bool:
        """Whether images that are too large for the cache may be read from their files."""
        return False

    @property
    def streaming_arms(self) -> str:
        """The option with which they may, if there is one."""
        return ""

    @abstractmethod
    def strategy(self, arm: Any, view_seed: int) -> Strategy:
        """Return the strategy of an arm."""

    def copies(self, arm: Any, view_seed: int) -> Expansion | None:
        """Return the settings with which `expand` writes an arm's copies; None without copies."""
        return None

    def memorised_views(self, arm: Any, view_seed: int) -> Views | None:
        """Return the views to measure an arm's memorisation gap with; None: it is not measured."""
        return None

    def reader(self, arm: Any, sampler: Sampler, data: Data, view_seed: int) -> Images | None:
        """Return the reader of an arm that no strategy describes."""
        return None

    def screen(
        self, context: TrialContext[Any], trial: Trial, trained: Trained
    ) -> tuple[Mapping[str, Any], ...] | None:
        """Measure more with the trained model of a trial; its result keeps that as plain data."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data."""
        plain = {key: getattr(self, key) for key in self.__dataclass_fields__}
        paths = {"data": str(self.data), "test": self.test and str(self.test)}
        # as the studies that began by the first rules have it: without a value
        rules = None if self.shape.rules == FIRST_RULES else self.shape.rules
        parts: dict[str, Any] = {
            "training": asdict(self.training),
            "shape": self.shape.to_dict(),
            "weights": self.weights and self.weights.to_dict(),
        }
        return {**plain, **paths, **parts, "pixel_rules": rules}


class Seeds(NamedTuple):
    """The seeds of a replicate, shared by all arms: of weights and order, and of the views."""

    replicate: int
    training: int
    views: int

    @classmethod
    def of(cls, seed: int, replicate: int) -> Seeds:
        """Derive the seeds of a replicate."""
        training, views = draw(seed, "replicate", "", replicate, 2)
        return cls(replicate, training >> 1, views)


@dataclass(frozen=True)
class TrialContext(Generic[S_co]):
    """The study, its decoded training and test images, the device and the cache."""

    study: S_co
    data: Data
    device: torch.device
    cache: Cache

    @cached_property
    def held_out(self) -> Data:
        """The data of a search, whose test images are held-out sources of the training set."""
        return hold_out(self.data)

    @property
    def smallest_side(self) -> int:
        """The shorter side of the images, in pixels."""
        _, height, width, _ = self.data.train.decoded.pixels.shape
        return int(min(height, width))

    def for_trial(self, trial: Trial) -> TrialContext[S_co]:
        """Return the context with the data that a trial trains and is measured on."""
        return replace(self, data=self.held_out) if trial.held_out else self


class Trained(NamedTuple):
    """A finished run: its data, its trainer, and its last epoch."""

    data: Data
    setup: Setup
    last: Epoch
