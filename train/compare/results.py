"""Results of a comparison: frozen values that `findings` computes and the reports show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from expand.job.balance import Balance
from train.compare.arms import Arm
from train.report.classes import ClassDifference
from train.statistics.intervals import Interval
from train.statistics.looks import Looks
from train.statistics.overlap import Drawn
from train.statistics.verdicts import Verdict
from train.trials.results import DivergedTrial
from train.trials.tuning.search import Search


@dataclass(frozen=True)
class GapSummary:
    """The copy-memorisation gap of an arm: accuracies in [0, 1], their difference in points."""

    stored: float
    fresh: float
    points: float
    interval: Interval | None


@dataclass(frozen=True)
class ArmSummary:
    """The trials of one arm at one number of epochs; accuracies in [0, 1], medians of seconds."""

    arm: Arm
    epochs_asked: int
    epochs_trained: int
    steps: int
    accuracies: tuple[float, ...]
    mean: float
    sd: float | None
    interval: Interval | None
    loss: float
    train_accuracy: float
    per_class: Mapping[str, float]
    seconds: float
    images_per_second: float
    wait: float
    augment: float
    compute: float
    evaluate: float
    gap: GapSummary | None
    diverged: tuple[int, ...] = ()
    """The replicates that are missing because they diverged."""

    @property
    def replicates(self) -> int:
        """How many trials there were, those that diverged included."""
        return len(self.accuracies) + len(self.diverged)

    @property
    def visits_per_file(self) -> float | None:
        """K/F: how often a trial reads each file; None without copies.

        None too for disk-balanced: its files are not F times its sources.
        """
        if self.arm.factor is None or self.arm.strategy == "disk-balanced":
            return None
        return self.epochs_trained / self.arm.factor


@dataclass(frozen=True)
class PairVerdict:
    """The verdict on two arms after the same number of epochs."""

    epochs: int
    arm: Arm
    against: Arm
    verdict: Verdict
    left_out: str = ""
    """On how many seeds it rests, if trials diverged."""


@dataclass(frozen=True)
class Unfinished:
    """An arm that had not converged after a number of epochs."""

    arm: Arm
    epochs: int
    left: float
    """How much of the training loss is left: 1 for guessing, 0 for the lowest there is."""
    epochs_to_try: int
    sentence: str


@dataclass(frozen=True)
class MissingVerdict:
    """A pair of arms that cannot be judged, and why."""

    epochs: int
    arm: Arm
    against: Arm
    sentence: str


@dataclass(frozen=True)
class ClassGain(ClassDifference):
    """The gain of an arm over another in one class, in points."""

    epochs: int
    seeds: int
    p_t: float
    """Of this class alone, over seeds."""
    p: float
    """Adjusted for all classes, arms and looks: at most 0.05 where the interval leaves 0 out."""


@dataclass(frozen=True)
class SmallestGain:
    """The class in which an arm gains least, and whether it is harmed there."""

    gain: ClassGain
    harmed: bool
    sentence: str


@dataclass(frozen=True)
class ExpansionCost:
    """What the expansion of an arm costs, as costs.json keeps it."""

    arm: str
    how: str
    files: int
    bytes: int
    allocated: int
    expansion_seconds: float
    expansion_cpu_seconds: float
    read_seconds: float
    checked_files: int
    format: str
    everything: bool = False


@dataclass(frozen=True)
class Cost:
    """What an arm costs: once, and in every epoch."""

    arm: Arm
    expansion: ExpansionCost | None
    epoch_seconds: float
    images_per_second: float


Payback = Literal["pays", "never", "unknown"]


@dataclass(frozen=True)
class BreakEven:
    """When the copies of an arm break even: F·(a+w) < R·K·(h·a − r), seconds per source."""

    arm: Arm
    epochs: int
    a: float
    w: float
    r: float | None
    h: float | None
    payback: Payback
    epochs_needed: float | None
    trials_needed: float | None
    sentence: str


@dataclass(frozen=True)
class Check:
    """Whether files that `expand` wrote have the pixels that were trained on."""

    ok: bool
    files: int
    sentence: str


@dataclass(frozen=True)
class ExampleImage:
    """One example view, as a data URI."""

    src: str
    alt: str
    caption: str


@dataclass(frozen=True)
class ExampleViews:
    """What an arm shows of one source in its first epochs."""

    arm: Arm
    images: tuple[ExampleImage, ...]


@dataclass(frozen=True)
class ComparisonSetup:
    """What was compared and how it was trained; `settings` lists all of it for people."""

    data: str
    sources: int
    classes: int
    test_images: int
    budget: str
    margin: float
    settings: Mapping[str, Any]
    balance: Balance
    """How disk-balanced arms balance classes."""
    drawn: Drawn | None = None
    """The draws of the replicates; None: all learn from the same sources."""


def trained_for(epochs: int, *, tuned: bool) -> str:
    """Return in words how long arms trained: "40 epochs", or up to, if each had its own."""
    return f"up to {epochs:,} epochs, tuned for each arm" if tuned else f"{epochs:,} epochs"


@dataclass(frozen=True)
class Comparison:
    """All results of a comparison."""

    setup: ComparisonSetup
    headline: tuple[str, ...]
    command: str
    arms: tuple[Arm, ...]
    epochs: tuple[int, ...]
    summaries: tuple[ArmSummary, ...]
    pairs: tuple[PairVerdict, ...]
    class_gains: tuple[ClassGain, ...]
    smallest_gains: tuple[SmallestGain, ...]
    costs: tuple[Cost, ...]
    break_even: tuple[BreakEven, ...]
    check: Check
    notes: tuple[str, ...]
    examples: tuple[ExampleViews, ...]
    not_tested: tuple[str, ...]
    versions: Mapping[str, Any]
    hardware: Mapping[str, Any]
    seeds: tuple[Mapping[str, int], ...]
    created: str
    seconds: float
    diverged: tuple[DivergedTrial, ...] = ()
    without_verdict: tuple[MissingVerdict, ...] = ()
    fairness: tuple[str, ...] = ()
    """How the settings of the arms were found, and what follows from it: sentences."""
    search: Search | None = None
    """The search for the settings of each arm, if there was one."""
    looks: Looks | None = None
    """How often it was judged, with how many seeds; None for comparisons made by hand."""
    unfinished: tuple[Unfinished, ...] = ()
    """The arms that had not converged, so that verdicts on them may change."""

    def trained(self, epochs: int) -> str:
        """Return in words how long arms trained: "40 epochs", or up to, if each had its own."""
        return trained_for(epochs, tuned=self.search is not None)

    @property
    def longest(self) -> int:
        """The largest number of epochs that was asked for; 0 if there is none."""
        return max(self.epochs, default=0)

    def summaries_after(self, epochs: int | None = None) -> list[ArmSummary]:
        """List the summaries by arm and epochs; only those after `epochs`, if given."""
        order = {arm: index for index, arm in enumerate(self.arms)}
        ordered = sorted(self.summaries, key=lambda each: (order[each.arm], each.epochs_asked))
        return [each for each in ordered if epochs is None or each.epochs_asked == epochs]

    def pairs_after(self, epochs: int) -> list[PairVerdict]:
        """List the pairs after a number of epochs."""
        return [pair for pair in self.pairs if pair.epochs == epochs]

    def gains_after(self, epochs: int) -> list[ClassGain]:
        """List the gains by class after a number of epochs."""
        return [gain for gain in self.class_gains if gain.epochs == epochs]

    @property
    def expansion_seconds(self) -> dict[str, float]:
        """The seconds of expansion, for the arms that have copies."""
        return {
            cost.arm.name: cost.expansion.expansion_seconds
            for cost in self.costs
            if cost.expansion and cost.expansion.expansion_seconds
        }
