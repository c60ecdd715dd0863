"""Run the arms of a set in turns, so that a slower minute of the machine affects all of them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.environments import UnavailableError
from benchmarks.expanding.arms import COPIES, FLOORS, Arm
from benchmarks.expanding.environments import requirements
from benchmarks.expanding.machine import FailedError, Usage, measure
from benchmarks.expanding.results import ArmResult, SetResult, Timing
from benchmarks.expanding.sets import SMALL, ImageSet, prepare

REPOSITORY = Path(__file__).parents[2]
SUFFIXES = (".jpg", ".png")


def measure_set(
    arms: Sequence[Arm], image_set: ImageSet, work: Path, rounds: int, environments: Path
) -> Iterator[SetResult]:
    """Run every arm in each round, and yield the results so far after it.

    An arm that cannot be installed, or fails, is left out.
    """
    src, small = prepare(image_set, work / "src")
    results = [_empty(arm) for arm in arms]
    for number in range(rounds):
        for index, arm in enumerate(arms):
            if results[index].missing:
                continue
            print(f"{image_set.name}: round {number + 1}, {arm.label}", file=sys.stderr)
            try:
                timing = time_arm(arm, image_set.images, src, small, work / "out", environments)
                results[index].timings.append(timing)
            except (UnavailableError, FailedError) as error:
                print(f"{arm.label}: {error}", file=sys.stderr)
                results[index] = replace(results[index], timings=[], missing=_last_line(error))
        images, origin = image_set.images, image_set.origin
        yield SetResult(image_set.name, image_set.title, images, origin, list(results))


def _empty(arm: Arm) -> ArmResult:
    packages = requirements(arm.environment) if arm.environment else []
    return ArmResult(arm.name, arm.way, arm.workers, arm.also, arm.leaves_out, packages)


def _last_line(error: Exception) -> str:
    return str(error).splitlines()[-1][:300]


def time_arm(
    arm: Arm, images: int, src: Path, small: Path, out: Path, environments: Path
) -> Timing:
    """Run an arm on all images, after a run on a few that shows how long it takes to start.

    Raise `UnavailableError` if it cannot be installed, and `FailedError` if it fails or does not
    write as many files as it must.
    """
    if arm.name in FLOORS:
        usage = _run(arm, src, out, environments)
        counted = json.loads(usage.output)
        alone = counted["wall"], counted["cpu"]
        return Timing(counted["files"], *alone, others=usage.others, load=usage.load)
    start = _run(arm, small, out, environments)
    _check_written(out, SMALL * COPIES)
    usage = _run(arm, src, out, environments)
    _check_written(out, images * COPIES)
    seconds = usage.wall, usage.cpu, start.wall, start.cpu
    return Timing(images * COPIES, *seconds, others=usage.others, load=usage.load)


def _run(arm: Arm, src: Path, out: Path, environments: Path) -> Usage:
    command = arm.command(src, out, environments)
    environment = {**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"}
    if arm.environment:
        environment.pop("PYTHONPATH", None)
    else:
        environment["PYTHONPATH"] = str(REPOSITORY)
    return measure(command, environment)


def _check_written(out: Path, files: int) -> None:
    """Count the files, and remove them."""
    written = sum(1 for path in out.rglob("*") if path.suffix in SUFFIXES)
    shutil.rmtree(out, ignore_errors=True)
    if written != files:
        raise FailedError(f"wrote {written:,} files instead of {files:,}")
