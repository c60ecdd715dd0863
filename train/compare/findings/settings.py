"""Settings: whether they were tuned for each arm, and otherwise which arms they suit."""

from __future__ import annotations

from collections.abc import Sequence

from train.compare.results import ArmSummary
from train.compare.study import ComparisonStudy
from train.report.formatting import percent
from train.trials.tuning.search import Search
from train.trials.tuning.sentences import describe_fixed, describe_search

LIGHT_DECAY = 5e-4
"""Up to this weight decay, and without dropout, little but augmentation prevents overfitting."""
CLEARLY = 0.005
"""A shorter training was clearly better if it was by half a point."""


def describe_settings(
    study: ComparisonStudy, summaries: Sequence[ArmSummary], search: Search | None
) -> tuple[str, ...]:
    """Say in sentences how the settings of the arms were found, and what follows from it."""
    return describe_search(search, study.longest) if search else _fixed(study, summaries)


def _fixed(study: ComparisonStudy, summaries: Sequence[ArmSummary]) -> tuple[str, ...]:
    training = study.training
    fixed = describe_fixed(training, study.dropout)
    light = training.weight_decay <= LIGHT_DECAY and not study.dropout
    plain = [arm.name for arm in study.arms if arm.strategy == "none"]
    suited = (
        "They suit augmented training: besides augmentation, little works against overfitting, so "
        "none is at a disadvantage in long training. --tune N gives every arm settings of its own."
    )
    return (fixed, *([suited] if light and plain else []), *_better_before(study, summaries))


def _better_before(study: ComparisonStudy, summaries: Sequence[ArmSummary]) -> list[str]:
    """Name the arms that were clearly more accurate after fewer epochs than after the most."""
    longest = max(study.lengths)
    last = {each.arm: each.mean for each in summaries if each.epochs_asked == longest}
    best: dict[str, str] = {}
    for each in sorted(summaries, key=lambda summary: summary.mean):
        if each.arm in last and each.mean > last[each.arm] + CLEARLY:
            best[each.arm.name] = (
                f"{each.arm.name} was more accurate after {each.epochs_asked:,} epochs "
                f"({percent(each.mean, 2)}) than after {longest:,} "
                f"({percent(last[each.arm], 2)}), which do not suit it."
            )
    return list(best.values())
