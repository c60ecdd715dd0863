"""The command `train`: parse, check, call, print, exit."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from expand import __version__
from expand.cli.groups import Command, FileOrFolder, Folder, GroupedCommand, titled
from expand.cli.options import LAYOUT, MAX_PIXELS_OPTION
from expand.cli.output import echo, visible
from expand.cli.places import FolderOrUrl
from expand.cli.terminal import need_folder, program_name, run_to_exit
from expand.storage.stores.url import Place
from train.cli.ablate import ABLATE_COMMON, ABLATE_OPTIONS, read_ablation
from train.cli.compare import (
    COMPARE_COMMON,
    COMPARE_OPTIONS,
    MOST,
    read_comparison,
    this_command,
)
from train.cli.group import TrainCommands
from train.cli.options import (
    COMMON,
    DATA_OPTIONS,
    DEVICE,
    MODEL_OPTIONS,
    OPTIMISATION_OPTIONS,
    RUN_OPTIONS,
    STRATEGY_OPTIONS,
    Option,
    current_name,
)
from train.cli.settings import read_settings
from train.cli.worth import UNUSED, WORTH_COMMON, WORTH_OPTIONS, read_worth
from train.errors import TrainError

if TYPE_CHECKING:
    from train.trials.command import Answer

RESUME = "Run the same command again to resume."
TRAIN_OPTIONS = {
    "Data": DATA_OPTIONS,
    "Strategy": STRATEGY_OPTIONS,
    "Model": MODEL_OPTIONS,
    "Optimisation": OPTIMISATION_OPTIONS,
    "Run": RUN_OPTIONS,
}


def main() -> NoReturn:
    """Run the command, and exit."""
    name = program_name("train", "train-dataset")
    need_folder(name)
    leads = os.environ.get("RANK", "0") == "0"  # one process of torchrun says it for all
    run_to_exit(command, name, RESUME if leads else "", TrainError)


def add_options(groups: dict[str, list[Option]]) -> Callable[[Command], Command]:
    """Add groups of options to a command, each under its title."""

    def add(function: Command) -> Command:
        """Add the groups, the last one first."""
        for title, options in reversed(groups.items()):
            function = titled(title, options)(function)
        return function

    return add


@click.group(
    cls=TrainCommands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "token_normalize_func": current_name,
    },
)
@click.version_option(__version__, prog_name="train")
def command() -> None:
    """Train a CNN to classify images: as they are, from copies that expand wrote, or on the fly.

    An epoch visits every source once, whatever the strategy, so equal epochs are equal steps.
    DATA has one folder per class, a table of classes, or tars that expand wrote; it can be a URL.
    By default it is data/expanded.
    Interrupted? Run the same command again to resume.

    \b
    train data/expanded --test data/test
    train data/train --test data/test --strategy fly --model fast --epochs 20
    train --config runs/cnn-disk/run.json --out runs/again
    """  # noqa: D301  # \b tells click to keep the lines


@command.command(hidden=True, cls=GroupedCommand, common=COMMON)
@click.argument("data", type=FolderOrUrl(), default=Path("data/expanded"))
@add_options(TRAIN_OPTIONS)
def run(
    data: Place, out: Path | None, overwrite: bool, tensorboard: bool, quiet: bool, **options: Any
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
        echo(format_run(record, out))


@command.command()
@click.argument("run", type=Folder())
@click.argument("images", type=FileOrFolder(), nargs=-1, required=True)
@DEVICE
@LAYOUT
@MAX_PIXELS_OPTION
def predict(run: Path, images: tuple[Path, ...], device: str, layout: str) -> int:
    """Classify image files with a finished RUN; print the class and probability of each."""
    from train.runs.predict import classify, find_images
    from train.runtime.device import pick_device

    where = pick_device(device)
    if where is None:
        raise TrainError(f"--device {device} is not available on this machine")
    bad = 0
    for prediction in classify(run, find_images(list(images), layout), where):
        if prediction.problem:
            bad += 1
            echo(visible(f'"{prediction.file}" {prediction.problem}'), err=True)
        else:
            named = f"{visible(prediction.file)}\t{visible(prediction.label)}"
            echo(f"{named}\t{prediction.probability:.4f}")
    return 1 if bad else 0


@command.command(cls=GroupedCommand, common=COMPARE_COMMON)
@click.argument("data", type=FolderOrUrl(), default=Path("data/train"))
@add_options(COMPARE_OPTIONS)
def compare(data: Place, **options: Any) -> int:
    """Compare strategies on DATA: accuracy with confidence intervals, and cost.

    By default DATA is data/train. Writes index.html, report.md, comparison.json and runs.csv. Interrupted? Run the same command
    again to resume.
    """
    study = read_comparison(data, options)
    from train.compare.command import compare as answer

    return answer_study(partial(answer, study, plan=options["plan"]), options)


@command.command(cls=GroupedCommand, common=ABLATE_COMMON)
@click.argument("data", type=FolderOrUrl(), default=Path("data/train"))
@add_options(ABLATE_OPTIONS)
def ablate(data: Place, **options: Any) -> int:
    """Ablate a recipe on DATA: which techniques help, which harm, and for which classes.

    By default DATA is data/train. Writes index.html, report.md, ablation.json and recipe.yaml, a recipe to expand with.
    Interrupted? Run the same command again to resume.
    """
    ablation = read_ablation(data, options)
    from train.ablate.command import ablate as answer

    return answer_study(partial(answer, ablation, plan=options["plan"]), options)


@command.command(cls=GroupedCommand, common=WORTH_COMMON)
@click.argument("data", type=FolderOrUrl(), default=Path("data/train"))
@add_options(WORTH_OPTIONS)
def worth(data: Place, **options: Any) -> int:
    """Measure on DATA how many more images would be as good as augmentation.

    Trains every arm on subsets of several sizes, and reads the learning curve without augmentation
    backwards. By default DATA is data/train. Writes index.html, report.md, worth.json and runs.csv.
    Interrupted? Run the same command again to resume.
    """
    study = read_worth(data, options)
    from train.worth.command import find_worth

    return answer_study(partial(find_worth, study, plan=options["plan"]), {**UNUSED, **options})


def answer_study(answer: Callable[..., Answer], options: dict[str, Any]) -> int:
    """Run a command that answers by a study, print its answer, and return its exit status."""
    from train.cli.progress import decoding_for
    from train.data.cache import Cache
    from train.trials.options import StudyOptions
    from train.trials.study_dir import StudyDir

    prepare_torch(None)
    quiet = options["quiet"]
    study_dir = StudyDir(
        options["out"],
        Cache.of(options["cache"], options["cache_size"]),
        options["jobs"],
        materialize=options.get("materialize", False),
        overwrite=options["overwrite"],
    )
    chosen = StudyOptions(
        options["margin"], this_command(), options["seeds"] or 0, options["planned_seeds"]
    )
    found = answer(study_dir=study_dir, options=chosen, quiet=quiet, decoding=decoding_for(quiet))
    if found.text:  # only the first of several processes reports
        echo(found.text)
    return found.status


@command.command()
@click.option("--clear", is_flag=True, help="Remove all decoded datasets.")
@click.option(
    "--cache", type=Folder(), help="Folder of the cache.  [default: ~/.cache/expand-train/decoded]"
)
def cache(clear: bool, cache: Path | None) -> None:
    """Show the cache of decoded datasets, or clear it."""
    from expand.cli.formatting import format_bytes, format_count
    from train.data.cache import Cache

    kept = Cache(cache)
    count = format_count(len(kept.datasets()), "decoded dataset")
    if clear:
        echo(f"{visible(kept.root)}: {format_bytes(kept.clear())} freed")
    else:
        echo(
            f"{visible(kept.root)}: {count}, {format_bytes(kept.size())}; train cache --clear removes them"
        )


def prepare_torch(threads: int | None) -> None:
    """Make torch reproducible: a fixed number of threads, deterministic algorithms."""
    import torch

    from train.runtime.device import make_deterministic

    if threads is not None and threads < 1:
        raise TrainError(f"--threads must be at least 1, got {threads}")
    if threads is not None and threads > MOST["threads"]:
        raise TrainError(f"--threads must be at most {MOST['threads']:,}, got {threads:,}")
    if threads:
        torch.set_num_threads(threads)
    make_deterministic()
