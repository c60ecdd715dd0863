"""TrivialAugment and RandAugment against flip and crop, on a small scale: one command.

    python -m benchmarks.published DATA --test DIR

RandAugment (Cubuk and others, 2020) and TrivialAugment (Müller and Hutter, 2021) are published for
all of CIFAR-10, with wide residual networks and long training. Here a small network is trained on
draws of a few thousand sources, one for each seed, and all pairs are judged as `train compare`
judges them. Each trial is kept when it ends: a run that is interrupted goes on with the same
command. OUT has report.md and published.json.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np

from benchmarks.published.report import Found, find, markdown
from benchmarks.published.study import PublishedStudy, trials
from expand.cli.progress import progress_bar
from expand.storage.lock import Lock
from train.data.cache import Cache
from train.data.subsets import describe_draws
from train.fit.hyperparameters import preset
from train.runtime.world import ALONE
from train.trials.context import new_context
from train.trials.runner import missing_trials, parted, read_results, run_trials
from train.trials.settled import settle
from train.trials.study import TrialContext
from train.trials.study_dir import StudyDir, open_study

PATH = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("data", type=PATH)
@click.option("--test", type=PATH, required=True)
@click.option("--sources", default=1000, show_default=True, help="Sources of each draw.")
@click.option("--epochs", default=30, show_default=True)
@click.option("--batch-size", default=64, show_default=True)
@click.option("--seeds", default=6, show_default=True)
@click.option("--model", default="resnet8", show_default=True)
@click.option("--precision", default="auto", show_default=True)
@click.option("--threads", default=1, show_default=True)
@click.option("--jobs", default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/published"))
def main(
    data: Path,
    test: Path,
    sources: int,
    epochs: int,
    batch_size: int,
    seeds: int,
    model: str,
    precision: str,
    threads: int,
    jobs: int,
    out: Path,
) -> None:
    """Train all arms on DATA, and write what they show."""
    study = PublishedStudy(
        data=data.resolve(),
        test=test.resolve(),
        training=preset(model, "default", epochs=epochs, batch_size=batch_size),
        model=model,
        sources=sources,
        draws=seeds,
        threads=threads,
        precision=precision,
        epochs=epochs,
    )
    cache = Cache(out.resolve() / "packs", 20 * 10**9)
    study_dir = StudyDir(out.resolve() / "study", cache, jobs)
    context = new_context(study, cache.root, cache.limit)
    study_dir.out.mkdir(parents=True, exist_ok=True)
    with Lock(study_dir.out):
        open_study(study, study_dir, context.data)
        context = settle(context, study_dir, ALONE)
        planned = list(trials(context.study, seeds))
        with progress_bar(len(missing_trials(study_dir, planned)), "trials", False) as progress:
            run_trials(context.study, study_dir, planned, progress)
        write(context, study_dir, seeds, out)


def write(
    context: TrialContext[PublishedStudy], study_dir: StudyDir, seeds: int, out: Path
) -> Found:
    """Write the report of trials that have ended."""
    study, test = context.study, context.data.test
    assert test is not None
    planned = list(trials(study, seeds))
    results, diverged = parted(read_results(study_dir, planned, test))
    draws = [each.draw for each in planned[:: len(planned) // seeds] if each.draw]
    shared = describe_draws(context.data.train.folder, draws, study.seed).shared
    lost = {each.replicate for each in diverged}
    kept = [seed for seed in range(seeds) if seed not in lost]
    whole = [each for each in results if each.replicate not in lost]
    found = find(whole, len(test.folder), shared[np.ix_(kept, kept)])
    told = (
        f"{study.model}, {study.epochs} epochs, {seeds} seeds, each on {study.sources:,} sources "
        f"of its own, {len(test.folder):,} test images; {found.seconds:,.0f} s of trials"
        f"{f'; without seeds {sorted(lost)}, of which trials diverged' if lost else ''}."
    )
    (out / "report.md").write_text(markdown(found, told), encoding="utf-8")
    (out / "published.json").write_text(json.dumps(found.to_dict(), indent=1))
    return found


if __name__ == "__main__":
    main()
