"""Accuracy against time: the fast net on Fashion-MNIST and CIFAR-10, views on the fly, a few seeds, the test set read once.

    expand fetch FashionMNIST data/fashion && expand fetch CIFAR10 data/cifar
    python -m benchmarks.ladder data/fashion flip=5,shift=15 && python -m benchmarks.ladder data/cifar shift=20

A folder with train/ and test/ in it; recipes (flip.yaml: mirrored; shift.yaml: moved by up to two pixels as well) and passes.
Seconds are those of training: decoding and the one reading of the test set at the end are apart.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from expand.recipe import Recipe
from train.cache import Cache
from train.job import run
from train.schedule import recipe_for
from train.settings import Place, Settings
from train.strategies import Strategy

SEEDS = 3


def main() -> None:
    """Train each length for each seed, and print a line for each length."""
    root, rungs = Path(sys.argv[1]), [rung.split("=") for rung in sys.argv[2].split(",")]
    print(f"{root}, fast, fly, n = {SEEDS} seeds; mean ± deviation; test accuracy", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, length in rungs:
            records = []
            views = Recipe.load(Path(__file__).with_name(f"{name}.yaml"))
            for seed in range(SEEDS):
                recipe = recipe_for("fast", "default", epochs=int(length))
                settings = Settings(
                    root / "train", root / "test", Strategy("fly", views, seed), recipe, "fast", seed=seed, mirrored=True
                )
                records.append(run(settings, Place(Path(folder) / f"{name}-{length}-{seed}", Cache())))
            show(f"{name}, {length} passes", records)


def show(rung: str, records: list[dict]) -> None:
    """Print one rung."""
    plain = [100 * record["results"]["test_accuracy"] for record in records]
    mirrored = [100 * record["results"]["test_accuracy_mirrored"] for record in records]
    minutes = [record["cost"]["training_seconds"] / 60 for record in records]
    shown = [f"{statistics.mean(v):.2f} ± {statistics.stdev(v):.2f}" for v in (minutes, plain, mirrored)]
    print(f"{rung}: {shown[0]} minutes; {shown[1]} %; averaged with the mirrored image {shown[2]} %", flush=True)


if __name__ == "__main__":
    main()
