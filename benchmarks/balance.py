"""Do more copies of rare classes help? `train compare` on a long-tailed draw of a dataset.

    python -m benchmarks.balance data/cifar

DATA has train/ and test/ with class folders. Class i of C, in the order of their names, keeps
LARGEST / RATIO^(i/(C−1)) images, as in Cui and others (Class-Balanced Loss, 2019); which ones is
drawn from the seed and their names. The test set stays whole, and so balanced. Then the arms are
compared by `train compare` (an interrupted one resumes), and the accuracy of frequent and rare
classes is printed for each arm, with the differences to the first one, paired by seed.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import mean

import click

from train.statistics.intervals import paired

REPOSITORY = Path(__file__).parents[1]
COLUMN = "accuracy of "
Accuracies = dict[str, dict[str, dict[str, float]]]
"""Percentages by arm, seed and class."""


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/balance"))
@click.option("--largest", default=500, show_default=True, help="Images of the first class.")
@click.option("--ratio", default=100.0, show_default=True, help="First class ÷ last class.")
@click.option("--tests", type=int, help="Test images of each class.  [default: all]")
@click.option("--seed", default=0, show_default=True, help="Decides which images are drawn.")
@click.option("--arms", default="disk,disk-balanced,fly,none", show_default=True)
@click.option("--most", default=100, show_default=True, help="Views of an image at most.")
@click.option("--epochs", default=40, show_default=True)
@click.option("--batch-size", default=64, show_default=True)
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
def main(
    data: Path,
    out: Path,
    largest: int,
    ratio: float,
    tests: int | None,
    seed: int,
    arms: str,
    most: int,
    epochs: int,
    batch_size: int,
    more: tuple[str, ...],
) -> None:
    """Compare arms on a long-tailed draw of DATA; MORE are options of `train compare`."""
    counts = long_tail(class_names(data / "train"), largest, ratio)
    draw_classes(data / "train", out / "train", counts, seed)
    test = data / "test"
    if tests:
        draw_classes(test, out / "test", dict.fromkeys(counts, tests), seed)
        test = out / "test"
    line = [sys.executable, "-m", "train", "compare", str(out / "train"), "--test", str(test)]
    line += ["--arms", arms, "--most", str(most), "--epochs", str(epochs)]
    line += ["--batch-size", str(batch_size), "--out", str(out / "comparison"), *more]
    if subprocess.run(line, check=False).returncode:
        raise SystemExit(1)
    print("\n".join(lines_of(counts, read_accuracies(out / "comparison/runs.csv"))))


def class_names(root: Path) -> list[str]:
    """Return the names of the class folders, sorted."""
    return sorted(path.name for path in root.iterdir() if path.is_dir())


def long_tail(classes: list[str], largest: int, ratio: float) -> dict[str, int]:
    """Return the images of each class: they fall exponentially from the first to the last."""
    last = max(1, len(classes) - 1)
    return {
        name: max(1, round(largest * ratio ** (-number / last)))
        for number, name in enumerate(classes)
    }


def draw_classes(source: Path, out: Path, counts: Mapping[str, int], seed: int) -> None:
    """Copy some images of each class, the same ones for the same seed and names."""
    drawn = set()
    for label, count in counts.items():

        def key(path: Path, label: str = label) -> bytes:
            return hashlib.sha256(f"{seed}/{label}/{path.name}".encode()).digest()

        files = sorted((source / label).iterdir(), key=key)
        if len(files) < count:
            raise SystemExit(f'"{source / label}" has {len(files)} images, {count} are needed')
        (out / label).mkdir(parents=True, exist_ok=True)
        for path in files[:count]:
            drawn.add(out / label / path.name)
            if not (out / label / path.name).exists():
                shutil.copyfile(path, out / label / path.name)
    if set(out.glob("*/*")) != drawn:
        raise SystemExit(f'"{out}" holds other images; choose another --out, or remove them')


def read_accuracies(path: Path) -> Accuracies:
    """Read the accuracies of all trials in percent, by arm, seed and class."""
    accuracies: Accuracies = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            own = {key: 100 * float(row[key]) for key in row if key.startswith(COLUMN)}
            classes = {key.removeprefix(COLUMN): value for key, value in own.items()}
            accuracies.setdefault(row["arm"], {})[row["replicate"]] = classes
    return accuracies


def groups_of(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the classes to average over: all, and the most frequent to the rarest third."""
    names = sorted(counts, key=lambda name: -counts[name])
    third = max(1, len(names) // 3)
    frequent, rare = names[:third], names[-third:]
    groups = {"all": names, "frequent": frequent, "between": names[third:-third], "rare": rare}
    return {title: group for title, group in groups.items() if group}


def lines_of(counts: Mapping[str, int], accuracies: Accuracies) -> Iterator[str]:
    """Yield the rows of a Markdown table: accuracies, and differences to the first arm."""
    first = next(iter(accuracies))
    others = [arm for arm in accuracies if arm != first]
    heads = [*accuracies, *(f"{arm} − {first}" for arm in others)]
    yield f"n = {len(accuracies[first])} seeds; test accuracy in %, differences with 95 % intervals"
    yield "| classes | images | " + " | ".join(heads) + " |"
    yield "|---|---|" + "---|" * len(heads)
    for title, names in (groups_of(counts) | {name: [name] for name in counts}).items():
        cells = [f"{mean(by_seed(accuracies[arm], names).values()):.1f}" for arm in accuracies]
        cells += [difference(accuracies[arm], accuracies[first], names) for arm in others]
        images = ", ".join(str(counts[name]) for name in names)
        yield f"| {title} | {images} | " + " | ".join(cells) + " |"


def by_seed(trials: Mapping[str, Mapping[str, float]], names: Iterable[str]) -> dict[str, float]:
    """Return the mean accuracy over some classes, for each seed."""
    chosen = list(names)
    return {seed: mean(classes[name] for name in chosen) for seed, classes in trials.items()}


def difference(
    one: Mapping[str, Mapping[str, float]],
    other: Mapping[str, Mapping[str, float]],
    names: Iterable[str],
) -> str:
    """Format the difference of two arms over some classes, paired by seed, with its interval."""
    chosen = list(names)
    ours, theirs = by_seed(one, chosen), by_seed(other, chosen)
    estimate = paired([ours[seed] - theirs[seed] for seed in ours if seed in theirs])
    bounds = estimate.interval
    return f"{estimate.mean:+.1f}" + (
        f" ({bounds.low:+.1f} … {bounds.high:+.1f})" if bounds else ""
    )


if __name__ == "__main__":
    main()
