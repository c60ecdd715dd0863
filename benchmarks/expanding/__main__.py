"""`python -m benchmarks.expanding`: measure, print a table, and write JSON.

Arms take turns, so that a slower minute of the machine affects all of them. Each run is a whole
process, timed with its start.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.expanding.arms import ALBUMENTATIONS, ARMS, CODECS, COPIES, Arm, Timing, run
from benchmarks.expanding.sets import SETS, ImageSet, prepare

Rounds = dict[str, list[Timing]]


@click.command()
@click.option("--rounds", default=5, show_default=True)
@click.option("--set", "names", multiple=True, help="Sets to measure on; all by default.")
@click.option("--arm", "arms", multiple=True, help="Arms to run, by a part of their name.")
@click.option("--folder", help="Images to use instead of those below data/, for one --set.")
@click.option("--count", type=int, help="Images of a set.")
@click.option("--scratch", type=click.Path(), help="Where files are written; /dev/shm if there.")
@click.option("--out", default="benchmarks/results", show_default=True, type=click.Path())
def main(
    rounds: int,
    names: Sequence[str],
    arms: Sequence[str],
    folder: str | None,
    count: int | None,
    scratch: str | None,
    out: str,
) -> None:
    """Time expand, its peers and the codecs alone."""
    chosen = [arm for arm in ARMS if not arms or any(part in arm.label for part in arms)]
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    for image_set in SETS:
        if names and image_set.name not in names:
            continue
        image_set = image_set._replace(count=count or image_set.count)
        with tempfile.TemporaryDirectory(dir=scratch or memory) as work:
            src = prepare(image_set, folder, Path(work) / "src")
            results = measure(chosen, image_set, src, Path(work) / "out", rounds)
        print_table(image_set, chosen, results)
        save(image_set, results, Path(out))


def measure(arms: Sequence[Arm], image_set: ImageSet, src: Path, out: Path, rounds: int) -> Rounds:
    """Run every arm in each round."""
    results: Rounds = {arm.label: [] for arm in arms}
    for number in range(rounds):
        for arm in arms:
            print(f"{image_set.name}: round {number + 1}, {arm.label}", file=sys.stderr)
            results[arm.label].append(run(arm, src, out, image_set.count * COPIES))
            shutil.rmtree(out, ignore_errors=True)
    return results


def print_table(image_set: ImageSet, arms: Sequence[Arm], results: Rounds) -> None:
    """Print medians with ranges, and ratios by round to the best albumentations and the codecs."""
    best = max(
        (arm.label for arm in arms if arm.name == ALBUMENTATIONS),
        key=lambda label: _median_rate(results[label]),
        default="",
    )
    print(
        f"\n{image_set.name}: {image_set.count:,} images, {COPIES} copies each, "
        f"n={max(map(len, results.values()))}"
    )
    print(f"{'':28} {'files/s':>9} {'(range)':>19} {'CPU s':>7}   of best peer   of codecs")
    for arm in arms:
        timings = results[arm.label]
        rates = sorted(timing.rate for timing in timings)
        codecs = next((a.label for a in arms if a.name == CODECS and a.workers == arm.workers), "")
        print(
            f"{arm.label:28} {statistics.median(rates):9,.0f} "
            f"{f'({rates[0]:,.0f} … {rates[-1]:,.0f})':>19} "
            f"{statistics.median(timing.cpu for timing in timings):7.2f}   "
            f"{_ratio(timings, results.get(best)):>12}   {_ratio(timings, results.get(codecs)):>9}"
            f"   {f'without {arm.leaves_out}' if arm.leaves_out else ''}"
        )


def _median_rate(timings: Sequence[Timing]) -> float:
    return statistics.median(timing.rate for timing in timings)


def _ratio(timings: Sequence[Timing], base: Sequence[Timing] | None) -> str:
    """Return the median of the rounds' ratios."""
    if not base:
        return ""
    ratios = [one.rate / other.rate for one, other in zip(timings, base, strict=True)]
    return f"×{statistics.median(ratios):.2f}"


def save(image_set: ImageSet, results: Rounds, folder: Path) -> None:
    """Write every timing as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "set": image_set._asdict(),
        "copies": COPIES,
        "machine": {"cores": os.cpu_count(), "platform": platform.platform()},
        "arms": {
            label: [asdict(timing) for timing in timings] for label, timings in results.items()
        },
    }
    path = folder / f"expanding-{image_set.name}.json"
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
