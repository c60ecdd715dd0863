"""The command `train ablate`: find out which techniques of a recipe help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from expand.cli.output import echo, visible
from expand.cli.progress import progress_bar
from expand.storage.lock import Lock
from train.ablate.ablation import AblationStudy
from train.ablate.design import AblationArm, Phase
from train.ablate.export import PAGE, write_result
from train.ablate.export.json import screen_from_json
from train.ablate.findings.check import check, choose, keep
from train.ablate.findings.effects import estimate_effects
from train.ablate.findings.outcomes import Outcomes
from train.ablate.findings.screens import merge_screens
from train.ablate.protocol import check_images, time_techniques, trials
from train.ablate.results import ScreenRow
from train.ablate.summary import Findings, summarise
from train.ablate.terminal import format_summary
from train.data.pack import Packing
from train.errors import TrainError
from train.runs.records import shorten
from train.runtime.world import World, join_world
from train.statistics.looks import Looks
from train.trials.answer import Answer
from train.trials.context import TrialContext, hide_decoding, new_context, notes_of
from train.trials.options import StudyOptions
from train.trials.results import TrialResult, versions_of
from train.trials.runner import Result, missing_trials, parted, read_results, run_trials
from train.trials.settled import looks_of, record_look, settle
from train.trials.study_dir import RUNS, StudyDir, as_begun, open_study

SEEDS = 6
NOUNS: dict[Phase, str] = {"design": "design runs", "final": "check runs"}


def ablate(
    ablation: AblationStudy,
    study_dir: StudyDir,
    options: StudyOptions,
    *,
    quiet: bool,
    packing: Packing = hide_decoding,
) -> Answer:
    """Run an ablation, or resume it; return what the terminal shows.

    `packing` shows the progress of decoding. Under torchrun every process runs its share of the
    trials, and the first one reports.
    """
    world = join_world()
    with world.explained():
        return _ablate(ablation, study_dir, options, world, quiet=quiet, packing=packing)


def _ablate(
    ablation: AblationStudy,
    study_dir: StudyDir,
    options: StudyOptions,
    world: World,
    *,
    quiet: bool,
    packing: Packing,
) -> Answer:
    ablation = as_begun(ablation, study_dir)
    context = new_context(ablation, study_dir.cache.root, study_dir.cache.limit, packing)
    check_images(context)
    options = replace(options, seeds=options.seeds or SEEDS)
    if not world.is_main:
        context = settle(context, study_dir, world)
        AblationRun(context, study_dir, options, world, quiet=True).findings()
        return Answer("")
    for note in [] if quiet else notes_of(context):
        echo(note, err=True)
    study_dir.out.mkdir(parents=True, exist_ok=True)
    with Lock(study_dir.out):
        if stayed := str(open_study(ablation, study_dir, context.data)):
            echo(visible(stayed), err=True)
        context = settle(context, study_dir, world)
        looks = looks_of(study_dir, options)
        run = AblationRun(context, study_dir, options, world, quiet=quiet, looks=looks)
        result = summarise(context, run.findings(), options, study_dir.jobs)
        recipe = write_result(study_dir.out, result)
    return Answer(format_summary(result, study_dir.out / PAGE, recipe), len(result.diverged))


@dataclass(frozen=True)
class AblationRun:
    """One run of the command: its study, its folder, and whether it shows progress."""

    context: TrialContext[AblationStudy]
    study_dir: StudyDir
    options: StudyOptions
    world: World
    quiet: bool
    looks: Looks | None = None

    def findings(self) -> Findings:
        """Run the design, choose techniques by it, and check the choice."""
        context, ablation, margin = self.context, self.context.study, self.options.margin
        looks = self.looks
        half = ablation.choosing_half(context.data)
        every = self.run_trials("design", list(dict.fromkeys(ablation.design_arms)))
        results, _ = parted(every)
        if looks:
            record_look(self.study_dir, looks)
        times = time_techniques(context) if self.world.is_main else [0.0] * len(ablation.switches)
        techniques = estimate_effects(ablation, self.outcomes(results, half), times, margin, looks)
        screens = self.read_screens(results)
        chosen, checked = choose(ablation, techniques), None
        if ablation.design != "single":
            arms = ablation.final_arms(chosen)
            last = self.run_trials("final", arms)
            others = self.outcomes(parted(last)[0], np.logical_not(half))
            checked = check(arms, others, margin, looks)
            every += last
        seconds = sum(each.wall_seconds for each in every)
        kept = keep(chosen, checked)
        used, diverged = versions_of(every), tuple(parted(every)[1])
        count = len(every)
        return Findings(techniques, screens, checked, kept, seconds, count, used, diverged, looks)

    def run_trials(self, phase: Phase, arms: Sequence[AblationArm]) -> list[Result]:
        """Run the missing trials of a phase; return the results of all of them."""
        study = self.context.study
        planned = list(trials(phase, arms, self.options.seeds, study.epochs))
        missing = len(missing_trials(self.study_dir, planned))
        with progress_bar(missing, NOUNS[phase], self.quiet) as progress:
            run_trials(study, self.study_dir, planned, progress, self.world)
        return read_results(self.study_dir, planned, self.context.data.test, self.world)

    def read_screens(self, results: Sequence[TrialResult]) -> tuple[ScreenRow, ...]:
        """Return the mean of the screens that the trials without augmentation measured."""
        try:
            return merge_screens([screen_from_json(each.screen) for each in results if each.screen])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainError(
                f'a result in "{self.study_dir.out / RUNS}" has a damaged screen '
                f"({shorten(error)}); remove those of arm none and run the same command again"
            ) from error

    def outcomes(self, results: Sequence[TrialResult], part: NDArray[np.bool_]) -> Outcomes:
        """Read which images of a part of the test set the trials classified correctly."""
        data = self.context.data
        assert data.test is not None
        return Outcomes(results, data.test.folder.labels, data.train.folder.classes, part)
