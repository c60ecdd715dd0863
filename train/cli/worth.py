"""The options of `train worth`, and the settings that they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from expand.cli.groups import Folder
from train.cli.compare import (
    ARM_OPTIONS,
    STUDY_DATA_OPTIONS,
    STUDY_MODEL_OPTIONS,
    STUDY_OPTIMISATION_OPTIONS,
    STUDY_OPTIONS,
    TUNE,
    comparison_settings,
)
from train.cli.options import without

if TYPE_CHECKING:
    from expand.storage.stores.url import Place
    from train.worth.study import WorthStudy

WORTH_COMMON = ("test", "arms", "factors", "sizes", "lengths", "out")
SIZE_OPTIONS = [
    click.option(
        "--sizes",
        default="1/8,1/4,1/2,1",
        show_default=True,
        metavar="LIST",
        help="Sizes to train on: shares of the sources (of --sources, if given), or numbers.",
    ),
    click.option(
        "--draws",
        type=int,
        help="Number of subsets of each size, which the seeds take in turn.  [default: one per seed]",
    ),
]
EPOCHS = click.option(
    "--epochs",
    "lengths",
    metavar="LIST",
    help="Epochs on the largest size; smaller ones get as many steps. With several numbers, every "
    "arm is measured after the one that suits it best.  [default: 2F,8F of the largest factor F; with --tune: 8F]",
)
WORTH_RUN_OPTIONS = [
    click.option(
        "--seeds", type=int, help="Number of seeds for each arm.  [default: 6; on a GPU: 10]"
    ),
    click.option(
        "--plan",
        is_flag=True,
        help="Estimate the time; train only a few short trials, to measure speed.",
    ),
    click.option(
        "--out",
        type=Folder(),
        default=Path("worth"),
        show_default=True,
        help="Folder of the report and its data.",
    ),
    *without(STUDY_OPTIONS, "margin", "planned_seeds"),
]
WORTH_OPTIONS = {
    "Data": [*STUDY_DATA_OPTIONS, *SIZE_OPTIONS],
    "Strategy": ARM_OPTIONS,
    "Model": STUDY_MODEL_OPTIONS,
    "Optimisation": [EPOCHS, TUNE, *STUDY_OPTIMISATION_OPTIONS],
    "Run": WORTH_RUN_OPTIONS,
}
UNUSED: dict[str, Any] = {
    "margin": 0.25,
    "budget": "steps",
    "materialize": False,
    "planned_seeds": None,
}
"""What a comparison has and a study of worth does not use."""


def read_worth(data: Place, options: dict[str, Any]) -> WorthStudy:
    """Return the settings of the study that the options ask for."""
    from train.compare.arms import parse_arms, parse_numbers
    from train.worth.study import WorthStudy, parse_sizes

    factors = parse_numbers(options["factors"], "--factor", 2)
    stored = [arm.factor for arm in parse_arms(options["arms"], factors) if arm.factor]
    largest = max(stored or factors)
    both = f"{2 * largest},{8 * largest}"
    lengths = options["lengths"] or (f"{8 * largest}" if options["tune"] else both)
    asked = {**UNUSED, **options, "lengths": lengths}
    sizes = parse_sizes(options["sizes"])
    return WorthStudy(**comparison_settings(data, asked), sizes=sizes)
