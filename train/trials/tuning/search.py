"""A search: the trials of every arm with the same settings, and what each arm chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from train.trials.results import TrialResult
from train.trials.runner import Result
from train.trials.study import Trial
from train.trials.tuning.settings import TunedSettings

SEARCH_SEED = 1_000_000
"""The replicate that all trials of a search have: beyond those of any comparison, so that settings
are not chosen for the weights that the comparison starts from."""


@dataclass(frozen=True)
class Tried:
    """One trial of a search: its settings, and its accuracy on the held-out sources."""

    settings: TunedSettings
    accuracy: float | None
    """In [0, 1]; None: it diverged."""
    seconds: float


@dataclass(frozen=True)
class ArmSearch:
    """The search of one arm; the first trial has the settings that were asked for."""

    arm: str
    tried: tuple[Tried, ...]

    @property
    def chosen(self) -> int:
        """The number of the trial with the highest accuracy; of equal ones, the first.

        So the settings that were asked for are kept unless others were better. If all trials
        diverged, it is the first.
        """
        accuracies = [-1.0 if each.accuracy is None else each.accuracy for each in self.tried]
        return accuracies.index(max(accuracies))

    @property
    def best(self) -> Tried:
        """The trial whose settings the arm is compared with."""
        return self.tried[self.chosen]

    @property
    def equal(self) -> int:
        """How many trials have the highest accuracy."""
        return sum(each.accuracy == self.best.accuracy for each in self.tried)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data."""
        trials = [
            {**each.settings.to_dict(), "accuracy": each.accuracy, "seconds": each.seconds}
            for each in self.tried
        ]
        return {"arm": self.arm, "chosen": self.chosen, "trials": trials}

    @property
    def at_longest(self) -> bool:
        """Whether the longest training was the best, so that a longer one may be better still."""
        return self.best.settings.epochs == max(each.settings.epochs for each in self.tried)


@dataclass(frozen=True)
class Search:
    """The searches of all arms, and the sources that they trained on and chose by."""

    arms: tuple[ArmSearch, ...]
    sources: int
    held_out: int

    @property
    def trials(self) -> int:
        """How many trials each arm had."""
        return len(self.arms[0].tried)

    @property
    def seconds(self) -> float:
        """The seconds of all its trials."""
        return sum(each.seconds for arm in self.arms for each in arm.tried)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data; `chosen` is the number of a trial, from 0."""
        return {
            "sources": self.sources,
            "held_out": self.held_out,
            "seconds": self.seconds,
            "arms": [each.to_dict() for each in self.arms],
        }


def chosen_settings(search: Search | None) -> dict[str, TunedSettings]:
    """Return what each arm chose, by its name; nothing without a search."""
    return {each.arm: each.best.settings for each in search.arms} if search else {}


def joined(first: Search | None, second: Search | None) -> Search | None:
    """Return the search of all arms of two, which may share arms."""
    if first is None or second is None:
        return first or second
    known = {each.arm for each in first.arms}
    more = tuple(each for each in second.arms if each.arm not in known)
    return replace(first, arms=(*first.arms, *more))


def search_trials(arms: Sequence[Any], settings: Sequence[TunedSettings]) -> list[Trial]:
    """List the trials of a search, arms interleaved."""
    return [_trial(arm, number, each) for number, each in enumerate(settings) for arm in arms]


def _trial(arm: Any, number: int, settings: TunedSettings) -> Trial:
    epochs = settings.epochs
    name = f"tune-{arm.label}_t{number}_k{epochs}_s{SEARCH_SEED}"
    return Trial(arm, SEARCH_SEED, epochs, epochs, name, tuned=settings, held_out=True)


def gather(
    trials: Sequence[Trial], results: Sequence[Result], sources: int, held_out: int
) -> Search:
    """Return the search that some trials, and the result of each, make up."""
    tried: Mapping[str, list[Tried]] = {trial.arm.name: [] for trial in trials}
    for trial, result in zip(trials, results, strict=True):
        accuracy = result.accuracy if isinstance(result, TrialResult) else None
        assert trial.tuned is not None
        tried[trial.arm.name].append(Tried(trial.tuned, accuracy, result.wall_seconds))
    arms = tuple(ArmSearch(name, tuple(each)) for name, each in tried.items())
    return Search(arms, sources, held_out)
