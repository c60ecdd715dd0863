"""The protocol: every replicate of every arm run once, kept as it ends; a comparison that was stopped goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from expand.engines.local import map_ordered
from expand.storage.files import write_whole
from train.compare.arms import Speed, passes
from train.compare.expansion import measure_expansion
from train.compare.question import Cell, Question, cells
from train.fit.loop import fit
from train.fit.trainer import Step
from train.runs.records import write_json
from train.runtime.world import World
from train.trials.context import Stage, set_stage
from train.trials.folder import RUNS, Bench, read_json
from train.trials.study import Seeds
from train.trials.trial import Run, assemble, measure, train

COSTS, SPEEDS = "costs.json", "speeds.json"
PROBE_STEPS = 40
ALONE = World()


def costs(stage: Stage[Question], bench: Bench) -> list[dict[str, Any]]:
    """Return what the expansion of each stored arm costs: measured once, then kept."""
    path = bench.out / COSTS
    known: dict[str, Any] = read_json(path) if path.is_file() else {}
    for arm in stage.study.arms:
        if arm.stored and (arm.name not in known or (bench.materialize and not known[arm.name]["everything"])):
            folder = bench.out / arm.name.replace(" ×", "-x")
            known[arm.name] = measure_expansion(stage, arm, folder, everything=bench.materialize)
            write_json(path, known)
    return [known[arm.name] for arm in stage.study.arms if arm.name in known]


def speeds(stage: Stage[Question], bench: Bench, expansions: list[dict[str, Any]]) -> dict[str, Speed]:
    """Return how long a pass of each arm takes, from a short probe: measured once, then kept."""
    path = bench.out / SPEEDS
    if path.is_file():
        seconds: dict[str, float] = read_json(path)
    else:
        seconds = {arm.name: probe(stage, Cell(arm, max(stage.study.lengths), 0)) for arm in stage.study.arms}
        write_json(path, seconds)
    once = {cost["arm"]: cost["expansion_seconds"] for cost in expansions}
    return {name: Speed(value, once.get(name, 0.0)) for name, value in seconds.items()}


def probe(stage: Stage[Question], cell: Cell) -> float:
    """Return the seconds that a pass of an arm takes, from its first steps; the first of all is left out."""
    _, setup = assemble(stage, run_of(stage, cell, 2 + PROBE_STEPS))
    marks = [time.perf_counter()]
    for event in fit(setup.trainer, setup.feed):
        if isinstance(event, Step):
            marks.append(time.perf_counter())
        if len(marks) > PROBE_STEPS:
            break
    skipped = min(8, len(marks) - 2)
    return (marks[-1] - marks[skipped]) / (len(marks) - 1 - skipped) * setup.trainer.steps_per_pass


def missing_cells(question: Question, bench: Bench, seeds: int) -> list[Cell]:
    """Return the cells that have not been run yet."""
    return [cell for cell in cells(question, seeds) if not (bench.out / RUNS / f"{cell.name}.json").is_file()]


def run_all(
    question: Question, bench: Bench, seeds: int, speed: dict[str, Speed], done: Callable[[int], None], world: World = ALONE
) -> None:
    """Run every cell that is not there yet, or this process's share of them; `done` is called for each that ended."""
    missing = missing_cells(question, bench, seeds)[world.rank :: world.size]
    world.wait()  # no run ends before all have listed what is missing: a run is one process's share, and only one's
    work = [(cell, passes(cell.arm, cell.length, question.budget, speed)) for cell in missing]
    run = partial(_run_and_keep, question, bench)
    for _ in map_ordered(run, work, bench.jobs):
        done(1)


def _run_and_keep(question: Question, bench: Bench, work: tuple[Cell, int]) -> None:
    """Run one cell and write its row; what a worker process runs."""
    cell, epochs = work
    stage = set_stage(question, bench.cache.root, bench.cache.limit)
    started = time.perf_counter()
    row = run_cell(stage, cell, epochs)
    row["seconds"] = round(time.perf_counter() - started, 3)
    write_whole(bench.out / RUNS / f"{cell.name}.json", json.dumps(row).encode())


def run_cell(stage: Stage[Question], cell: Cell, epochs: int) -> dict[str, Any]:
    """Train and measure one cell; return its row."""
    run = run_of(stage, cell, epochs)
    return {**measure(stage, run, train(stage, run)), "length": cell.length}


def run_of(stage: Stage[Question], cell: Cell, epochs: int) -> Run:
    """Return a cell's run."""
    return Run(cell.arm, epochs, Seeds.of(stage.study.seed, cell.replicate))


def read_rows(question: Question, bench: Bench, seeds: int) -> list[dict[str, Any]]:
    """Return the rows of all cells, in their order."""
    ordered = sorted(cells(question, seeds), key=lambda cell: (cell.length, question.arms.index(cell.arm), cell.replicate))
    return [read_json(bench.out / RUNS / f"{cell.name}.json") for cell in ordered]


def wait_for(question: Question, bench: Bench, seeds: int) -> None:
    """Wait until other processes have run their share; torchrun ends all where one of them fails."""
    while missing_cells(question, bench, seeds):
        time.sleep(1.0)
