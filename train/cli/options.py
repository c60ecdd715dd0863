"""The options of `train`; those of `compare`, `ablate` and `worth` reuse most of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from expand.cli.groups import Folder, NameList, NameOrFile
from expand.cli.options import LAYOUT, MAX_PIXELS_OPTION, RECIPES, SAMPLINGS, technique_names
from expand.cli.places import FolderOrUrl
from train.cli.config import load_config

Option = Callable[[Any], Any]
COMMON = ("test", "strategy", "model", "epochs", "out")
# Written out, so that --help loads neither numpy nor torch; a test holds them against the library.
STRATEGIES = ("none", "disk", "fly", "hybrid")
RENDERERS = ("auto", "exact", "batched")
PRECISIONS = ("auto", "fp32", "bf16")
SCHEDULES = ("one-cycle", "cosine", "constant")
COLOURS = ("keep", "rgb", "grey")
PRESETS = ("default", "blog")
MODELS = ("cnn", "linear", "vgg11", "vgg16", "fast", "fast-wide", "resnet8", "resnet20")
DEVICES = ("auto", "cpu", "cuda")

DEVICE = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="Device to use.",
)
PRECISION = click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="auto",
    show_default=True,
    help="Number format; auto: the faster one in a short test.",
)
AUTO_RENDERER = "auto: batched on a GPU, if the images fit and the recipe allows it; else exact"


def renderer_option(auto: str) -> Option:
    """Return the option --renderer of a command; its help ends with what `auto` means there."""
    how = "How views are computed: by expand's own code, or in batches on the device"
    return click.option(
        "--renderer",
        type=click.Choice(RENDERERS),
        default="auto",
        show_default=True,
        help=f"{how}; {auto}.",
    )


CONFIG = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=load_config,
    help="Read options from a YAML file or from the record of an earlier run; "
    "options on the command line take precedence.",
)
DATA_OPTIONS = [
    click.option(
        "--test",
        type=FolderOrUrl(),
        help="Test set, in any form that DATA can have; used once, after training.  "
        "[default: DATA's part for tests]",
    ),
    LAYOUT,
    click.option(
        "--group-by",
        metavar="REGEX|COLUMN",
        help="Keep images together whose path has the same text where the regular expression "
        "captures it, such as '(patient\\d+)_', or that have the same value in this column of a "
        "table; no group may be in two splits.",
    ),
    click.option(
        "--validation",
        type=float,
        default=0.0,
        show_default=True,
        help="Fraction of the sources held out for validation; 0: DATA's part for it, if any.",
    ),
    click.option(
        "--sources",
        type=int,
        help="Train on this many sources only, sampled evenly over the classes.  [default: all]",
    ),
    click.option(
        "--image-size", type=int, help="Resize the shorter side to this and crop the centre."
    ),
    click.option(
        "--colour",
        type=click.Choice(COLOURS),
        default="keep",
        show_default=True,
        help="Convert all images to RGB or grey; transparent parts are shown on grey (128 of 255).",
    ),
    click.option(
        "--allow-leak",
        is_flag=True,
        help="Continue if training and test set share images; the record of the run says so.",
    ),
    click.option(
        "--cache",
        type=Folder(),
        help="Folder of the cache of decoded images.  [default: ~/.cache/expand-train/decoded]",
    ),
    click.option(
        "--cache-size",
        type=float,
        default=20.0,
        show_default=True,
        help="Size limit of the cache in GB; a larger dataset is read again in every epoch.",
    ),
    MAX_PIXELS_OPTION,
]
STRATEGY_OPTIONS = [
    click.option(
        "--strategy",
        type=click.Choice(STRATEGIES),
        help="none: sources only; disk: copies that expand wrote; fly: a new view in every epoch; "
        "hybrid: copies plus views.  [default: disk for an expanded dataset, else none]",
    ),
    click.option(
        "--recipe",
        type=NameOrFile(RECIPES),
        help="Views of fly and hybrid: classic, blog, detect or a file.  "
        "[default: that of the dataset, or classic]",
    ),
    click.option(
        "--factor", type=int, help="With fly, repeat the views after N epochs.  [default: never]"
    ),
    click.option(
        "--clean-every",
        type=int,
        metavar="F",
        help="With fly, show in every F epochs what a new expansion with --factor F would contain.",
    ),
    click.option(
        "--fly",
        "fly_techniques",
        type=NameList(technique_names),
        metavar="LIST",
        help="With hybrid, the techniques applied on top of the copies, for example flip,translate.",
    ),
    click.option(
        "--view-seed",
        type=int,
        help="Random seed of the views.  [default: that of the dataset, or 0]",
    ),
    click.option(
        "--sampling",
        type=click.Choice(SAMPLINGS),
        help="Spread the views evenly, or draw each one independently.  "
        "[default: that of the dataset, or stratified]",
    ),
    click.option(
        "--visit",
        type=click.Choice(["sources", "all"]),
        default="sources",
        show_default=True,
        help="What an epoch visits: each source once, or every file of the folder, shuffled together: "
        "F times the steps.",
    ),
    renderer_option(AUTO_RENDERER),
]
MODEL_OPTIONS = [
    click.option(
        "--model",
        type=NameOrFile(MODELS, files=False),
        default="cnn",
        show_default=True,
        help=f"{', '.join(MODELS)}, or the name of a torchvision model.",
    ),
    click.option(
        "--dropout",
        type=float,
        default=0.0,
        show_default=True,
        help="Dropout rate before the last layer.",
    ),
    click.option(
        "--pretrained", is_flag=True, help="Start from torchvision's weights (downloads them)."
    ),
    click.option(
        "--weights",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Start from the weights in a local file: safetensors, or a PyTorch state dict; "
        "the last layer is new unless it fits the classes.",
    ),
    click.option(
        "--freeze",
        is_flag=True,
        help="With weights to start from, train the last layer only, and what is new.",
    ),
]
OPTIMISATION_OPTIONS = [
    click.option(
        "--preset",
        type=click.Choice(PRESETS),
        default="default",
        show_default=True,
        help="Hyperparameters to start from; blog: plain SGD at 1e-3, batch size 64, 5 epochs.",
    ),
    click.option(
        "--epochs",
        type=int,
        help="Number of epochs; each visits every source once.  [default: 10]",
    ),
    click.option("--batch-size", type=int, help="[default: 128]"),
    click.option("--lr", type=float, help="Maximum learning rate.  [default: 0.05; fast: 0.25]"),
    click.option("--momentum", type=float, help="[default: 0.9]"),
    click.option(
        "--weight-decay",
        type=float,
        help="Weight decay, except of norms and biases.  [default: 5e-4]",
    ),
    click.option(
        "--schedule",
        type=click.Choice(SCHEDULES),
        help="Learning rate schedule, counted in steps.  [default: one-cycle]",
    ),
    click.option("--smoothing", type=float, help="Label smoothing.  [default: 0.1; fast: 0.2]"),
    click.option(
        "--average",
        type=float,
        help="Half-life of the weight average, as a fraction of the run.  [default: 0.03]",
    ),
    click.option(
        "--bias-lr",
        type=float,
        help="Learning rate of norms and biases, as a multiple of --lr.  [default: 1; fast: 32]",
    ),
]
RUN_OPTIONS = [
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        help="Random seed of the initial weights and of the order of images.",
    ),
    DEVICE,
    PRECISION,
    click.option(
        "--mirrored",
        is_flag=True,
        help="Also report the accuracy averaged over each test image and its mirror image.",
    ),
    click.option(
        "--workers", type=int, help="Worker processes that load data.  [default: automatic]"
    ),
    click.option("--threads", type=int, help="PyTorch threads.  [default: one per core]"),
    click.option("--out", type=Folder(), help="Folder of the run.  [default: runs/MODEL-STRATEGY]"),
    click.option(
        "--overwrite", is_flag=True, help="Remove an earlier run in that folder, and start again."
    ),
    click.option("--tensorboard", is_flag=True, help="Write TensorBoard events as well."),
    click.option("--quiet", "-q", is_flag=True, help="Print the summary and errors only."),
    CONFIG,
]


def without(options: list[Option], *names: str) -> list[Option]:
    """Return the options except those with these names."""

    def name_of(option: Option) -> str:
        holder: Any = option(lambda: None)
        return str(holder.__click_params__[0].name)

    return [option for option in options if name_of(option) not in names]


def current_name(name: str) -> str:
    """Return today's name of an option that had another one before."""
    return {"recipe-train": "preset"}.get(name, name)
