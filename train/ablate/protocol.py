"""The protocol of an ablation: the runs of the design, then those of the check; each kept as it ends."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.engines.local import LocalEngine
from expand.storage.files import write_whole
from expand.views.batches import ViewBatches
from expand.views.views import Views
from train.ablate.ablation import AblationStudy
from train.ablate.arms import NONE, AblationArm
from train.ablate.screen import screen
from train.ablate.switches import combine
from train.data.subsets import validation_sources
from train.feed.exact import render
from train.runtime.world import World
from train.trials.context import TrialContext, trial_context
from train.trials.study import Seeds
from train.trials.study_dir import RUNS, StudyDir, read_json
from train.trials.trial import Run, measure, train

DESIGN, FINAL = "design", "final"
TIMED_IMAGES, TIMED_ROUNDS = 1000, 5
ALONE = World()


class Trial(NamedTuple):
    """One run: the phase, its number there, the arm and the replicate."""

    phase: str
    number: int
    arm: AblationArm
    replicate: int

    @property
    def name(self) -> str:
        """What its file is called: the techniques that are on, so that a check of others is another run."""
        on = "-".join(map(str, self.arm.on)) or self.arm.name
        return f"{self.phase}_{on}_s{self.replicate}"


def trials(phase: str, arms: Sequence[AblationArm], seeds: int) -> Iterator[Trial]:
    """Yield the runs of a phase, replicates interleaved over arms."""
    for replicate in range(seeds):
        for place in range(len(arms)):
            number = (place + replicate) % len(arms)
            yield Trial(phase, number, arms[number], replicate)


def missing(study_dir: StudyDir, wanted: Sequence[Trial]) -> list[Trial]:
    """Return the cells that have not been run yet."""
    return [
        trial for trial in wanted if not (study_dir.out / RUNS / f"{trial.name}.json").is_file()
    ]


def run_all(
    ablation: AblationStudy,
    study_dir: StudyDir,
    wanted: Sequence[Trial],
    done: Callable[[int], None],
    world: World = ALONE,
) -> list[dict[str, Any]]:
    """Run the cells that are not there yet, or this process's share of them; when all are there, return their rows."""
    share = missing(study_dir, wanted)[world.rank :: world.size]
    world.barrier()  # no run ends before all have listed what is missing
    for _ in LocalEngine(study_dir.jobs).map(partial(_run_and_keep, ablation, study_dir), share):
        done(1)
    while missing(study_dir, wanted):  # torchrun ends all processes where one of them fails
        time.sleep(1.0)
    # a run that was kept under another arm's name (once "without noise", now "chosen") is the same run
    return [
        {**read_json(study_dir.out / RUNS / f"{trial.name}.json"), "arm": trial.arm.name}
        for trial in wanted
    ]


def _run_and_keep(ablation: AblationStudy, study_dir: StudyDir, trial: Trial) -> None:
    """Run one cell and write its row; what a worker process runs."""
    context = trial_context(ablation, study_dir.cache.root, study_dir.cache.limit)
    started = time.perf_counter()
    run = Run(trial.arm, ablation.epochs, Seeds.of(ablation.seed, trial.replicate))
    trained = train(context, run)
    row = measure(context, run, trained)
    if trial.phase == DESIGN and trial.arm.name == NONE:
        row["screen"] = screen(context, trained, choosing_half(context))
    row["seconds"] = round(time.perf_counter() - started, 3)
    write_whole(study_dir.out / RUNS / f"{trial.name}.json", json.dumps(row).encode())


def choosing_half(context: TrialContext[AblationStudy]) -> NDArray[np.bool_]:
    """Return which test images choose techniques; the others measure what was chosen. All, where nothing is measured again."""
    test = context.data.test
    assert test is not None
    if context.study.design == "single":
        return np.ones(len(test.folder), dtype=bool)
    return validation_sources(test.folder, 0.5)


def time_techniques(context: TrialContext[AblationStudy]) -> list[float]:
    """Return the seconds that each technique alone takes for an image, in this process: medians of a few rounds."""
    side, study = context.data.train, context.study
    count = min(TIMED_IMAGES, len(side.folder))
    images, items = side.pixels(slice(count)), np.arange(count)
    found = []
    for switch in study.switches:
        recipe = combine(study.recipe, [switch], switch.name)
        assert recipe is not None
        batches = ViewBatches(Views(recipe), side.folder.sources)
        seconds = []
        for k in range(1, TIMED_ROUNDS + 1):
            started = time.perf_counter()
            render(batches, images, items, k, None)
            seconds.append(time.perf_counter() - started)
        found.append(statistics.median(seconds) / count)
    return found
