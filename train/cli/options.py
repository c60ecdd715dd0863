"""The command's options, and the settings that they ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from train.errors import TrainError

if TYPE_CHECKING:
    from train.feed.strategies import Strategy
    from train.fit.hyperparameters import Hyperparameters
    from train.runs.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])
FOLDER = click.Path(path_type=Path)
CHANGES = (
    "epochs",
    "batch_size",
    "lr",
    "momentum",
    "weight_decay",
    "schedule",
    "smoothing",
    "average",
    "bias_lr",
)
DATA_OPTIONS = [
    click.option("--test", type=FOLDER, help="Class folders to measure on, once, at the end."),
    click.option(
        "--validation",
        type=float,
        default=0.0,
        show_default=True,
        help="Share of the sources held out to watch.",
    ),
    click.option(
        "--sources",
        type=int,
        help="Learn from so many sources only, drawn evenly over the classes.  [default: all]",
    ),
    click.option(
        "--image-size",
        type=int,
        help="Resize the shorter side to this and cut out the centre square.",
    ),
    click.option("--colour", default="keep", show_default=True, help="keep, rgb or grey."),
    click.option(
        "--allow-leak",
        is_flag=True,
        help="Go on where training and test share images; it is recorded.",
    ),
    click.option(
        "--cache",
        type=FOLDER,
        help="Where decoded sets are kept.  [default: ~/.cache/expand-train/packs]",
    ),
    click.option(
        "--cache-size",
        type=float,
        default=20.0,
        show_default=True,
        help="Its limit in GB; a larger set is streamed.",
    ),
]
STRATEGY_OPTIONS = [
    click.option(
        "--strategy",
        help="none, disk, fly or hybrid.  [default: disk for an expanded set, else none]",
    ),
    click.option(
        "--recipe",
        help="What fly draws: classic, blog or a file.  [default: the set's own, or classic]",
    ),
    click.option(
        "--factor", type=int, help="fly repeats its views after so many passes.  [default: never]"
    ),
    click.option(
        "--clean-every",
        type=int,
        help="fly shows in every so many passes what a new expansion by that factor would.",
    ),
    click.option(
        "--fly",
        "fly_techniques",
        metavar="LIST",
        help="hybrid: techniques to draw on top of the copies: flip,translate.",
    ),
    click.option(
        "--view-seed", type=int, help="Seed of the views.  [default: the set's own, or 0]"
    ),
    click.option(
        "--sampling", help="stratified or random.  [default: the set's own, or stratified]"
    ),
    click.option(
        "--visit",
        type=click.Choice(["sources", "all"]),
        default="sources",
        help="all: every file of the folder once an epoch.",
    ),
    click.option(
        "--renderer",
        default="auto",
        show_default=True,
        help="exact (expand's own code) or batched (on the device).",
    ),
]
MODEL_OPTIONS = [
    click.option(
        "--model",
        default="cnn",
        show_default=True,
        help="cnn, linear, vgg11, vgg16, fast, fast-wide, or torchvision's by name.",
    ),
    click.option(
        "--dropout", type=float, default=0.0, show_default=True, help="Before the last layer."
    ),
    click.option(
        "--pretrained", is_flag=True, help="Start from torchvision's weights (downloads them)."
    ),
]
RECIPE_OPTIONS = [
    click.option(
        "--recipe-train",
        default="default",
        show_default=True,
        help="default, or blog: plain SGD at 1e-3, batch 64, 5 epochs.",
    ),
    click.option(
        "--epochs", type=int, help="Passes over the sources, whatever the strategy.  [default: 10]"
    ),
    click.option("--batch-size", type=int, help="[default: 128]"),
    click.option(
        "--lr", type=float, help="The highest learning rate.  [default: 0.05; fast: 0.25]"
    ),
    click.option("--momentum", type=float, help="[default: 0.9]"),
    click.option("--weight-decay", type=float, help="[default: 5e-4, not on norms and biases]"),
    click.option(
        "--schedule", help="one-cycle, cosine or constant, counted in steps.  [default: one-cycle]"
    ),
    click.option("--smoothing", type=float, help="Label smoothing.  [default: 0.1; fast: 0.2]"),
    click.option(
        "--average",
        type=float,
        help="Half-life of the weights' average, as a share of the run.  [default: 0.03]",
    ),
    click.option(
        "--bias-lr",
        type=float,
        help="How many times faster norms and biases learn.  [default: 1; fast: 32]",
    ),
]
RUN_OPTIONS = [
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        help="Of the first weights and of the order.",
    ),
    click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda."),
    click.option(
        "--precision", default="auto", show_default=True, help="auto (a short probe), fp32 or bf16."
    ),
    click.option(
        "--mirrored",
        is_flag=True,
        help="Measure also the average with the mirrored image, and say so.",
    ),
    click.option(
        "--workers", type=int, help="Processes that read and render ahead.  [default: as is best]"
    ),
    click.option("--threads", type=int, help="Threads of torch.  [default: one a core]"),
]


def options_of(*groups: list[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    """Add groups of options to a command."""

    def add(command: Command) -> Command:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return add


def read_settings(data: Path, options: dict[str, Any]) -> Settings:
    """Return the settings that the options ask for."""
    from train.data.shape import Shape
    from train.runs.settings import Settings

    plain = (
        "model",
        "dropout",
        "pretrained",
        "seed",
        "validation",
        "sources",
        "renderer",
        "precision",
        "mirrored",
        "allow_leak",
    )
    return Settings(
        data,
        options["test"],
        read_strategy(data, options),
        read_hyperparameters(options),
        shape=Shape(options["image_size"], options["colour"]),
        **{key: options[key] for key in plain},
    )


def read_hyperparameters(options: dict[str, Any]) -> Hyperparameters:
    """Return the recipe of training that the options ask for."""
    from train.fit.hyperparameters import preset

    return preset(
        options["model"], options["recipe_train"], **{key: options[key] for key in CHANGES}
    )


def read_strategy(data: Path, options: dict[str, Any]) -> Strategy:
    """Return the strategy that the options ask for; what they leave open, an expanded set's run card says."""
    from expand.errors import ExpandError
    from expand.recipes.recipe import Recipe
    from expand.records.card import read_card
    from train.feed.strategies import Strategy

    try:
        card = read_card(data)
        made = card["settings"] if card else {}
        name = options["strategy"] or ("disk" if card else "none")
        recipe = None
        if name == "fly":
            own = Recipe.from_dict(made["recipe"]) if card and not options["recipe"] else None
            recipe = own or Recipe.load(options["recipe"] or "classic")
        elif name == "hybrid":
            recipe = _cheap(Recipe.load(options["recipe"] or "classic"), options["fly_techniques"])
    except ExpandError as error:
        raise TrainError(str(error)) from error
    _refuse_idle(name, options)
    return Strategy(
        name,
        recipe,
        options["view_seed"] if options["view_seed"] is not None else made.get("seed", 0),
        options["sampling"] or made.get("sampling", "stratified"),
        options["factor"],
        options["clean_every"],
        options["visit"] == "all",
    )


