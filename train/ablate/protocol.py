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

from expand.engines.local import map_ordered
from expand.storage.files import write_whole
from expand.views.batches import ViewBatches
from expand.views.views import Views
from train.ablate.ablation import Ablation
from train.ablate.arms import NONE, Mix
from train.ablate.screen import screen
from train.ablate.switches import combine
from train.data.subsets import validation_sources
from train.feed.readers import render
from train.runtime.world import World
from train.trials.context import Stage, set_stage
from train.trials.folder import RUNS, Bench, read_json
from train.trials.study import Seeds
from train.trials.trial import Run, measure, train

DESIGN, FINAL = "design", "final"
TIMED_IMAGES, TIMED_ROUNDS = 1000, 5
ALONE = World()


class Cell(NamedTuple):
    """One run: the phase, its number there, the arm and the replicate."""

    phase: str
    number: int
    mix: Mix
    replicate: int

    @property
    def name(self) -> str:
        """What its file is called: the techniques that are on, so that a check of others is another run."""
        on = "-".join(map(str, self.mix.on)) or self.mix.name
        return f"{self.phase}_{on}_s{self.replicate}"


def cells(phase: str, arms: Sequence[Mix], seeds: int) -> Iterator[Cell]:
    """Yield the runs of a phase, replicates interleaved over arms."""
    for replicate in range(seeds):
        for place in range(len(arms)):
            number = (place + replicate) % len(arms)
            yield Cell(phase, number, arms[number], replicate)


def missing(bench: Bench, wanted: Sequence[Cell]) -> list[Cell]:
    """Return the cells that have not been run yet."""
    return [cell for cell in wanted if not (bench.out / RUNS / f"{cell.name}.json").is_file()]


def run_all(
    ablation: Ablation, bench: Bench, wanted: Sequence[Cell], done: Callable[[int], None], world: World = ALONE
) -> list[dict[str, Any]]:
    """Run the cells that are not there yet, or this process's share of them; when all are there, return their rows."""
    share = missing(bench, wanted)[world.rank :: world.size]
    world.wait()  # no run ends before all have listed what is missing
    for _ in map_ordered(partial(_run_and_keep, ablation, bench), share, bench.jobs):
        done(1)
    while missing(bench, wanted):  # torchrun ends all processes where one of them fails
        time.sleep(1.0)
    # a run that was kept under another arm's name (once "without noise", now "chosen") is the same run
    return [{**read_json(bench.out / RUNS / f"{cell.name}.json"), "arm": cell.mix.name} for cell in wanted]


def _run_and_keep(ablation: Ablation, bench: Bench, cell: Cell) -> None:
    """Run one cell and write its row; what a worker process runs."""
    stage = set_stage(ablation, bench.cache.root, bench.cache.limit)
    started = time.perf_counter()
    run = Run(cell.mix, ablation.epochs, Seeds.of(ablation.seed, cell.replicate))
    trained = train(stage, run)
    row = measure(stage, run, trained)
    if cell.phase == DESIGN and cell.mix.name == NONE:
        row["screen"] = screen(stage, trained, choosing_half(stage))
    row["seconds"] = round(time.perf_counter() - started, 3)
    write_whole(bench.out / RUNS / f"{cell.name}.json", json.dumps(row).encode())


def choosing_half(stage: Stage[Ablation]) -> NDArray[np.bool_]:
    """Return which test images choose techniques; the others measure what was chosen. All, where nothing is measured again."""
    test = stage.data.test
    assert test is not None
    if stage.study.design == "single":
        return np.ones(len(test.folder), dtype=bool)
    return validation_sources(test.folder, 0.5)


def time_techniques(stage: Stage[Ablation]) -> list[float]:
    """Return the seconds that each technique alone takes for an image, in this process: medians of a few rounds."""
    side, study = stage.data.train, stage.study
    count = min(TIMED_IMAGES, len(side.folder))
    images, items = side.pack.pixels[side.folder.places[:count]], np.arange(count)
    found = []
    for piece in study.pieces:
        recipe = combine(study.recipe, [piece], piece.name)
        assert recipe is not None
        batches = ViewBatches(Views(recipe), side.folder.sources)
        seconds = []
        for k in range(1, TIMED_ROUNDS + 1):
            started = time.perf_counter()
            render(batches, images, items, k, None)
            seconds.append(time.perf_counter() - started)
        found.append(statistics.median(seconds) / count)
    return found
