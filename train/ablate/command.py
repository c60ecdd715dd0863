"""The command `train ablate`: from a recipe to which of its techniques help."""

from __future__ import annotations

from typing import Any

import numpy as np

from expand.store import Lock
from train.ablate.ablation import Ablation
from train.ablate.findings import Outcomes, check, choose, describe_techniques, keep
from train.ablate.protocol import DESIGN, FINAL, cells, choosing_half, missing, run_all, time_techniques
from train.ablate.screen import check_images
from train.ablate.summary import in_words, summarise, write_summary
from train.compare.bench import Bench, open_bench
from train.compare.replicate import set_stage
from train.words import Counter

SEEDS = 6


def ablate(ablation: Ablation, bench: Bench, how: dict[str, Any], *, quiet: bool) -> str:
    """Take a recipe apart; return what to show. Started again after whatever end, it goes on."""
    stage = set_stage(ablation, bench.cache.root, bench.cache.limit)
    check_images(stage)
    seeds, margin = how["seeds"] or SEEDS, how["margin"]
    assert stage.data.test is not None
    labels, classes = stage.data.test.folder.labels, stage.data.train.folder.classes
    choosing = choosing_half(stage)
    bench.out.mkdir(parents=True, exist_ok=True)
    with Lock(bench.out):
        open_bench(ablation, bench)
        wanted = list(cells(DESIGN, list(dict.fromkeys(ablation.design_arms)), seeds))
        with Counter(len(missing(bench, wanted)), "runs of the design", quiet=quiet) as counter:
            rows = run_all(ablation, bench, wanted, counter.add)
        outcomes = Outcomes(rows, labels, classes, choosing)
        techniques = describe_techniques(ablation, outcomes, time_techniques(stage), margin)
        chosen, checked = choose(ablation, techniques), None
        if ablation.design != "single":
            arms = ablation.final_arms(chosen)
            wanted = list(cells(FINAL, arms, seeds))
            with Counter(len(missing(bench, wanted)), "runs of the check", quiet=quiet) as counter:
                last = run_all(ablation, bench, wanted, counter.add)
            checked = check(arms, Outcomes(last, labels, classes, np.logical_not(choosing)), margin)
            rows = [*rows, *last]
        kept = keep(ablation, chosen, checked)
        found = summarise(stage, rows, (techniques, checked, kept), {**how, "seeds": seeds, "jobs": bench.jobs})
        write_summary(bench.out, found)
    return in_words(found, bench.out)
