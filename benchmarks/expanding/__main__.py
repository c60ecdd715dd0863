"""`python -m benchmarks.expanding`: measure, print tables, and write JSON.

Afterwards `--table` prints the tables as Markdown, and `--publish` writes them into the pages that
show them, with the plot.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.environments import ROOT
from benchmarks.expanding.arms import COPIES, EXPAND, FLOORS, WORK, make_arms
from benchmarks.expanding.machine import adopt_orphans, describe
from benchmarks.expanding.measuring import REPOSITORY, measure_set
from benchmarks.expanding.results import Results, SetResult
from benchmarks.expanding.sets import SETS, ImageSet
from benchmarks.expanding.tables import PLOT, markdown_of, publish, text_of

RESULTS = Path(__file__).with_name("results.json")
MEMORY = Path("/dev/shm")
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--rounds", default=5, show_default=True, help="How often each arm runs.")
@click.option("--photographs", type=FOLDER, help="JPEG photographs; drawn if left out.")
@click.option("--jpeg32", type=FOLDER, help="JPEG files of 32×32; drawn if left out.")
@click.option("--png28", type=FOLDER, help="PNG files of 28×28; drawn if left out.")
@click.option("--set", "names", multiple=True, help="Measure on this set only.")
@click.option("--arm", "wanted", multiple=True, help="Run arms with this in their name only.")
@click.option("--peers/--no-peers", default=True, help="Run other programs as well.")
@click.option("--count", type=int, help="Images of each set.")
@click.option("--workers", default=2, show_default=True, help="The larger number of workers.")
@click.option("--floor-seconds", default=2.0, show_default=True, help="For the codecs alone.")
@click.option("--scratch", type=FOLDER, help="Where files are written; the RAM disk if there.")
@click.option("--environments", type=click.Path(path_type=Path), default=ROOT, help="Of the peers.")
@click.option("--out", type=FILE, help="Where the results go: a JSON file.")
@click.option("--table", type=FILE, help="Print the tables of a JSON file, and do nothing else.")
@click.option("--publish", "publishing", type=FILE, help="Write a JSON file's tables into pages.")
def main(
    rounds: int,
    names: Sequence[str],
    wanted: Sequence[str],
    peers: bool,
    count: int | None,
    workers: int,
    floor_seconds: float,
    scratch: Path | None,
    environments: Path,
    out: Path | None,
    table: Path | None,
    publishing: Path | None,
    **folders: Path | None,
) -> None:
    """Time expand, its peers and the codecs alone."""
    if table:
        click.echo(markdown_of(Results.load(table)), nl=False)
        return
    if publishing:
        show_published(publishing)
        return
    adopt_orphans()
    arms = [
        arm
        for arm in make_arms(workers, floor_seconds)
        if (peers or arm.name in (EXPAND, *FLOORS))
        and (not wanted or any(part in arm.label for part in wanted))
    ]
    scratch = scratch or (MEMORY if MEMORY.is_dir() else None)
    done: list[SetResult] = []
    for image_set in chosen_sets(names, count, folders):
        with tempfile.TemporaryDirectory(dir=scratch) as work:
            result = None
            for result in measure_set(arms, image_set, Path(work), rounds, environments):
                if out:  # after each round, so that an interruption loses no more than one
                    save([*done, result], out, scratch == MEMORY)
        if result:
            done.append(result)
            print(f"\n{text_of(result)}\n")


def save(sets: list[SetResult], out: Path, in_memory: bool) -> None:
    """Write the results so far."""
    where = "on a RAM disk" if in_memory else "on a disk"
    date = time.strftime("%Y-%m-%d")
    Results(date, describe(), where, COPIES, WORK, sets).save(out)


def chosen_sets(
    names: Sequence[str], count: int | None, folders: dict[str, Path | None]
) -> list[ImageSet]:
    """Return the sets to measure on."""
    if unknown := set(names) - {each.name for each in SETS}:
        raise click.UsageError(f"no set is called {', '.join(sorted(unknown))}")
    return [
        replace(each, images=count or each.images, folder=folders[each.name])
        for each in SETS
        if not names or each.name in names
    ]


def show_published(path: Path) -> None:
    """Write the tables into the pages, and the plot; keep the results beside this program."""
    from benchmarks.expanding.plot import draw

    results = Results.load(path)
    if path.resolve() != RESULTS.resolve():
        results.save(RESULTS)
    plot = REPOSITORY / PLOT
    draw(results, plot)
    for page in (*publish(results, REPOSITORY), plot, RESULTS):
        click.echo(f"wrote {page.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
