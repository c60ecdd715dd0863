"""Results of a study of worth: frozen values that `summary` computes and the reports show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from expand.job.balance import Balance
from train.compare.arms import Arm
from train.statistics.intervals import Interval
from train.trials.results import DivergedTrial
from train.trials.tuning.search import Search
from train.worth.exchange import ABOVE, BELOW, gains, loses

Scope = Literal["these", "like these"]
"""Whether intervals hold for these sources, or for sources like these."""


@dataclass(frozen=True)
class Cell:
    """One arm at one size: its accuracies, in [0, 1], and the epochs that it is best after.

    Each half of the test images is measured after the epochs that are best on the other half;
    `epochs` are those of both.
    """

    arm: Arm
    sources: float
    """On average over the draws."""
    epochs: tuple[int, ...]
    """As trained at this size, each once."""
    accuracies: tuple[float, ...]
    mean: float
    interval: Interval | None
    seconds: float
    """The median of a trial's training."""


@dataclass(frozen=True)
class ArmRate:
    """How many sources without augmentation do as well as an arm with some."""

    arm: Arm
    sources: float
    worth: float
    """ABOVE: more than the largest size; BELOW: fewer than the smallest."""
    interval: Interval | None
    sentence: str

    @property
    def times(self) -> float | None:
        """How many sources without augmentation one with it is worth; None if not measured."""
        return self.worth / self.sources if self.measured else None

    @property
    def measured(self) -> bool:
        """Whether what it is worth lies on the curve."""
        return BELOW < self.worth < ABOVE

    @property
    def is_beyond(self) -> bool:
        """Whether the whole interval is above the largest size."""
        return self.interval is not None and self.interval.low == ABOVE

    @property
    def gains(self) -> bool:
        """Whether the interval is above the sources that the arm has."""
        return gains(self.sources, self.interval)

    @property
    def loses(self) -> bool:
        """Whether the interval is below the sources that the arm has."""
        return loses(self.sources, self.interval)


@dataclass(frozen=True)
class WorthSetup:
    """What was studied and how it was trained; `settings` lists all of it for people."""

    data: str
    sources: int
    """Of the largest size."""
    total: int
    """Of the dataset."""
    classes: int
    test_images: int
    lengths: tuple[int, ...]
    replicates: int
    scope: Scope
    overlaps: tuple[float, ...]
    """The share of its sources that a draw has in common with another, for each size."""
    sizes: tuple[float, ...]
    settings: Mapping[str, Any]
    balance: Balance
    """How disk-balanced arms balance classes."""


@dataclass(frozen=True)
class Worth:
    """Everything that a study of worth found."""

    setup: WorthSetup
    headline: tuple[str, ...]
    command: str
    arms: tuple[Arm, ...]
    cells: tuple[Cell, ...]
    rates: tuple[ArmRate, ...]
    notes: tuple[str, ...]
    not_tested: tuple[str, ...]
    versions: Mapping[str, Any]
    hardware: Mapping[str, Any]
    created: str
    seconds: float
    diverged: tuple[DivergedTrial, ...] = ()
    search: Search | None = None
    """The search for the settings of each arm, if there was one."""
    fairness: tuple[str, ...] = ()
    """How the settings of the arms were found: sentences."""
    unfinished: tuple[str, ...] = ()
    """Arms and sizes that have no accuracy, because trials diverged: sentences."""

    def curve(self, arm: Arm) -> list[Cell]:
        """List the cells of an arm, the smallest size first."""
        return sorted((c for c in self.cells if c.arm == arm), key=lambda cell: cell.sources)

    def rates_of(self, arm: Arm) -> list[ArmRate]:
        """List the rates of an arm, the smallest size first."""
        return sorted((r for r in self.rates if r.arm == arm), key=lambda rate: rate.sources)

    @property
    def others(self) -> tuple[Arm, ...]:
        """The arms that have rates, in their order."""
        return tuple(arm for arm in self.arms if arm.strategy != "none")

    @property
    def span(self) -> tuple[float, float]:
        """The sizes between which the curve without augmentation is known; NaN without one."""
        sizes = [cell.sources for cell in self.curve(Arm("none"))]
        return (min(sizes), max(sizes)) if sizes else (math.nan, math.nan)
