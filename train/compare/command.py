"""The command `train compare`: from a question to its page."""

from __future__ import annotations

from typing import Any

from expand.cli.progress import progress_bar
from expand.storage.lock import Lock
from train.compare.planning import in_words as plan_in_words
from train.compare.planning import look_ahead
from train.compare.protocol import costs, missing_cells, read_rows, run_all, speeds, wait_for
from train.compare.question import Question
from train.compare.summary import in_words, summarise, write_summary
from train.runtime.world import split_up
from train.trials.context import set_stage
from train.trials.folder import Bench, open_bench
from train.trials.freshness import check_fresh

GPU_SEEDS, CPU_SEEDS = 10, 6


def compare(question: Question, bench: Bench, how: dict[str, Any], *, plan: bool, quiet: bool) -> str:
    """Answer a question, or only plan to; return what to show. Started again after whatever end, it goes on.

    `how` has the margin, the number of seeds (None: as many as suit the device) and the command as it was typed. Where
    torchrun started several processes, each runs its share of the replicates, and the first speaks.
    """
    world = split_up()
    stage = set_stage(question, bench.cache.root, bench.cache.limit)
    seeds = how["seeds"] or (GPU_SEEDS if stage.device.type == "cuda" else CPU_SEEDS)
    if not world.leads:
        if plan:
            return ""
        world.wait()
        run_all(question, bench, seeds, speeds(stage, bench, costs(stage, bench)), lambda _runs: None, world)
        return ""
    bench.out.mkdir(parents=True, exist_ok=True)
    with Lock(bench.out):
        open_bench(question, bench)
        for arm in question.arms:
            check_fresh(stage, arm)
        expansions = costs(stage, bench)
        speed = speeds(stage, bench, expansions)
        if plan:
            return plan_in_words(question, look_ahead(stage, speed, seeds, bench.jobs), speed, seeds)
        world.wait()
        with progress_bar(len(missing_cells(question, bench, seeds)), "runs", quiet) as progress:
            run_all(question, bench, seeds, speed, progress, world)
        wait_for(question, bench, seeds)
        rows = read_rows(question, bench, seeds)
        found = summarise(stage, rows, expansions, {**how, "seeds": seeds, "jobs": bench.jobs})
        write_summary(bench.out, found, rows)
    return in_words(found, bench.out)
