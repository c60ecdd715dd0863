"""The options of `train compare`, and the settings that they ask for."""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from expand.cli.groups import Folder, NameList, NameOrFile
from expand.cli.options import RECIPES, technique_names
from expand.cli.places import FolderOrUrl
from train.cli.options import (
    CONFIG,
    DATA_OPTIONS,
    DEVICE,
    MODEL_OPTIONS,
    OPTIMISATION_OPTIONS,
    PRECISION,
    renderer_option,
    without,
)
from train.cli.settings import (
    load_recipe,
    read_hyperparameters,
    read_shape,
    read_weights,
    typed,
)
from train.errors import TrainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expand.storage.stores.url import Place
    from train.compare.arms import Arm
    from train.compare.study import ComparisonStudy

COMPARE_COMMON = ("test", "arms", "factors", "lengths", "out")
NOT_COMPARED = ("test", "validation", "epochs")
ARMS = ("none", "fly", "disk", "disk-random", "disk-all", "disk-balanced", "hybrid")
BUDGETS = ("steps", "files", "wall", "wall-expansion")
CODECS = ("png", "keep", "jpg", "jpg:80", "webp")
MOST = {"seeds": 10_000, "planned_seeds": 10_000, "jobs": 1_024, "threads": 1_024}
PLAIN = (
    "model",
    "dropout",
    "sources",
    "draws",
    "budget",
    "balance",
    "most",
    "seed",
    "device",
    "precision",
    "allow_leak",
    "layout",
    "group_by",
    "freeze",
)

TEST = click.option(
    "--test",
    type=FolderOrUrl(),
    help="Test set, in any form that DATA can have; used once, at the end of each trial.  "
    "[default: DATA's part for tests]",
)
STUDY_DATA_OPTIONS = [TEST, *without(DATA_OPTIONS, *NOT_COMPARED)]
STUDY_MODEL_OPTIONS = without(MODEL_OPTIONS, "pretrained")
STUDY_OPTIMISATION_OPTIONS = without(OPTIMISATION_OPTIONS, *NOT_COMPARED)
PLAN = click.option(
    "--plan",
    is_flag=True,
    help="Estimate the time and the smallest difference that could be detected; train only a few "
    "short trials, to measure speed.",
)
PLANNED = click.option(
    "--planned-seeds",
    type=int,
    metavar="N",
    help="Seeds planned in all, if --seeds is raised step by step up to them.  "
    "[default: those of the first run]",
)
STUDY_OPTIONS = [
    PLANNED,
    click.option(
        "--margin",
        type=float,
        default=0.25,
        show_default=True,
        help="Difference in percentage points below which arms count as equivalent.",
    ),
    click.option(
        "--jobs", type=int, default=1, show_default=True, help="Number of trials at the same time."
    ),
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        help="Random seed from which the seeds of all trials are derived.",
    ),
    DEVICE,
    PRECISION,
    renderer_option("auto: exact"),
    click.option(
        "--threads",
        type=int,
        help="PyTorch threads in each trial.  [default: the cores divided by --jobs]",
    ),
    click.option(
        "--overwrite", is_flag=True, help="Remove earlier results in that folder, and start again."
    ),
    click.option("--quiet", "-q", is_flag=True, help="Print the results and errors only."),
    CONFIG,
]
ARM_OPTIONS = [
    click.option(
        "--arms",
        type=NameList(ARMS),
        default="none,fly,disk",
        show_default=True,
        help="Arms to compare: none, fly, disk, disk-random, disk-all (all files shuffled together), "
        "disk-balanced, hybrid; disk=4 for one factor only.",
    ),
    click.option(
        "--factor",
        "factors",
        default="4",
        show_default=True,
        help="Factor of the arms that store copies; with 2,4,8 there is one arm for each.",
    ),
    click.option(
        "--recipe",
        type=NameOrFile(RECIPES),
        default="classic",
        show_default=True,
        help="Recipe of the views: classic, blog, detect or a file.",
    ),
    click.option(
        "--fly",
        "fly_techniques",
        type=NameList(technique_names),
        metavar="LIST",
        help="Techniques that hybrid applies on top of its copies.  [default: flip,translate]",
    ),
    click.option(
        "--balance",
        metavar="RULE",
        default="max",
        show_default=True,
        help="Copies of disk-balanced: max or median (as many files as that class gets by "
        "--factor), or repeat=0.1.",
    ),
    click.option(
        "--most", type=int, metavar="M", help="At most M views of an image in disk-balanced."
    ),
    click.option(
        "--codec",
        type=NameOrFile(CODECS, files=False),
        default="png",
        show_default=True,
        help="Format of the copies: png (lossless), keep, jpg:80 (quality 80), webp.",
    ),
]
TUNE = click.option(
    "--tune",
    type=int,
    metavar="N",
    help="Beforehand, try N settings for each arm (epochs up to --epochs, learning rate, weight "
    "decay, smoothing, dropout) on a held-out fifth of DATA's sources.",
)
LENGTH_OPTIONS = [
    click.option(
        "--epochs",
        "lengths",
        metavar="LIST",
        help="Epochs to train for; with 4,20 every arm runs at both.  "
        "[default: F,5F of the largest factor F; with --tune: 5F]",
    ),
    click.option(
        "--budget",
        type=click.Choice(BUDGETS),
        default="steps",
        show_default=True,
        help="What is equal for all arms: steps, epochs over all their files, training time, "
        "or training time with the expansion.",
    ),
    TUNE,
]
COMPARE_RUN_OPTIONS = [
    click.option(
        "--seeds", type=int, help="Number of seeds for each arm.  [default: 6; on a GPU: 10]"
    ),
    click.option(
        "--materialize",
        is_flag=True,
        help="Expand the whole dataset to measure costs, not a sample; keep the folders.",
    ),
    PLAN,
    click.option(
        "--out",
        type=Folder(),
        default=Path("comparison"),
        show_default=True,
        help="Folder of the report and its data.",
    ),
    *STUDY_OPTIONS,
]
DRAWS = click.option(
    "--draws",
    type=int,
    help="Number of subsets, of --sources sources each, that the seeds take in turn: verdicts then "
    "hold for sources like these. At least 6 for a verdict.  [default: all seeds use the same sources]",
)
COMPARE_OPTIONS = {
    "Data": [*STUDY_DATA_OPTIONS, DRAWS],
    "Strategy": ARM_OPTIONS,
    "Model": STUDY_MODEL_OPTIONS,
    "Optimisation": [*LENGTH_OPTIONS, *STUDY_OPTIMISATION_OPTIONS],
    "Run": COMPARE_RUN_OPTIONS,
}


