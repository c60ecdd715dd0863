"""The options of `train ablate`, and the settings that they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from expand.cli.groups import Folder, NameOrFile
from expand.cli.options import RECIPES
from train.cli.compare import (
    PLAN,
    STUDY_DATA_OPTIONS,
    STUDY_MODEL_OPTIONS,
    STUDY_OPTIMISATION_OPTIONS,
    STUDY_OPTIONS,
    TUNE,
    check_counts,
    read_threads,
    read_tune,
)
from train.cli.options import AUTO_RENDERER, renderer_option, without
from train.cli.settings import load_recipe, read_hyperparameters, read_shape, read_weights

if TYPE_CHECKING:
    from expand.storage.stores.url import Place
    from train.ablate.ablation import AblationStudy

ABLATE_COMMON = ("test", "recipe", "design", "epochs", "out")
DESIGNS = ("plackett-burman", "single")
PLAIN = (
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
    "layout",
    "group_by",
    "freeze",
)
DESIGN_OPTIONS = [
    click.option(
        "--recipe",
        type=NameOrFile(RECIPES),
        default="blog",
        show_default=True,
        help="Recipe to ablate: classic, blog, detect or a file.",
    ),
    click.option(
        "--design",
        type=click.Choice(DESIGNS),
        default="plackett-burman",
        show_default=True,
        help="A design of 12 runs for up to 11 techniques, or each technique alone.",
    ),
]
EPOCHS = click.option(
    "--epochs",
    type=int,
    default=20,
    show_default=True,
    help="Number of epochs of every trial; each visits every source once.",
)
ABLATE_RUN_OPTIONS = [
    click.option("--seeds", type=int, help="Number of seeds for each arm.  [default: 6]"),
    PLAN,
    click.option(
        "--out",
        type=Folder(),
        default=Path("ablation"),
        show_default=True,
        help="Folder of the report and the recipe.",
    ),
    *without(STUDY_OPTIONS, "renderer"),
    renderer_option(AUTO_RENDERER),
]
ABLATE_OPTIONS = {
    "Data": STUDY_DATA_OPTIONS,
    "Strategy": DESIGN_OPTIONS,
    "Model": STUDY_MODEL_OPTIONS,
    "Optimisation": [EPOCHS, TUNE, *STUDY_OPTIMISATION_OPTIONS],
    "Run": ABLATE_RUN_OPTIONS,
}


def read_ablation(data: Place, options: dict[str, Any]) -> AblationStudy:
    """Return the settings of the ablation that the options ask for."""
    from train.ablate.ablation import AblationStudy

    check_counts(options)
    return AblationStudy(
        data=data,
        test=options["test"],
        recipe=load_recipe(options["recipe"], rules=False),
        training=read_hyperparameters(options),
        shape=read_shape(options),
        threads=read_threads(options),
        weights=read_weights(options["weights"]),
        tune=read_tune(options["tune"]),
        **{key: options[key] for key in PLAIN},
    )
