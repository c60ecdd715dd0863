"""The command `train ablate`: find out which techniques of a recipe help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from train.ablate.ablation import AblationStudy
from train.ablate.design import NONE, AblationArm, Phase
from train.ablate.export import PAGE, write_result
from train.ablate.export.json import screen_from_json
from train.ablate.findings.check import check, choose, keep
from train.ablate.findings.effects import estimate_effects
from train.ablate.findings.outcomes import Outcomes
from train.ablate.findings.screens import merge_screens
from train.ablate.planning import all_techniques, format_plan
from train.ablate.protocol import check_images, time_techniques, trials
from train.ablate.results import ScreenRow
from train.ablate.summary import Findings, summarise
from train.ablate.terminal import format_summary
from train.data.decoded import ShowDecoding
from train.errors import TrainError
from train.runs.records import shorten
from train.statistics.looks import Looks
from train.trials.command import Answer, Running, Steps, run_study
from train.trials.context import hide_decoding
from train.trials.options import StudyOptions
from train.trials.planning.speeds import measure_epochs
from train.trials.results import TrialResult, versions_of
from train.trials.runner import Result, parted
from train.trials.settled import looks_of, record_look
from train.trials.study import TrialContext
from train.trials.study_dir import RUNS, StudyDir
from train.trials.tuning.run import run_search
from train.trials.tuning.search import Search, chosen_settings, joined

SEEDS = 6
NOUNS: dict[Phase, str] = {"design": "design runs", "final": "check runs"}


def ablate(
    ablation: AblationStudy,
    study_dir: StudyDir,
    options: StudyOptions,
    *,
    plan: bool = False,
    quiet: bool,
    decoding: ShowDecoding = hide_decoding,
) -> Answer:
    """Run an ablation, or resume it, or with `plan` only estimate it; return what to print."""
    steps = Steps(_check, _prepare, _train, _report, _plan)
    return run_study(ablation, study_dir, options, steps, plan=plan, quiet=quiet, decoding=decoding)


def _check(context: TrialContext[AblationStudy], options: StudyOptions) -> StudyOptions:
    check_images(context)
    return replace(options, seeds=options.seeds or SEEDS)


def _prepare(running: Running[AblationStudy]) -> None:
    looks_of(running.study_dir, running.options)


def _plan(running: Running[AblationStudy]) -> str:
    context, study_dir = running.context, running.study_dir
    measured = measure_epochs(context, (NONE, all_techniques(context.study)), study_dir)
    looks = looks_of(study_dir, running.options)
    return format_plan(context, measured, looks.looks[-1], study_dir.jobs)


def _train(running: Running[AblationStudy]) -> Findings:
    # in every process: what is chosen, and so trained, depends on the looks
    return AblationRun(running, looks_of(running.study_dir, running.options)).findings()


def _report(running: Running[AblationStudy], findings: Findings) -> Answer:
    study_dir = running.study_dir
    result = summarise(running.context, findings, running.options, study_dir.jobs)
    recipe = write_result(study_dir.out, result)
    return Answer(format_summary(result, study_dir.out / PAGE, recipe), len(result.diverged))


class Phased(NamedTuple):
    """The results of a phase, and what was searched for it."""

    results: list[Result]
    search: Search | None


@dataclass(frozen=True)
class AblationRun:
    """One run of the command, and how often it has been judged."""

    running: Running[AblationStudy]
    looks: Looks

    def findings(self) -> Findings:
        """Run the design, choose techniques by it, and check the choice."""
        running, looks = self.running, self.looks
        context, ablation, margin = running.context, running.study, running.options.margin
        half = ablation.choosing_half(context.data)
        every, search = self.run_phase("design", list(dict.fromkeys(ablation.design_arms)))
        results, _ = parted(every)
        if running.world.is_main:
            record_look(running.study_dir, looks)
        times = (
            time_techniques(context) if running.world.is_main else [0.0] * len(ablation.switches)
        )
        techniques = estimate_effects(ablation, self.outcomes(results, half), times, margin, looks)
        screens = self.read_screens(results)
        chosen, checked = choose(ablation, techniques), None
        if ablation.design != "single":
            arms = ablation.final_arms(chosen)
            last = self.run_phase("final", arms)
            others = self.outcomes(parted(last.results)[0], np.logical_not(half))
            checked = check(arms, others, margin, looks)
            every += last.results
            search = joined(search, last.search)
        return Findings(
            techniques=techniques,
            screen=screens,
            check=checked,
            kept=keep(chosen, checked),
            seconds=sum(each.wall_seconds for each in every),
            trials=len(every),
            versions=versions_of(every),
            diverged=tuple(parted(every)[1]),
            looks=looks,
            search=search,
        )

    def run_phase(self, phase: Phase, arms: Sequence[AblationArm]) -> Phased:
        """Search the settings of the arms of a phase, if asked for, and run its missing trials."""
        running = self.running
        epochs, seeds = running.study.epochs, running.options.seeds
        search = run_search(running, arms, epochs)
        planned = list(trials(phase, arms, seeds, epochs, chosen_settings(search)))
        return Phased(running.run_trials(planned, NOUNS[phase]), search)

    def read_screens(self, results: Sequence[TrialResult]) -> tuple[ScreenRow, ...]:
        """Return the mean of the screens that the trials without augmentation measured."""
        try:
            return merge_screens([screen_from_json(each.screen) for each in results if each.screen])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainError(
                f'a result in "{self.running.study_dir.out / RUNS}" has a damaged screen '
                f"({shorten(error)}); remove those of arm none and run the same command again"
            ) from error

    def outcomes(self, results: Sequence[TrialResult], part: NDArray[np.bool_]) -> Outcomes:
        """Read which images of a part of the test set the trials classified correctly."""
        data = self.running.context.data
        assert data.test is not None
        return Outcomes(results, data.test.folder.labels, data.train.folder.classes, part)
