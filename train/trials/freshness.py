"""Freshness: whether an arm that draws new views in every pass really shows new pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from train.errors import STOPPED, TrainError
from train.trials.context import TrialContext
from train.trials.study import Seeds
from train.trials.trial import Run, assemble

ITEMS, PASSES, MOST = 64, 3, 0.5


def check_fresh(context: TrialContext[Any], arm: Any) -> None:
    """Refuse an arm that shows most sources alike in three passes: its views are frozen, and what it teaches is not."""
    seeds = Seeds.of(context.study.seed, 0)
    strategy = context.study.strategy(arm, seeds.views)
    distinct = strategy.recipe.distinct if strategy.recipe else 1
    if strategy.name != "fly" or (distinct is not None and distinct <= PASSES):
        return
    drawn = [
        k for k in range(1, 2 * PASSES + 1) if strategy.view(k)
    ]  # every other pass may be a clean one
    passes = drawn[:PASSES] if len(drawn) >= PASSES else range(1, PASSES + 1)
    _, setup = assemble(context, Run(arm, max(passes) + 1, seeds))
    items = np.arange(min(ITEMS, len(context.data.train.folder)))
    first, *others = (setup.feed.show(k, items).flatten(1) for k in passes)
    alike = sum(
        bool(all((row == other[i]).all() for other in others)) for i, row in enumerate(first)
    )
    if alike > MOST * len(items):
        listed = ", ".join(map(str, passes))
        raise TrainError(
            f"{arm.name} shows {alike} of {len(items)} sources alike in passes {listed}: its views are frozen, so it is not "
            "what it is called",
            STOPPED,
        )
