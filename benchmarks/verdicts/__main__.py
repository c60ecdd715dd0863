"""How often verdicts are wrong, and how often they find what there is.

    python -m benchmarks.verdicts              # simulated comparisons, 1,000 of each kind
    python -m benchmarks.verdicts --trained    # up to 200 of each kind, from small models

Rates are in percent, with the 95 % interval that so many repetitions leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.verdicts import simulated, trained
from benchmarks.verdicts.rates import Rate, table
from benchmarks.verdicts.simulated import World
from expand.cli.progress import progress_bar

SEEDS = 6


@click.command()
@click.option("--count", default=1_000, show_default=True, help="Simulated comparisons of a kind.")
@click.option("--trained", "trains", is_flag=True, help="Train models instead of simulating.")
@click.option(
    "--trials", default=2_400, show_default=True, help="Trials to train; half as many fly."
)
@click.option(
    "--pool",
    type=click.Path(path_type=Path),
    help="File that keeps what was trained: an interrupted run goes on, and so does one with more "
    "--trials.",
)
def main(count: int, trains: bool, trials: int, pool: Path | None) -> None:
    """Measure how often verdicts are wrong, and how often they find a difference."""
    lines = _trained(trials, pool) if trains else _simulated(count)
    for line in lines:
        click.echo(line)


def _simulated(count: int) -> Iterator[str]:
    yield f"False claims among equal arms, {count:,} simulated comparisons each:\n"
    columns = ("claim", "seeds", "test images", "claimed")
    yield table(columns, [*_verdict_rows(count), *_look_rows(count), *_harm_rows(count)])
    yield f"\nA lead of 0.5 points, three arms, found in {count:,} simulated comparisons each:\n"
    columns = (
        "seeds",
        "test images",
        "test images differ",
        "on these images",
        "for images like these",
    )
    yield table(columns, _power_rows(count))


def _verdict_rows(count: int) -> Iterator[tuple[str, ...]]:
    for images in (400, 10_000):
        for seeds in (6, 10):
            equal = World(images, by_image=0.0)
            rate = simulated.false_verdicts(equal, seeds, count, here=True)
            yield "on these images", f"{seeds}", f"{images:,}", rate.text
    for images in (400, 10_000):
        for seeds in (6, 10):
            # seeds hardly differ, so that test images decide: the hardest case
            differ = World(images, by_seed=0.02)
            rate = simulated.false_verdicts(differ, seeds, count, here=False)
            yield "for images like these", f"{seeds}", f"{images:,}", rate.text
        rate = simulated.unadjusted(differ, 10, count)
        yield "the same, from a t test over seeds", "10", f"{images:,}", rate.text


def _look_rows(count: int) -> Iterator[tuple[str, ...]]:
    world = World(400)
    for planned, steps in ((6, (6, 7, 8, 10, 12, 15)), (15, (6, 8, 10, 12, 15))):
        rate = simulated.until_decided(world, planned, steps, count)
        seeds = f"{', '.join(map(str, steps))}; {planned} planned"
        yield "seeds added until decided", seeds, "400", rate.text


def _harm_rows(count: int) -> Iterator[tuple[str, ...]]:
    for seeds, images in ((2, 10), (6, 10), (6, 40), (6, 1_000), (10, 10), (10, 40)):
        rate = simulated.false_harms(10, World(images), seeds, count)
        yield "some of 10 classes of 2 arms is harmed", f"{seeds}", f"10 × {images:,}", rate.text


def _power_rows(count: int) -> list[tuple[str, ...]]:
    rows = []
    for words, by_image in (("little", 0.1), ("much", 0.8)):
        for images in (400, 10_000):
            for seeds in (6, 10):
                world = World(images, 0.01, by_image).leading_by(0.5)
                here, alike = simulated.power(world, seeds, count)
                rows.append((f"{seeds}", f"{images:,}", words, here.text, alike.text))
    return rows


def _trained(trials: int, kept: Path | None) -> Iterator[str]:
    none, fly = _pools(trials, kept)
    first = f"{len(none):,} trials of none and {len(fly):,} of fly, mean accuracy"
    yield f"{first} {100 * none.mean():.1f} % and {100 * fly.mean():.1f} %.\n"
    here = trained.with_itself(none, (SEEDS,), SEEDS, alike=False)
    alike = trained.with_itself(none, (SEEDS,), SEEDS, alike=True)
    added = trained.with_itself(none, (6, 8, 10, 12), SEEDS, alike=False)
    narrow, wide = trained.misses(none[: len(fly)], fly, SEEDS)
    rows = [
        ("none against itself, on these images: a difference", *_cells(here)),
        ("none against itself, for images like these: a difference", *_cells(alike)),
        ("none against itself, 6, 8, 10, 12 seeds: a difference at any look", *_cells(added)),
        ("none against itself: some class is harmed", *_cells(trained.false_harms(none, SEEDS))),
        (
            "fly against none: the interval for images like these leaves the truth out",
            *_cells(wide),
        ),
        ("fly against none: the one on these images leaves it out", *_cells(narrow)),
    ]
    yield table(("what is claimed", "comparisons", "wrong"), rows)


def _cells(rate: Rate) -> tuple[str, str]:
    return f"{rate.of:,}", rate.text


def _pools(trials: int, kept: Path | None) -> tuple[simulated.Right, simulated.Right]:
    asked = {"none": trials, "fly": trials // 2}
    with progress_bar(sum(asked.values()), "trials", quiet=False) as done:
        pools = trained.train_pools(asked, kept, done)
    return pools["none"], pools["fly"]


if __name__ == "__main__":
    main()