def read_comparison(data: Place, options: dict[str, Any]) -> ComparisonStudy:
    """Return the settings of the comparison that the options ask for."""
    from train.compare.study import ComparisonStudy

    return ComparisonStudy(**comparison_settings(data, options))


def comparison_settings(data: Place, options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a comparison, by name; those of a study of worth begin with them."""
    from train.compare.arms import default_lengths, parse_arms, parse_numbers
    from train.compare.codec import Codec

    check_counts(options)
    factors = parse_numbers(options["factors"], "--factor", 2)
    arms = parse_arms(options["arms"], factors)
    stored = [arm.factor for arm in arms if arm.factor] or list(factors)
    lengths = (
        parse_numbers(options["lengths"], "--epochs", 1)
        if options["lengths"]
        else default_lengths(stored)[-1:]
        if options["tune"]
        else default_lengths(stored)
    )
    drawn = options["fly_techniques"]
    if drawn and typed("fly_techniques") and not any(arm.strategy == "hybrid" for arm in arms):
        raise TrainError("--fly is for the arm hybrid, which --arms does not name")
    check_balance(options, arms)
    # copies are made by expand's own code: by default the views they are compared with are, too
    renderer = "exact" if options["renderer"] == "auto" else options["renderer"]
    return {
        "data": data,
        "test": options["test"],
        "arms": arms,
        "lengths": lengths,
        "views": load_recipe(options["recipe"], rules=False),
        "training": read_hyperparameters({**options, "epochs": max(lengths)}),
        "fly_techniques": tuple(name.strip() for name in drawn.split(",")) if drawn else (),
        "shape": read_shape(options),
        "codec": Codec.parse(options["codec"]),
        "threads": read_threads(options),
        "renderer": renderer,
        "tune": read_tune(options["tune"]),
        "weights": read_weights(options["weights"]),
        **{key: options[key] for key in PLAIN},
    }


def read_tune(count: int | None) -> int:
    """Return how many settings are tried for each arm; 0 if they are not tuned."""
    if count is not None and count < 2:
        raise TrainError(f"--tune must be at least 2, got {count}")
    return count or 0


def check_balance(options: dict[str, Any], arms: Sequence[Arm]) -> None:
    """Refuse options of disk-balanced where no such arm is."""
    given = [name for name in ("balance", "most") if options[name] is not None and typed(name)]
    if given and not any(arm.strategy == "disk-balanced" for arm in arms):
        raise TrainError(f"--{given[0]} is for the arm disk-balanced, which --arms does not name")


def read_threads(options: dict[str, Any]) -> int:
    """Return the number of threads of each trial: by default the trials share the cores."""
    from expand.engines.choose import available_cores

    threads: int | None = options["threads"]
    return threads or max(1, available_cores() // int(options["jobs"]))


def check_counts(options: dict[str, Any]) -> None:
    """Refuse numbers that are too small or too large."""
    for name, most in MOST.items():
        option = name.replace("_", "-")
        if options[name] is not None and options[name] < 1:
            raise TrainError(f"--{option} must be at least 1, got {options[name]}")
        if options[name] is not None and options[name] > most:
            raise TrainError(f"--{option} must be at most {most:,}, got {options[name]:,}")
    if not 0 <= options["dropout"] < 1:  # before the folder is made
        raise TrainError(f"--dropout must be at least 0 and below 1, got {options['dropout']}")
    if options["freeze"] and not options["weights"]:
        raise TrainError(
            "--freeze keeps all layers but the last as they are; it needs --weights FILE"
        )
    if not 0 <= options["seed"] < 2**64:
        raise TrainError(f"--seed must be 0 … 2^64 - 1, got {options['seed']}")
    if not 0 < options["margin"] < math.inf:
        raise TrainError(f"--margin must be above 0 and finite, got {options['margin']}")


def this_command() -> str:
    """Return the command line that is running, in a form that can be typed again."""
    return shlex.join(["train", *sys.argv[1:]])
