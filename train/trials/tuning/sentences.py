"""Sentences on a search: how settings were found, and what follows from it."""

from __future__ import annotations

from train.fit.hyperparameters import Hyperparameters
from train.report.formatting import listing
from train.trials.tuning.search import ArmSearch, Search
from train.trials.tuning.settings import TunedSettings

FEW = 300
"""With fewer held-out sources, an accuracy of 80 % has a standard error above 2 points."""
EQUAL = (
    "Equal budget means the same search and the same largest number of epochs: an arm that is best "
    "with fewer epochs takes fewer steps."
)


def describe_search(search: Search, longest: int) -> tuple[str, ...]:
    """Say in sentences how settings were searched, with at most `longest` epochs."""
    budget = (
        f"Beforehand, every arm was trained with the same {search.trials} settings, of at most "
        f"{longest:,} epochs, on {search.sources:,} sources of the training set; it is compared "
        f"with those that were best on the other {search.held_out:,} sources. The test set had no "
        "part in it."
    )
    more = [each.arm for each in search.arms if each.at_longest]
    longer = (
        f"{listing(more)} {'was' if len(more) == 1 else 'were'} best at the largest number of "
        "epochs, and may gain from more (--epochs)."
    )
    few = (
        f"{search.held_out:,} held-out sources tell settings apart by {100 / search.held_out:.2g} "
        "points at best, so chance has a large part in what was chosen."
    )
    lost = [each for each in search.arms if each.best.accuracy is None]
    return (
        budget,
        EQUAL,
        *([few] if search.held_out < FEW else []),
        *([longer] if more else []),
        *map(_all_diverged, lost),
    )


def describe_fixed(training: Hyperparameters, dropout: float) -> str:
    """Say in a sentence which settings all arms share, where none were searched."""
    words = TunedSettings.of(training, dropout, training.epochs).words
    return f"All arms share settings that were fixed beforehand, and tuned for no arm: {words}."


def _all_diverged(search: ArmSearch) -> str:
    return (
        f"All {len(search.tried)} trials of {search.arm} diverged in the search, so it has the "
        "settings that were asked for."
    )
