"""`python -m benchmarks.profile FOLDER`: expand it, and print where the time went.

The stages are those of `stages.py`. A worker that is a process of its own is not seen: use one
worker, or workers that are threads.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks.profile.stages import STAGES, Timed
from benchmarks.profile.timers import Spent, Timers, timed_functions
from expand.job.job import Report, expand

MEMORY = Path("/dev/shm")
CLOCKS = {"wall": time.perf_counter, "cpu": time.thread_time}
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@dataclass(frozen=True)
class Profile:
    """One run with timers."""

    files: int
    wall: float
    workers: int
    spent: dict[Timed, Spent]


@click.command()
@click.argument("src", type=FOLDER)
@click.option("--factor", default=4, show_default=True)
@click.option("--recipe", default="classic", show_default=True)
@click.option("--workers", default=1, show_default=True)
@click.option("--rounds", default=3, show_default=True, help="The fastest of so many runs counts.")
@click.option("--clock", type=click.Choice(list(CLOCKS)), default="wall", show_default=True)
@click.option("--quality", type=int, help="JPEG quality.")
@click.option("--originals", default="copy", show_default=True)
@click.option("--scratch", type=FOLDER, help="Where files are written; the RAM disk if there.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A JSON file.")
def main(
    src: Path,
    factor: int,
    recipe: str,
    workers: int,
    rounds: int,
    clock: str,
    scratch: Path | None,
    out: Path | None,
    **settings: Any,
) -> None:
    """Print the time of each stage of an expansion of SRC."""
    options = {"factor": factor, "recipe": recipe, "workers": workers, **settings}
    scratch = scratch or (MEMORY if MEMORY.is_dir() else None)
    plain = min(run(src, options, scratch, None).wall for _ in range(rounds))
    profiles = [run(src, options, scratch, Timers(CLOCKS[clock])) for _ in range(rounds)]
    profile = min(profiles, key=lambda each: each.wall)
    if not profile.files:
        raise click.UsageError(f'"{src}" has no images that can be expanded')
    print(heading(src, profile, plain, clock))
    print(table(profile))
    if out:
        out.write_text(json.dumps(record(profile, plain, clock), indent=1) + "\n", "utf-8")


def run(src: Path, options: dict[str, Any], scratch: Path | None, timers: Timers | None) -> Profile:
    """Expand a folder once, into a temporary one."""
    with tempfile.TemporaryDirectory(dir=scratch) as work:
        out = Path(work) / "out"
        started = time.perf_counter()
        if timers is None:
            report = _expand(src, out, options)
        else:
            with timed_functions(STAGES, timers):
                started = time.perf_counter()
                report = _expand(src, out, options)
        wall = time.perf_counter() - started
    spent = timers.spent() if timers else {}
    return Profile(report.summary.made, wall, report.workers, spent)


def _expand(src: Path, out: Path, options: dict[str, Any]) -> Report:
    return expand(src, out, **options)


def start_seconds() -> float:
    """Return the seconds until the program is loaded, which the stages leave out."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import expand.job.job"], check=True)
    return time.perf_counter() - started


def heading(src: Path, profile: Profile, plain: float, clock: str) -> str:
    """Say what ran."""
    workers = "1 worker" if profile.workers == 1 else f"{profile.workers} workers"
    return (
        f"{src}: {profile.files:,} files by {workers} in {plain:.2f} s without timers "
        f"({profile.files / plain:,.0f} files/s), {profile.wall:.2f} s with them.\n"
        f"Loading the program takes another {start_seconds():.2f} s. Below: {clock} time of each "
        "function, without that of the others in it and without that of the timers.\n"
    )


def table(profile: Profile) -> str:
    """Return the stages, the longest first, with the functions of each."""
    total = sum(spent.seconds for spent in profile.spent.values())
    lines = [f"{'stage':40} {'µs/file':>9} {'share':>7} {'calls/file':>11}"]
    for stage, functions in stages(profile):
        seconds = sum(spent.seconds for _, spent in functions)
        lines.append(_line(stage, seconds, profile.files, total))
        lines += [
            _line(f"  {timed.label}", spent.seconds, profile.files, total, spent.calls)
            for timed, spent in functions
            if len(functions) > 1 or timed.label != stage
        ]
    lines.append(_line("all", total, profile.files, total))
    return "\n".join(lines)


def stages(profile: Profile) -> list[tuple[str, list[tuple[Timed, Spent]]]]:
    """Return the stages that ran with their functions, the longest first."""
    grouped: dict[str, list[tuple[Timed, Spent]]] = {}
    for timed, spent in profile.spent.items():
        grouped.setdefault(timed.stage, []).append((timed, spent))
    for functions in grouped.values():
        functions.sort(key=lambda each: -each[1].seconds)
    return sorted(grouped.items(), key=lambda each: -sum(spent.seconds for _, spent in each[1]))


def _line(name: str, seconds: float, files: int, total: float, calls: int | None = None) -> str:
    often = "" if calls is None else f"{calls / files:11.2f}"
    share = 100 * seconds / total if total else 0.0
    return f"{name:40} {1e6 * seconds / files:9.1f} {share:5.1f} % {often}".rstrip()


def record(profile: Profile, plain: float, clock: str) -> dict[str, Any]:
    """Return everything as plain data."""
    return {
        "files": profile.files,
        "workers": profile.workers,
        "clock": clock,
        "seconds_without_timers": plain,
        "seconds": profile.wall,
        "stages": [
            {"stage": timed.stage, "function": timed.label, **asdict(spent)}
            for _, functions in stages(profile)
            for timed, spent in functions
        ],
    }


if __name__ == "__main__":
    main()