def _cheap(recipe: Any, names: str | None) -> Any:
    """Return the techniques of a recipe that hybrid draws on the fly."""
    from dataclasses import replace

    if not names:
        raise TrainError(
            "--strategy hybrid needs --fly: the techniques to draw on top of the copies, as flip,translate"
        )
    asked = [name.strip() for name in names.split(",")]
    known = {technique.name: technique for technique in recipe.techniques}
    if unknown := [name for name in asked if name not in known]:
        raise TrainError(
            f'recipe "{recipe.name}" has no technique "{unknown[0]}"; it has {", ".join(known)}'
        )
    chosen = tuple(technique for technique in recipe.techniques if technique.name in asked)
    return replace(recipe, name=f"{recipe.name} {','.join(asked)}", techniques=chosen)


def _refuse_idle(name: str, options: dict[str, Any]) -> None:
    """Refuse options that mean nothing for a strategy."""
    idle = {
        "factor": ("fly",),
        "clean_every": ("fly",),
        "fly_techniques": ("hybrid",),
        "recipe": ("fly", "hybrid"),
    }
    for option, strategies in idle.items():
        if options[option] is not None and name not in strategies:
            shown = {"fly_techniques": "fly"}.get(option, option).replace("_", "-")
            raise TrainError(
                f"--{shown} is for --strategy {' or '.join(strategies)}, not for {name}"
            )
