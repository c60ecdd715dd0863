"""The four comparisons of the documentation, with settings tuned for each arm: one command.

    python -m benchmarks.tuned --cifar DIR --fashion DIR --jobs 12 --budget 540

Each trial is kept when it ends, so a run that is stopped, by --budget or otherwise, goes on with
the same command. DIR holds train/ and test/ with class folders, or is a tar archive of them, or a
folder in which torchvision stores the dataset. With --fixed, the documented commands without --tune
run too, for the difference that tuning makes. results.md has what has ended so far.
"""

from __future__ import annotations

import time
from pathlib import Path

import click

from benchmarks.tuned.comparisons import DOCUMENTED, EPOCHS, Documented, read, run
from benchmarks.tuned.data import class_folders
from benchmarks.tuned.report import report
from expand.engines.choose import available_cores

TORCHVISION = {"cifar": "CIFAR10", "fashion": "FashionMNIST"}
MOST_JOBS = 12
"""Processes that share a GPU: more would wait for each other."""
SMALL = {"tune": 2, "seeds": 2, "epochs": 8, "sources": 100}
PATH = click.Path(exists=True, path_type=Path)


@click.command()
@click.option("--cifar", type=PATH, help="CIFAR-10; without it, its comparisons are left out.")
@click.option("--fashion", type=PATH, help="Fashion-MNIST, likewise.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/tuned"))
@click.option("--only", help="Comparisons to run: cifar-2000, fashion-2000, …  [default: all]")
@click.option("--tune", default=8, show_default=True, help="Settings to try for each arm.")
@click.option("--seeds", default=10, show_default=True)
@click.option("--draws", type=int, help="Subsets that the seeds take in turn.  [default: none]")
@click.option("--jobs", type=int, help="Processes at a time.  [default: the cores, at most 12]")
@click.option("--fixed", is_flag=True, help="Also without --tune, at 8 and 40 epochs.")
@click.option("--budget", type=float, help="Stop after this many seconds; run again to go on.")
@click.option("--small", is_flag=True, help="Few sources, epochs and seeds: a test of the command.")
def main(
    cifar: Path | None,
    fashion: Path | None,
    out: Path,
    only: str | None,
    tune: int,
    seeds: int,
    draws: int | None,
    jobs: int | None,
    fixed: bool,
    budget: float | None,
    small: bool,
) -> None:
    """Run the comparisons, and write what has ended to results.md."""
    started = time.monotonic()
    given = {"cifar": cifar, "fashion": fashion}
    asked = [each for each in DOCUMENTED if given[each.data] and _chosen(each, only)]
    if not asked:
        raise click.UsageError("nothing to run: give --cifar or --fashion, and check --only")
    folders = {
        name: class_folders(data.resolve(), out.resolve() / "data" / name, TORCHVISION[name])
        for name, data in given.items()
        if data
    }
    tune, seeds = (SMALL["tune"], SMALL["seeds"]) if small else (tune, seeds)
    sources, epochs = (SMALL["sources"], SMALL["epochs"]) if small else (None, EPOCHS)
    shared = ["--seeds", str(seeds), "--jobs", str(jobs or min(MOST_JOBS, available_cores()))]
    for each in asked:
        folder = folders[each.data]
        where = [str(folder / "train"), "--test", str(folder / "test"), *shared]
        where += [] if draws is None else ["--draws", str(draws)]
        where += ["--cache", str(out.resolve() / "packs"), "--quiet"]
        variants = {each.name: [*each.options(sources, epochs), "--tune", str(tune)]}
        if fixed:
            two = each.options(sources, epochs)
            two[-1] = f"{max(2, epochs // 5)},{epochs}"
            variants[f"{each.name}-fixed"] = two
        for name, options in variants.items():
            left = None if budget is None else budget - (time.monotonic() - started)
            if left is not None and left <= 0:
                print(f"{name}: not begun, --budget is used up; run the same command again")
                continue
            ended = run([*where, *options, "--out", str(out.resolve() / name)], left)
            print(f"{name}: {'finished' if ended else 'stopped by --budget; run it again'}")
            _write(out)


def _chosen(each: Documented, only: str | None) -> bool:
    return only is None or each.name in only.split(",")


def _write(out: Path) -> None:
    """Write what has ended so far."""
    names = [name for each in DOCUMENTED for name in (each.name, f"{each.name}-fixed")]
    found = {name: done for name in names if (done := read(out / name))}
    (out / "results.md").write_text(report(found))


if __name__ == "__main__":
    main()
