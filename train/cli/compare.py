"""The options of `train compare`, and the settings that they ask for."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from train.cli.options import (
    DATA_OPTIONS,
    FOLDER,
    MODEL_OPTIONS,
    RECIPE_OPTIONS,
    read_hyperparameters,
)
from train.errors import TrainError

if TYPE_CHECKING:
    from train.compare.study import ComparisonStudy

NOT_COMPARED = ("test", "validation", "epochs")


def without(options: list[Any], *names: str) -> list[Any]:
    """Return options without those of these names."""

    def name_of(option: Any) -> str:
        holder = option(lambda: None)
        return str(holder.__click_params__[0].name)

    return [option for option in options if name_of(option) not in names]


STUDY_OPTIONS = [
    click.option(
        "--margin",
        type=float,
        default=0.25,
        show_default=True,
        help="Points within which arms count as equivalent.",
    ),
    click.option("--jobs", type=int, default=1, show_default=True, help="Replicates side by side."),
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        help="From which the seeds of all replicates are drawn.",
    ),
    click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda."),
    click.option(
        "--precision", default="auto", show_default=True, help="auto (a short probe), fp32 or bf16."
    ),
    click.option(
        "--renderer",
        default="auto",
        show_default=True,
        help="exact (expand's own code) or batched (on the device); compare: exact.",
    ),
    click.option(
        "--threads",
        type=int,
        help="Threads of torch for each job.  [default: the cores, shared by the jobs]",
    ),
    click.option(
        "--overwrite", is_flag=True, help="Remove an earlier comparison there, and start afresh."
    ),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing but the findings and errors."),
]
COMPARE_OPTIONS = [
    click.option(
        "--test",
        type=FOLDER,
        required=True,
        help="Class folders to measure on, once, at the end of each run.",
    ),
    click.option(
        "--factor",
        "factors",
        default="4",
        show_default=True,
        help="F of the arms that store copies; 2,4,8: one arm each.",
    ),
    click.option(
        "--arms",
        default="none,fly,disk",
        show_default=True,
        help="Of none, fly, disk, disk-random, hybrid; disk=4: that F only.",
    ),
    click.option(
        "--epochs",
        "lengths",
        metavar="LIST",
        help="Passes over the sources, a run each.  [default: F,5F of the largest F]",
    ),
    click.option("--seeds", type=int, help="Replicates of each arm.  [default: 6; on a GPU: 10]"),
    click.option(
        "--budget",
        default="steps",
        show_default=True,
        help="What arms share: steps; files (passes over all their files); wall, wall-expansion (seconds of training, less those of the expansion).",
    ),
    click.option(
        "--recipe",
        default="classic",
        show_default=True,
        help="What the views are: classic, blog or a file.",
    ),
    click.option(
        "--fly",
        "fly_techniques",
        metavar="LIST",
        help="What hybrid draws on top of its copies.  [default: flip,translate]",
    ),
    click.option(
        "--codec",
        default="png",
        show_default=True,
        help="What copies pass through: png (nothing is lost), keep, jpg:80, webp.",
    ),
    click.option(
        "--materialize",
        is_flag=True,
        help="Expand everything for the costs, not a sample; the folders stay.",
    ),
    click.option(
        "--plan", is_flag=True, help="Only say how long it would take and how finely it would see."
    ),
    click.option(
        "--out",
        type=FOLDER,
        default=Path("comparison"),
        show_default=True,
        help="Where the page and the numbers go.",
    ),
    *STUDY_OPTIONS,
    *without(DATA_OPTIONS, *NOT_COMPARED),
    *MODEL_OPTIONS[:2],
    *without(RECIPE_OPTIONS, *NOT_COMPARED),
]


def read_comparison(data: Path, options: dict[str, Any]) -> ComparisonStudy:
    """Return the question that the options ask."""
    from expand.engines.local import available_cores
    from expand.errors import ExpandError
    from expand.recipes.recipe import Recipe
    from train.compare.arms import default_lengths, parse_arms, parse_numbers
    from train.compare.codec import Codec
    from train.compare.study import ComparisonStudy
    from train.data.shape import Shape

    check_counts(options)
    factors = parse_numbers(options["factors"], "--factor", 2)
    arms = parse_arms(options["arms"], factors)
    stored = [arm.factor for arm in arms if arm.factor] or list(factors)
    lengths = (
        parse_numbers(options["lengths"], "--epochs", 1)
        if options["lengths"]
        else default_lengths(stored)
    )
    try:
        recipe = Recipe.load(options["recipe"])
    except ExpandError as error:
        raise TrainError(str(error)) from error
    drawn = options["fly_techniques"]
    plain = ("model", "dropout", "sources", "budget", "seed", "device", "precision", "allow_leak")
    # copies are made by expand's own code: by default the views that are held against them are, too
    renderer = "exact" if options["renderer"] == "auto" else options["renderer"]
    return ComparisonStudy(
        data=data,
        test=options["test"],
        arms=arms,
        lengths=lengths,
        views=recipe,
        training=read_hyperparameters({**options, "epochs": max(lengths)}),
        fly_techniques=tuple(name.strip() for name in drawn.split(",")) if drawn else (),
        shape=Shape(options["image_size"], options["colour"]),
        codec=Codec.parse(options["codec"]),
        threads=options["threads"] or max(1, available_cores() // options["jobs"]),
        renderer=renderer,
        **{key: options[key] for key in plain},
    )


def check_counts(options: dict[str, Any]) -> None:
    """Refuse numbers that mean nothing."""
    for name in ("seeds", "jobs", "threads"):
        if options[name] is not None and options[name] < 1:
            raise TrainError(f"--{name} must be at least 1, got {options[name]}")
    if options["margin"] <= 0:
        raise TrainError(f"--margin must be above 0, got {options['margin']}")


def this_command() -> str:
    """Return the command line that is running, as it can be typed again."""
    return shlex.join(["train", *sys.argv[1:]])
