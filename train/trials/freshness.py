"""Freshness: check that an arm with new views in every epoch really shows new images."""

from __future__ import annotations

from typing import Any

import numpy as np

from train.errors import STOPPED, TrainError
from train.feed.strategies import Strategy
from train.trials.study import Seeds, Trial, TrialContext
from train.trials.trial import assemble

ITEMS, EPOCHS, TOLERATED = 64, 3, 0.5
"""Sources and epochs that are compared, and the share of sources that may look the same."""


def check_fresh(context: TrialContext[Any], arm: Any) -> None:
    """Refuse an arm that shows most sources alike in three epochs: its views are frozen."""
    strategy = context.study.strategy(arm, Seeds.of(context.study.seed, 0).views)
    distinct = strategy.recipe.distinct if strategy.recipe else 1
    if strategy.name != "fly" or (distinct is not None and distinct <= EPOCHS):
        return
    epochs = _epochs_with_views(strategy)
    items = np.arange(min(ITEMS, len(context.data.train.folder)))
    alike = _count_alike(context, arm, epochs, items)
    if alike > TOLERATED * len(items):
        raise TrainError(
            f"{arm.name} repeats the same views in every epoch; this is a bug. {alike} of "
            f"{len(items)} sources look the same in epochs {', '.join(map(str, epochs))}.",
            STOPPED,
        )


def _epochs_with_views(strategy: Strategy) -> list[int]:
    """Return the first epochs that show views; some may show the untouched sources."""
    epochs = [k for k in range(1, 2 * EPOCHS + 1) if strategy.view(k)][:EPOCHS]
    return epochs if len(epochs) == EPOCHS else list(range(1, EPOCHS + 1))


def _count_alike(context: TrialContext[Any], arm: Any, epochs: list[int], items: np.ndarray) -> int:
    """Count the items that look the same in all of the epochs."""
    trained = max(epochs) + 1
    _, setup = assemble(context, Trial(arm, 0, trained, trained, "freshness"))
    first, *others = (setup.feed.show(k, items).flatten(1) for k in epochs)
    return sum(
        bool(all((row == other[i]).all() for other in others)) for i, row in enumerate(first)
    )
