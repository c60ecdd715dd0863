"""The command `train ablate`: from a recipe to which of its techniques help."""

from __future__ import annotations

from typing import Any

import numpy as np

from expand.cli.progress import progress_bar
from expand.storage.lock import Lock
from train.ablate.ablation import Ablation
from train.ablate.findings import Outcomes, Row, check, choose, describe_techniques, keep
from train.ablate.protocol import DESIGN, FINAL, cells, choosing_half, missing, run_all, time_techniques
from train.ablate.screen import check_images
from train.ablate.summary import Parts, in_words, summarise, write_summary
from train.runtime.world import World, split_up
from train.trials.context import Stage, set_stage
from train.trials.folder import Bench, open_bench

SEEDS = 6


def ablate(ablation: Ablation, bench: Bench, how: dict[str, Any], *, quiet: bool) -> str:
    """Take a recipe apart; return what to show. Started again after whatever end, it goes on.

    Where torchrun started several processes, each does its share of the runs, and the first speaks.
    """
    world = split_up()
    stage = set_stage(ablation, bench.cache.root, bench.cache.limit)
    check_images(stage)
    how = {**how, "seeds": how["seeds"] or SEEDS, "jobs": bench.jobs}
    if not world.leads:
        world.wait()
        take_apart(stage, bench, how, world, quiet=True)
        return ""
    bench.out.mkdir(parents=True, exist_ok=True)
    with Lock(bench.out):
        open_bench(ablation, bench)
        world.wait()
        rows, parts = take_apart(stage, bench, how, world, quiet=quiet)
        found = summarise(stage, rows, parts, how)
        write_summary(bench.out, found)
    return in_words(found, bench.out)


def take_apart(
    stage: Stage[Ablation], bench: Bench, how: dict[str, Any], world: World, *, quiet: bool
) -> tuple[list[Row], Parts]:
    """Run the design and the check; return all rows, and what techniques do, the check, and which are kept."""
    ablation, seeds, margin, test = stage.study, how["seeds"], how["margin"], stage.data.test
    assert test is not None
    labels, classes, choosing = test.folder.labels, stage.data.train.folder.classes, choosing_half(stage)
    wanted = list(cells(DESIGN, list(dict.fromkeys(ablation.design_arms)), seeds))
    with progress_bar(len(missing(bench, wanted)), "runs of the design", quiet) as progress:
        rows = run_all(ablation, bench, wanted, progress, world)
    outcomes = Outcomes(rows, labels, classes, choosing)
    seconds = time_techniques(stage) if world.leads else [0.0] * len(ablation.pieces)
    techniques = describe_techniques(ablation, outcomes, seconds, margin)
    chosen, checked = choose(ablation, techniques), None
    if ablation.design != "single":
        arms = ablation.final_arms(chosen)
        wanted = list(cells(FINAL, arms, seeds))
        with progress_bar(len(missing(bench, wanted)), "runs of the check", quiet) as progress:
            last = run_all(ablation, bench, wanted, progress, world)
        checked = check(arms, Outcomes(last, labels, classes, np.logical_not(choosing)), margin)
        rows = [*rows, *last]
    return rows, (techniques, checked, keep(ablation, chosen, checked))
