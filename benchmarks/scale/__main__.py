"""`python -m benchmarks.scale --sources 20000,200000`: memory and time as a dataset grows.

For each number of sources: how fast their names are listed, the peak memory of the process that
the user starts and of its largest worker, and the time for each file, without the start of the
command (measured on a few sources).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from benchmarks.expanding.machine import adopt_orphans, describe
from benchmarks.scale.processes import Peak, run
from benchmarks.scale.sources import link_sources, missing_room

REPOSITORY = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")
FEW = 200
"""Sources that give every worker something to do."""
SCAN = """
import json, resource, sys, time
from pathlib import Path
from expand.layouts.class_folders import list_sources
wall, cpu = time.perf_counter(), time.process_time()
count = sum(1 for _ in list_sources(Path(sys.argv[1]), int(sys.argv[2])))
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps({"names": count, "wall": wall, "cpu": cpu, "peak": peak}))
"""


@dataclass(frozen=True)
class Measured:
    """What one number of sources took."""

    sources: int
    files: int
    scan_wall: float
    scan_cpu: float
    scan_peak: float
    """Megabytes."""
    expand: Peak
    start: Peak
    """The same command on a few sources."""

    @property
    def wall_each(self) -> float:
        """Microseconds for each file."""
        return 1e6 * (self.expand.wall - self.start.wall) / self.files

    @property
    def cpu_each(self) -> float:
        """CPU microseconds for each file."""
        return 1e6 * (self.expand.cpu - self.start.cpu) / self.files


@click.command()
@click.option("--sources", default="20000,200000", show_default=True, help="How many, each time.")
@click.option("--copies", default=1, show_default=True, help="Copies of each source.")
@click.option("--workers", default=2, show_default=True)
@click.option(
    "--scratch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where files are written; the RAM disk if there.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A JSON file.")
def main(sources: str, copies: int, workers: int, scratch: Path | None, out: Path | None) -> None:
    """Measure memory and time for each file as the number of sources grows."""
    folder = scratch or (MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir()))
    counts = [int(part.replace("_", "")) for part in sources.split(",")]
    if lacking := missing_room(folder, max(counts), copies):
        raise click.UsageError(f'"{folder}" needs {lacking}. Name another folder with --scratch')
    adopt_orphans()
    print(
        f"{'sources':>10} {'names/s':>9} {'scan MB':>8} {'parent MB':>10} {'worker MB':>10} "
        f"{'µs/file':>8} {'CPU µs/file':>12}"
    )
    measured = []
    for count in counts:
        with tempfile.TemporaryDirectory(dir=folder) as work:
            measured.append(measure(Path(work), count, copies, workers))
        print(line(measured[-1]), flush=True)
    if len(measured) > 1:
        print(growth(measured[0], measured[-1]))
    if out:
        record = {"machine": describe(), "workers": workers, "runs": list(map(asdict, measured))}
        out.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def measure(work: Path, count: int, copies: int, workers: int) -> Measured:
    """Make the sources, list them, and expand them."""
    link_sources(work, count)
    link_sources(work / "few", FEW)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    listed = subprocess.run(
        [sys.executable, "-c", SCAN, str(work / "src"), str(copies + 1)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    scan = json.loads(listed.stdout)
    options = ["--factor", str(copies + 1), "--originals", "none", "--workers", str(workers)]
    command = [sys.executable, "-m", "expand", "--quiet", *options]
    start, peak = (
        run([*command, str(folder / "src"), str(folder / "out")], environment)
        for folder in (work / "few", work)
    )
    return Measured(
        scan["names"], count * copies, scan["wall"], scan["cpu"], scan["peak"], peak, start
    )


def line(measured: Measured) -> str:
    """Return a line of the table."""
    worker = f"{measured.expand.worker:.1f}" if measured.expand.worker else "–"
    return (
        f"{measured.sources:10,} {measured.sources / measured.scan_wall:9,.0f} "
        f"{measured.scan_peak:8.1f} {measured.expand.parent:10.1f} {worker:>10} "
        f"{measured.wall_each:8.1f} {measured.cpu_each:12.1f}"
    )


def growth(first: Measured, last: Measured) -> str:
    """Say by how much the last differs from the first."""
    pairs = {
        "parent": (first.expand.parent, last.expand.parent),
        "worker": (first.expand.worker, last.expand.worker),
        "time for each file": (first.wall_each, last.wall_each),
        "CPU time for each file": (first.cpu_each, last.cpu_each),
    }
    changes = [f"{name} {100 * (b / a - 1):+.1f} %" for name, (a, b) in pairs.items() if a]
    return f"from {first.sources:,} to {last.sources:,} sources: {', '.join(changes)}"


if __name__ == "__main__":
    main()
