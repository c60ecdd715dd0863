"""The options of `train ablate`, and the settings that they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from train.cli.compare import NOT_COMPARED, STUDY_OPTIONS, check_counts, without
from train.cli.options import (
    DATA_OPTIONS,
    FOLDER,
    MODEL_OPTIONS,
    RECIPE_OPTIONS,
    read_hyperparameters,
)
from train.errors import TrainError

if TYPE_CHECKING:
    from train.ablate.ablation import AblationStudy

ABLATE_OPTIONS = [
    click.option(
        "--test",
        type=FOLDER,
        required=True,
        help="Class folders to measure on, once, at the end of each run.",
    ),
    click.option(
        "--recipe",
        default="blog",
        show_default=True,
        help="What is taken apart: classic, blog or a file.",
    ),
    click.option(
        "--design",
        default="plackett-burman",
        show_default=True,
        help="12 runs for up to 11 techniques; or single: each alone.",
    ),
    click.option(
        "--epochs",
        type=int,
        default=20,
        show_default=True,
        help="Passes over the sources in every run.",
    ),
    click.option("--seeds", type=int, help="Replicates of the design.  [default: 6]"),
    click.option(
        "--out",
        type=FOLDER,
        default=Path("ablation"),
        show_default=True,
        help="Where the page and the recipe go.",
    ),
    *STUDY_OPTIONS,
    *without(DATA_OPTIONS, *NOT_COMPARED, "image_size"),
    *MODEL_OPTIONS[:2],
    *without(RECIPE_OPTIONS, *NOT_COMPARED),
]


def read_ablation(data: Path, options: dict[str, Any]) -> AblationStudy:
    """Return the ablation that the options ask for."""
    from expand.engines.local import available_cores
    from expand.errors import ExpandError
    from expand.recipes.recipe import Recipe
    from train.ablate.ablation import AblationStudy
    from train.data.shape import Shape

    check_counts(options)
    try:
        recipe = Recipe.load(options["recipe"])
    except ExpandError as error:
        raise TrainError(str(error)) from error
    plain = (
        "model",
        "dropout",
        "sources",
        "seed",
        "device",
        "renderer",
        "precision",
        "allow_leak",
        "design",
        "epochs",
    )
    return AblationStudy(
        data=data,
        test=options["test"],
        recipe=recipe,
        training=read_hyperparameters(options),
        shape=Shape(None, options["colour"]),
        threads=options["threads"] or max(1, available_cores() // options["jobs"]),
        **{key: options[key] for key in plain},
    )
