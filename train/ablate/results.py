"""Results of an ablation: frozen values that `findings` computes and the reports show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from train.ablate.design import NONE, TRIVIAL, AblationArm
from train.statistics.intervals import Estimate, Interval
from train.statistics.looks import Looks
from train.statistics.sentences import Name
from train.statistics.verdicts import Verdict
from train.trials.results import DivergedTrial
from train.trials.tuning.search import Search

Effect = Literal["helps", "harms", "changes little", "changes nothing", "undecided"]
EFFECTS: Mapping[Name, Effect] = {
    "better": "helps",
    "worse": "harms",
    "equivalent": "changes little",
    "identical": "changes nothing",
    "undecided": "undecided",
}


@dataclass(frozen=True)
class ClassEffect:
    """The effect of a technique on the accuracy of one class, in points."""

    name: str
    mean: float
    interval: Interval | None
    p_t: float
    p: float = 1.0
    """Adjusted for all classes, techniques and looks."""


@dataclass(frozen=True)
class TechniqueEffect:
    """The effect of a technique: runs with it against runs without it, in points.

    `classes` is sorted, the most harmed first; `harmed` are those whose interval, which holds for
    all classes of all techniques together, lies below 0. `effects` has one value per seed, NaN
    where a run that it needs diverged; `seconds` is the time for one image.
    """

    verdict: Verdict
    classes: tuple[ClassEffect, ...]
    harmed: tuple[ClassEffect, ...]
    effects: tuple[float, ...]
    seconds: float

    @property
    def name(self) -> str:
        """The name of the technique."""
        return self.verdict.arm

    @property
    def seeds(self) -> str:
        """How many seeds it was measured with: "6", or "4 of 6" if runs diverged."""
        known = sum(map(math.isfinite, self.effects))
        return f"{known}" if known == len(self.effects) else f"{known} of {len(self.effects)}"

    @property
    def effect(self) -> Effect:
        """The verdict in one word."""
        return EFFECTS[self.verdict.verdict]

    @property
    def mean(self) -> float:
        """The mean effect over all seeds, in points."""
        return self.verdict.mean


@dataclass(frozen=True)
class Flag:
    """A class that a model without augmentation no longer recognises in changed images.

    `before` and `after` are accuracies in [0, 1]; `times` counts the trials that flag the class.
    """

    name: str
    before: float
    after: float
    taken_for: str
    times: int = 1


@dataclass(frozen=True)
class ScreenRow:
    """The accuracy of a model without augmentation on images changed at one strength, in [0, 1].

    `plain` is its accuracy on the same images unchanged.
    """

    technique: str
    strength: str
    plain: float
    accuracy: float
    flags: tuple[Flag, ...] = ()
    per_class: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ArmAccuracy:
    """The test accuracy of an arm of the check, in percent."""

    arm: AblationArm
    estimate: Estimate


@dataclass(frozen=True)
class ArmPair:
    """The verdict on two arms of the check."""

    arm: AblationArm
    against: AblationArm
    verdict: Verdict


@dataclass(frozen=True)
class CheckSummary:
    """The arms of the check, measured on test images that had no part in the choice."""

    accuracies: tuple[ArmAccuracy, ...]
    pairs: tuple[ArmPair, ...]
    without_verdict: tuple[tuple[AblationArm, AblationArm], ...] = ()
    """The pairs of which one arm diverged with every seed."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict on each pair in words, also where there is none."""
        missing = (
            f"{arm.name} against {against.name}: no verdict: no seed has both trials"
            for arm, against in self.without_verdict
        )
        return (*(pair.verdict.sentence for pair in self.pairs), *missing)

    @property
    def chosen_pairs(self) -> tuple[ArmPair, ...]:
        """The pairs of the chosen techniques with every other arm; none if nothing was chosen."""
        return tuple(pair for pair in self.pairs if pair.arm != TRIVIAL)

    @property
    def against_none(self) -> ArmPair | None:
        """The chosen techniques against training without augmentation."""
        return next((pair for pair in self.chosen_pairs if pair.against == NONE), None)

    @property
    def doubt(self) -> str:
        """What is to be said of the chosen techniques unless they are better than none."""
        pair = self.against_none
        better = pair is None or pair.verdict.verdict == "better"
        return "" if better else "not shown to be better than no augmentation"

    @property
    def harms(self) -> bool:
        """Whether the chosen techniques together are worse than no augmentation."""
        return self.against_none is not None and self.against_none.verdict.verdict == "worse"

    @property
    def better_without(self) -> ArmPair | None:
        """The pair of the technique that costs the chosen ones most, if they are better without."""
        worse = [
            pair
            for pair in self.chosen_pairs
            if pair.against.left_out is not None and pair.verdict.verdict == "worse"
        ]
        return min(worse, key=lambda pair: pair.verdict.mean, default=None)


RECIPE = "recipe.yaml"
"""The file of the suggested recipe."""


@dataclass(frozen=True)
class Suggestion:
    """The techniques to use, and their recipe as YAML; empty and None if none is suggested."""

    techniques: tuple[str, ...] = ()
    yaml: str | None = None


@dataclass(frozen=True)
class AblationSetup:
    """What was ablated and how it was trained; `settings` lists all of it for people."""

    data: str
    recipe: str
    design: str
    model: str
    epochs: int
    sources: int
    classes: int
    test_images: int
    margin: float
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class AblationResult:
    """Everything that an ablation found; `runs` are the rows of the design."""

    setup: AblationSetup
    command: str
    headline: tuple[str, ...]
    runs: tuple[AblationArm, ...]
    techniques: tuple[TechniqueEffect, ...]
    screen: tuple[ScreenRow, ...]
    check: CheckSummary | None
    suggestion: Suggestion
    not_tested: tuple[str, ...]
    versions: Mapping[str, str]
    hardware: Mapping[str, Any]
    created: str
    seconds: float
    names: tuple[str, ...] = ()
    """The techniques of the recipe, in its order; those that were measured are `techniques`."""
    diverged: tuple[DivergedTrial, ...] = ()
    looks: Looks | None = None
    """How often it was judged, with how many seeds."""
    search: Search | None = None
    """The search for the settings of each arm, if there was one."""
    fairness: tuple[str, ...] = ()
    """How the settings of the runs were found: sentences."""

    @property
    def seeds(self) -> int:
        """The seeds of every run of the design."""
        return max((len(technique.effects) for technique in self.techniques), default=0)

    @property
    def single(self) -> bool:
        """Whether each technique was tried alone."""
        return self.setup.design == "single"
