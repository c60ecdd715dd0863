"""Run a search, or read the trials of it that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from train.data.subsets import Draw
from train.trials.command import Running
from train.trials.context import of_draw
from train.trials.tuning.search import Search, gather, search_trials


def run_search(
    running: Running[Any], arms: Sequence[Any], epochs: int, draw: Draw | None = None
) -> Search | None:
    """Try the settings of the study for each arm on held-out sources; return what each arm chose.

    None if the study tunes nothing. Every process runs its share of the missing trials, and reads
    the results of all. `epochs` are the most that are tried; `draw` has the sources that the search
    learns from, if they are not all.
    """
    study = running.study
    if not study.tune:
        return None
    context = of_draw(running.context, draw)
    settings = study.settings_to_try(context.smallest_side, epochs)
    planned = [replace(each, draw=draw) for each in search_trials(arms, settings)]
    held_out = replace(context, data=context.held_out)
    results = replace(running, context=held_out).run_trials(planned, "search trials")
    train, test = held_out.data.train, held_out.data.test
    assert test is not None
    return gather(planned, results, len(train.folder), len(test.folder))
