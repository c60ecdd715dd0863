"""Run a search, or read the trials of it that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from expand.cli.progress import progress_bar
from train.data.subsets import Draw
from train.runtime.world import World
from train.trials.context import TrialContext
from train.trials.runner import missing_trials, read_results, run_trials
from train.trials.study_dir import StudyDir
from train.trials.tuning.search import Search, gather, search_trials
from train.trials.tuning.settings import TunedSettings


def run_search(
    context: TrialContext[Any],
    study_dir: StudyDir,
    arms: Sequence[Any],
    settings: Sequence[TunedSettings],
    world: World,
    draw: Draw | None = None,
    *,
    quiet: bool,
) -> Search:
    """Try the settings for each arm on held-out sources; return what each arm chose.

    Every process runs its share of the missing trials, and reads the results of all. `context` is
    that of the `draw` which the trials learn from, if they do not learn from all sources.
    """
    held_out = context.held_out
    assert held_out.test is not None
    planned = [replace(each, draw=draw) for each in search_trials(arms, settings)]
    with progress_bar(len(missing_trials(study_dir, planned)), "search trials", quiet) as progress:
        run_trials(context.study, study_dir, planned, progress, world)
    results = read_results(study_dir, planned, held_out.test, world)
    return gather(planned, results, len(held_out.train.folder), len(held_out.test.folder))
