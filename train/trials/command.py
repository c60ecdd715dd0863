"""The frame of the commands that run a study: from the study to what is printed.

`train compare`, `train worth` and `train ablate` differ in their steps alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from expand.cli.output import echo, visible
from expand.cli.progress import progress_bar
from expand.storage.lock import Lock
from train.data.decoded import ShowDecoding
from train.runtime.world import ALONE, World, join_world
from train.trials.context import hide_decoding, new_context, notes_of
from train.trials.options import StudyOptions
from train.trials.runner import Result, missing_trials, read_results, run_trials
from train.trials.settled import settle
from train.trials.study import Study, Trial, TrialContext
from train.trials.study_dir import StudyDir, as_begun, open_study

S = TypeVar("S", bound=Study)
T = TypeVar("T")


class Answer(NamedTuple):
    """What a command prints, and how many of its trials diverged."""

    text: str
    diverged: int = 0

    @property
    def status(self) -> int:
        """The exit status: 1 if some trials have no result, because they diverged."""
        return 1 if self.diverged else 0


@dataclass(frozen=True)
class Running(Generic[S]):
    """A study that is running: its data, its folder, its options, and the processes it runs in."""

    context: TrialContext[S]
    study_dir: StudyDir
    options: StudyOptions
    world: World
    quiet: bool

    @property
    def study(self) -> S:
        """The study."""
        return self.context.study

    def run_trials(self, planned: Sequence[Trial], noun: str = "trials") -> list[Result]:
        """Run this process's share of the missing trials; return the results of all of them."""
        missing = len(missing_trials(self.study_dir, planned))
        with progress_bar(missing, noun, self.quiet) as progress:
            run_trials(self.study, self.study_dir, planned, progress, self.world)
        return read_results(self.study_dir, planned, self.context.data.test, self.world)


@dataclass(frozen=True)
class Steps(Generic[S, T]):
    """The steps that a command has of its own, in their order."""

    check: Callable[[TrialContext[S], StudyOptions], StudyOptions]
    """Refuse data that cannot be studied; return the options with the number of seeds."""
    prepare: Callable[[Running[S]], None]
    """Check and measure what is needed once, in the main process alone."""
    train: Callable[[Running[S]], T]
    """Run the trials, in every process a share of them; return what they show."""
    report: Callable[[Running[S], T], Answer]
    """Write the report, in the main process alone."""
    plan: Callable[[Running[S]], str] | None = None
    """Estimate the study in place of running it."""


def run_study(
    study: S,
    study_dir: StudyDir,
    options: StudyOptions,
    steps: Steps[S, T],
    *,
    plan: bool = False,
    quiet: bool,
    decoding: ShowDecoding = hide_decoding,
) -> Answer:
    """Run a study, or resume it, or with `plan` only estimate it; return what to print.

    `decoding` shows the progress of decoding. Under torchrun every process runs its share of the
    trials, and the first one reports.
    """
    world = join_world()
    with world.explained():
        study = as_begun(study, study_dir)
        context = new_context(study, study_dir.cache.root, study_dir.cache.limit, decoding)
        options = steps.check(context, options)
        running = Running(context, study_dir, options, world, quiet or not world.is_main)
        if world.is_main:
            return _lead(running, steps, plan=plan)
        if not plan:
            running = _settled(running, world)
            world.barrier()
            steps.train(running)
        return Answer("")


def _lead(running: Running[S], steps: Steps[S, T], *, plan: bool) -> Answer:
    """Do what the main process does."""
    study_dir, context = running.study_dir, running.context
    for note in [] if running.quiet else notes_of(context):
        echo(note, err=True)
    study_dir.out.mkdir(parents=True, exist_ok=True)
    with Lock(study_dir.out):
        if stayed := str(open_study(running.study, study_dir, context.data)):
            echo(visible(stayed), err=True)
        running = _settled(running, ALONE if plan else running.world)
        steps.prepare(running)
        if plan and steps.plan:
            return Answer(steps.plan(running))
        running.world.barrier()
        return steps.report(running, steps.train(running))


def _settled(running: Running[S], world: World) -> Running[S]:
    context = settle(running.context, running.study_dir, world)
    return Running(context, running.study_dir, running.options, running.world, running.quiet)
