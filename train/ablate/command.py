"""The command `train ablate`: from a recipe to which of its techniques help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from expand.cli.progress import progress_bar
from expand.storage.lock import Lock
from train.ablate.ablation import AblationStudy
from train.ablate.arms import DESIGN, FINAL
from train.ablate.findings import Outcomes, Row, check, choose, describe_techniques, keep
from train.ablate.protocol import time_techniques, trials
from train.ablate.screen import check_images, choosing_half
from train.ablate.summary import Parts, in_words, summarise, write_summary
from train.runtime.world import World, join_world
from train.trials.context import TrialContext, trial_context
from train.trials.engine import missing_trials, read_results, run_trials
from train.trials.options import StudyOptions
from train.trials.study_dir import StudyDir, open_study

SEEDS = 6


def ablate(
    ablation: AblationStudy, study_dir: StudyDir, options: StudyOptions, *, quiet: bool
) -> str:
    """Take a recipe apart; return what to show. Started again after whatever end, it goes on.

    Where torchrun started several processes, each does its share of the runs, and the first speaks.
    """
    world = join_world()
    context = trial_context(ablation, study_dir.cache.root, study_dir.cache.limit)
    check_images(context)
    options = replace(options, seeds=options.seeds or SEEDS)
    if not world.is_main:
        world.barrier()
        take_apart(context, study_dir, options, world, quiet=True)
        return ""
    study_dir.out.mkdir(parents=True, exist_ok=True)
    with Lock(study_dir.out):
        open_study(ablation, study_dir)
        world.barrier()
        rows, parts = take_apart(context, study_dir, options, world, quiet=quiet)
        found = summarise(context, rows, parts, options, study_dir.jobs)
        write_summary(study_dir.out, found)
    return in_words(found, study_dir.out)


def take_apart(
    context: TrialContext[AblationStudy],
    study_dir: StudyDir,
    options: StudyOptions,
    world: World,
    *,
    quiet: bool,
) -> tuple[list[Row], Parts]:
    """Run the design and the check; return all rows, and what techniques do, the check, and which are kept."""
    ablation, seeds, margin, test = context.study, options.seeds, options.margin, context.data.test
    assert test is not None
    labels, classes, choosing = (
        test.folder.labels,
        context.data.train.folder.classes,
        choosing_half(context),
    )
    wanted = list(trials(DESIGN, list(dict.fromkeys(ablation.design_arms)), seeds, ablation.epochs))
    with progress_bar(
        len(missing_trials(study_dir, wanted)), "runs of the design", quiet
    ) as progress:
        run_trials(ablation, study_dir, wanted, progress, world)
    rows = [result.to_dict() for result in read_results(study_dir, wanted)]
    outcomes = Outcomes(rows, labels, classes, choosing)
    seconds = time_techniques(context) if world.is_main else [0.0] * len(ablation.switches)
    techniques = describe_techniques(ablation, outcomes, seconds, margin)
    chosen, checked = choose(ablation, techniques), None
    if ablation.design != "single":
        arms = ablation.final_arms(chosen)
        wanted = list(trials(FINAL, arms, seeds, ablation.epochs))
        with progress_bar(
            len(missing_trials(study_dir, wanted)), "runs of the check", quiet
        ) as progress:
            run_trials(ablation, study_dir, wanted, progress, world)
        last = [result.to_dict() for result in read_results(study_dir, wanted)]
        checked = check(arms, Outcomes(last, labels, classes, np.logical_not(choosing)), margin)
        rows = [*rows, *last]
    return rows, (techniques, checked, keep(ablation, chosen, checked))
