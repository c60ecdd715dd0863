"""The search for the settings of the arms, as a plan shows it: its trials, and their time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train.trials.study import TrialContext
from train.trials.tuning.held_out import SHARE


def search_seconds(
    context: TrialContext[Any], longest: int, arms: Sequence[Any], seconds: Mapping[str, float]
) -> float:
    """Return how long the search for the settings of some arms trains, if there is one.

    `seconds` are those of an epoch of each arm over all sources; `longest` are the most epochs.
    """
    study = context.study
    tried = study.settings_to_try(context.smallest_side, longest) if study.tune else ()
    epochs = sum(each.epochs for each in tried) * (1 - SHARE)
    return float(epochs * sum(seconds[arm.name] for arm in arms))


def search_lines(tune: int, arms: int) -> list[str]:
    """Say how many trials the search before has, if there is one."""
    if not tune:
        return []
    return [f"{tune * arms} trials of the search before: {tune} settings × {arms} arms"]
