"""Accuracy against time: the fast net on Fashion-MNIST and CIFAR-10, views on the fly, a few seeds, the test set read once.

    expand fetch FashionMNIST data/fashion
    python -m benchmarks.ladder data/fashion flip:4 flip:8 shift:16:fast-wide
    python -m benchmarks.ladder data/cifar shift:8:fast-wide shift:20:fast-wide

A folder with train/ and test/ in it; a rung is a recipe (flip.yaml: mirrored; shift.yaml: moved by up to two pixels as well),
epochs, and a model. Runs are kept in runs/ladder, so that an interrupted ladder resumes. Seconds are those of training:
decoding and the evaluation on the test set are not counted.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from expand.recipes.recipe import Recipe
from train.data.cache import Cache
from train.feed.strategies import Strategy
from train.fit.hyperparameters import preset
from train.runs.records import RunRecord
from train.runs.run import run
from train.runs.settings import RunLocation, Settings

SEEDS = 3


def main() -> None:
    """Train each rung from each seed, and print a line for each run and one for each rung."""
    root = Path(sys.argv[1])
    print(
        f"{root}, fly, n = {SEEDS} seeds; mean ± deviation; minutes of training, test accuracy, with the mirrored image"
    )
    for rung in sys.argv[2:]:
        name, epochs, model = [*rung.split(":"), "fast"][:3]
        records = []
        for seed in range(SEEDS):
            views = Recipe.load(Path(__file__).with_name(f"{name}.yaml"))
            hyperparameters = preset(model, "default", epochs=int(epochs))
            strategy = Strategy("fly", views, seed)
            settings = Settings(
                root / "train",
                root / "test",
                strategy,
                hyperparameters,
                model,
                seed=seed,
                mirrored=True,
            )
            records.append(
                run(
                    settings,
                    RunLocation(
                        Path("runs/ladder") / f"{root.name}-{name}-{epochs}-{model}-{seed}", Cache()
                    ),
                )
            )
            show(f"  seed {seed}", records[-1:])
        show(f"{name}, {epochs} epochs, {model}", records)


def show(name: str, records: list[RunRecord]) -> None:
    """Print one run, or the mean and deviation of several."""
    minutes = [record.cost.training_seconds / 60 for record in records]
    plain = [100 * record.results.test.accuracy for record in records]
    mirrored = [100 * record.results.test_accuracy_mirrored for record in records]
    print(
        f"{name}: {format_mean(minutes)} minutes; {format_mean(plain)} %; {format_mean(mirrored)} %",
        flush=True,
    )


def format_mean(values: list[float]) -> str:
    """Return a mean, and a deviation where there are several."""
    return f"{statistics.mean(values):.2f}" + (
        f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    )


if __name__ == "__main__":
    main()
