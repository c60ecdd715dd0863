"""Accuracy against time of the fast net on Fashion-MNIST and CIFAR-10, with views on the fly.

    expand fetch FashionMNIST data/fashion
    python -m benchmarks.ladder data/fashion flip:4 flip:8 shift:16:fast-wide
    python -m benchmarks.ladder data/cifar shift:8:fast-wide shift:20:fast-wide

The folder has train/ and test/ in it. A rung is a recipe (flip.yaml: mirrored; shift.yaml: also
shifted by up to two pixels), epochs, and a model. Runs are kept in runs/ladder, so that an
interrupted ladder resumes. Minutes are those of training: decoding and the evaluation on the test
set are not counted.
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
    """Train each rung from each seed; print a line for each run and one for each rung."""
    root = Path(sys.argv[1])
    print(f"{root}, fly, n = {SEEDS} seeds; mean ± deviation")
    print("minutes of training; test accuracy; test accuracy with the mirrored image as well")
    for rung in sys.argv[2:]:
        name, epochs, model = [*rung.split(":"), "fast"][:3]
        records = []
        for seed in range(SEEDS):
            records.append(train(root, name, int(epochs), model, seed))
            show(f"  seed {seed}", records[-1:])
        show(f"{name}, {epochs} epochs, {model}", records)


def train(root: Path, name: str, epochs: int, model: str, seed: int) -> RunRecord:
    """Train a rung from one seed; a finished run is read, an interrupted one resumed."""
    strategy = Strategy("fly", Recipe.load(Path(__file__).with_name(f"{name}.yaml")), seed)
    hyperparameters = preset(model, "default", epochs=epochs)
    settings = Settings(
        root / "train", root / "test", strategy, hyperparameters, model, seed=seed, mirrored=True
    )
    out = Path("runs/ladder") / f"{root.name}-{name}-{epochs}-{model}-{seed}"
    return run(settings, RunLocation(out, Cache()))


def show(name: str, records: list[RunRecord]) -> None:
    """Print one run, or the mean and deviation of several."""
    minutes = [record.cost.training_seconds / 60 for record in records]
    plain = [100 * record.results.test.accuracy for record in records]
    mirrored = [100 * record.results.test_accuracy_mirrored for record in records]
    accuracies = f"{format_mean(plain)} %; {format_mean(mirrored)} %"
    print(f"{name}: {format_mean(minutes)} minutes; {accuracies}", flush=True)


def format_mean(values: list[float]) -> str:
    """Format a mean, with the standard deviation if there are several values."""
    deviation = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{deviation}"


if __name__ == "__main__":
    main()
