"""The command: parse, check everything, call, print, exit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import click

from expand import __version__
from expand.cli.terminal import FolderFirst, program_name, run_to_exit
from train.cli.ablate import ABLATE_OPTIONS, read_ablation
from train.cli.compare import COMPARE_OPTIONS, read_comparison, this_command
from train.cli.options import (
    DATA_OPTIONS,
    FOLDER,
    MODEL_OPTIONS,
    RECIPE_OPTIONS,
    RUN_OPTIONS,
    STRATEGY_OPTIONS,
    options_of,
    read_settings,
)
from train.errors import TrainError

RESUME = "Run the same command again to resume from the last checkpoint."


def main() -> NoReturn:
    """Run the command, and exit."""
    name = program_name("train", "train-dataset")
    run_to_exit(command, name, RESUME, TrainError)


@click.group(
    cls=FolderFirst,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, prog_name="train")
def command() -> None:
    """Train a CNN from class folders: as they are, from copies that expand wrote, or with views drawn on the fly.

    An epoch visits every source once, whatever the strategy, so that equal epochs are equal steps.

    \b
    train data/expanded --test data/test
    train data/train --test data/test --strategy fly --model fast --epochs 20
    """  # noqa: D301  # \b tells click to keep the lines


@command.command(hidden=True)
@click.argument("data", type=FOLDER, default=Path("data/expanded"))
@options_of(DATA_OPTIONS, STRATEGY_OPTIONS, MODEL_OPTIONS, RECIPE_OPTIONS, RUN_OPTIONS)
@click.option("--out", type=FOLDER, help="The run's folder.  [default: runs/MODEL-STRATEGY]")
@click.option(
    "--overwrite", is_flag=True, help="Remove an earlier run in that folder, and start afresh."
)
@click.option("--tensorboard", is_flag=True, help="Write TensorBoard events as well.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but the summary and errors.")
def run(
    data: Path, out: Path | None, overwrite: bool, tensorboard: bool, quiet: bool, **options: Any
) -> None:
    """Train a model."""
    settings = read_settings(data, options)
    from train.cli.messages import format_run
    from train.cli.progress import Console
    from train.data.cache import Cache
    from train.runs.observer import Observer
    from train.runs.run import run as train
    from train.runs.settings import RunLocation
    from train.runtime.world import current_world

    prepare_torch(options["threads"])
    out = out or Path("runs") / f"{settings.model}-{settings.strategy.name}"
    leads = current_world().is_main
    observer: Observer = (
        Console(settings.hyperparameters.epochs) if leads and not quiet else Observer()
    )
    if tensorboard and leads:
        from train.runs.observer import TensorBoard

        observer = TensorBoard(observer, out)
    cache = Cache.of(options["cache"], options["cache_size"])
    record = train(
        settings,
        RunLocation(out, cache, options["device"], options["workers"], overwrite, observer),
    )
    if leads:
        click.echo(format_run(record, out))


@command.command()
@click.argument("run", type=FOLDER)
@click.argument("images", type=FOLDER, nargs=-1, required=True)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def predict(run: Path, images: tuple[Path, ...], device: str) -> int:
    """Classify image files with a finished RUN: a line a file, with its class and probability."""
    from train.runs.predict import classify, find_images
    from train.runtime.device import pick_device

    where = pick_device(device)
    if where is None:
        raise TrainError(f"--device {device}: there is no such device here")
    bad = 0
    for prediction in classify(run, find_images(list(images)), where):
        if prediction.problem:
            bad += 1
            click.echo(f'"{prediction.file}" {prediction.problem}', err=True)
        else:
            click.echo(f"{prediction.file}\t{prediction.label}\t{prediction.probability:.4f}")
    return 1 if bad else 0


@command.command()
@click.argument("data", type=FOLDER, default=Path("data/train"))
@options_of(COMPARE_OPTIONS)
def compare(data: Path, **options: Any) -> None:
    """Compare strategies on DATA: which is better, by how much, how surely, and at what cost.

    Writes index.html, report.md, comparison.json and runs.csv; stopped, the same command goes on.
    """
    study = read_comparison(data, options)
    from train.compare.command import compare as answer
    from train.data.cache import Cache
    from train.trials.options import StudyOptions
    from train.trials.study_dir import StudyDir

    prepare_torch(None)
    cache = Cache.of(options["cache"], options["cache_size"])
    study_dir = StudyDir(
        options["out"], cache, options["jobs"], options["materialize"], options["overwrite"]
    )
    chosen = StudyOptions(options["margin"], this_command(), options["seeds"] or 0)
    click.echo(answer(study, study_dir, chosen, plan=options["plan"], quiet=options["quiet"]))


@command.command()
@click.argument("data", type=FOLDER, default=Path("data/train"))
@options_of(ABLATE_OPTIONS)
def ablate(data: Path, **options: Any) -> None:
    """Take a recipe apart on DATA: which techniques help, which harm, and for which classes.

    Writes index.html, report.md, ablation.json and recipe.yaml, a recipe to expand with; stopped, the same command goes on.
    """
    ablation = read_ablation(data, options)
    from train.ablate.command import ablate as answer
    from train.data.cache import Cache
    from train.trials.options import StudyOptions
    from train.trials.study_dir import StudyDir

    prepare_torch(None)
    cache = Cache.of(options["cache"], options["cache_size"])
    study_dir = StudyDir(options["out"], cache, options["jobs"], overwrite=options["overwrite"])
    chosen = StudyOptions(options["margin"], this_command(), options["seeds"] or 0)
    click.echo(answer(ablation, study_dir, chosen, quiet=options["quiet"]))


@command.command()
@click.option("--clear", is_flag=True, help="Remove every decoded set.")
@click.option(
    "--cache", type=FOLDER, help="Where they are kept.  [default: ~/.cache/expand-train/packs]"
)
def cache(clear: bool, cache: Path | None) -> None:
    """Show what decoded sets are kept, or remove them."""
    from expand.cli.formatting import format_bytes, format_count
    from train.data.cache import Cache

    kept = Cache(cache)
    count = format_count(len(kept.packs()), "decoded set")
    if clear:
        click.echo(f"{kept.root}: {format_bytes(kept.clear())} freed")
    else:
        click.echo(
            f"{kept.root}: {count}, {format_bytes(kept.size())}; train cache --clear removes them"
        )


def prepare_torch(threads: int | None) -> None:
    """Make torch repeat itself: one number of threads, deterministic algorithms where there is a choice."""
    import torch

    if threads is not None and threads < 1:
        raise TrainError(f"--threads must be at least 1, got {threads}")
    if threads:
        torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
