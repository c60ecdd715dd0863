"""The command `train compare`: from a question to its page."""

from __future__ import annotations

from typing import Any

from expand.cli.progress import progress_bar
from expand.storage.lock import Lock
from train.compare.planning import in_words as format_plan
from train.compare.planning import make_forecast
from train.compare.protocol import costs, missing_trials, read_rows, run_all, speeds, wait_for
from train.compare.study import ComparisonStudy
from train.compare.summary import in_words, summarise, write_summary
from train.runtime.world import join_world
from train.trials.context import trial_context
from train.trials.freshness import check_fresh
from train.trials.study_dir import StudyDir, open_study

GPU_SEEDS, CPU_SEEDS = 10, 6


def compare(
    study: ComparisonStudy, study_dir: StudyDir, how: dict[str, Any], *, plan: bool, quiet: bool
) -> str:
    """Answer a question, or only plan to; return what to show. Started again after whatever end, it goes on.

    `how` has the margin, the number of seeds (None: as many as suit the device) and the command as it was typed. Where
    torchrun started several processes, each runs its share of the replicates, and the first speaks.
    """
    world = join_world()
    context = trial_context(study, study_dir.cache.root, study_dir.cache.limit)
    seeds = how["seeds"] or (GPU_SEEDS if context.device.type == "cuda" else CPU_SEEDS)
    if not world.is_main:
        if plan:
            return ""
        world.barrier()
        run_all(
            study,
            study_dir,
            seeds,
            speeds(context, study_dir, costs(context, study_dir)),
            lambda _runs: None,
            world,
        )
        return ""
    study_dir.out.mkdir(parents=True, exist_ok=True)
    with Lock(study_dir.out):
        open_study(study, study_dir)
        for arm in study.arms:
            check_fresh(context, arm)
        expansions = costs(context, study_dir)
        speed = speeds(context, study_dir, expansions)
        if plan:
            return format_plan(
                study, make_forecast(context, speed, seeds, study_dir.jobs), speed, seeds
            )
        world.barrier()
        with progress_bar(len(missing_trials(study, study_dir, seeds)), "runs", quiet) as progress:
            run_all(study, study_dir, seeds, speed, progress, world)
        wait_for(study, study_dir, seeds)
        rows = read_rows(study, study_dir, seeds)
        found = summarise(
            context, rows, expansions, {**how, "seeds": seeds, "jobs": study_dir.jobs}
        )
        write_summary(study_dir.out, found, rows)
    return in_words(found, study_dir.out)
