"""The settings of a run, from the options of `train`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from expand.cli.output import echo, visible
from train.errors import TrainError

if TYPE_CHECKING:
    from pathlib import Path

    from expand.recipes.recipe import Recipe
    from expand.storage.stores.url import Place
    from train.data.shape import Shape
    from train.feed.strategies import Strategy
    from train.fit.hyperparameters import Hyperparameters
    from train.models.weights_file import WeightsFile
    from train.runs.settings import Settings

HYPERPARAMETERS = (
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
PLAIN = (
    "model",
    "dropout",
    "pretrained",
    "freeze",
    "seed",
    "validation",
    "sources",
    "renderer",
    "precision",
    "mirrored",
    "allow_leak",
    "layout",
    "group_by",
)
USED_BY = {
    "factor": ("fly",),
    "clean_every": ("fly",),
    "fly_techniques": ("hybrid",),
    "recipe": ("fly", "hybrid"),
}
"""The strategies that an option is for."""


def read_settings(data: Place, options: dict[str, Any]) -> Settings:
    """Return the settings that the options ask for."""
    from train.runs.settings import Settings

    return Settings(
        data,
        options["test"],
        read_strategy(data, options),
        read_hyperparameters(options),
        shape=read_shape(options),
        weights=read_weights(options["weights"]),
        **{key: options[key] for key in PLAIN},
    )


def read_weights(file: Path | None) -> WeightsFile | None:
    """Return the file of weights to start from, with its hash."""
    from train.models.weights_file import WeightsFile

    return None if file is None else WeightsFile.of(file)


def read_shape(options: dict[str, Any]) -> Shape:
    """Return the shape of images that the options ask for."""
    from train.data.shape import Shape

    return Shape(options.get("image_size"), options["colour"])


def read_hyperparameters(options: dict[str, Any]) -> Hyperparameters:
    """Return the hyperparameters that the options ask for: a preset and changes to it."""
    from train.fit.hyperparameters import preset

    changes = {key: options[key] for key in HYPERPARAMETERS}
    if _source("preset") is ParameterSource.COMMANDLINE:
        changes = {
            key: value
            for key, value in changes.items()
            if key == "epochs" or _source(key) is not ParameterSource.DEFAULT_MAP
        }
    return preset(options["model"], options["preset"], **changes)


def load_recipe(recipe: str | dict[str, Any], *, rules: bool = True) -> Recipe:
    """Load a recipe by name, from a file, or from plain data in a configuration file.

    Without `rules`, one that has rules for classes is refused.
    """
    from expand.errors import ExpandError
    from expand.recipes.recipe import Recipe

    try:
        loaded = Recipe.from_dict(recipe) if isinstance(recipe, dict) else Recipe.load(recipe)
    except ExpandError as error:
        where = "" if isinstance(recipe, dict) else "--recipe: "
        raise TrainError(f"{where}{error}") from error
    if loaded.exchanges:
        raise TrainError(
            f'recipe "{loaded.name}" has rules with becomes, by which a view has another class than '
            "its image: expand writes such copies, and --strategy disk trains on them; here use "
            "never"
        )
    if loaded.classes and not rules:
        raise TrainError(
            f'recipe "{loaded.name}" has rules for classes, which compare and ablate do not '
            "follow: they measure one recipe for all classes. Leave them out"
        )
    for note in loaded.notes:
        echo(visible(note), err=True)
    return loaded


def read_strategy(data: Place, options: dict[str, Any]) -> Strategy:
    """Return the strategy that the options ask for, with an expanded set's run card as default."""
    from train.data.sets.objects import read_card_at
    from train.feed.strategies import Strategy

    card = read_card_at(data)
    written = card["settings"] if card else {}
    name = options["strategy"] or ("disk" if card else "none")
    options = _without_unused(name, options)
    recipe = None
    if name == "fly":
        recipe = load_recipe(options["recipe"] or written.get("recipe") or "classic")
    elif name == "hybrid":
        recipe = _read_drawn(options["recipe"] or "classic", options["fly_techniques"])
    view_seed = options["view_seed"]
    return Strategy(
        name,
        recipe,
        written.get("seed", 0) if view_seed is None else view_seed,
        options["sampling"] or written.get("sampling", "stratified"),
        options["factor"],
        options["clean_every"],
        options["visit"] == "all",
    )


def _read_drawn(recipe: str | dict[str, Any], names: str | None) -> Recipe:
    """Return the techniques of a recipe that hybrid draws; the record of a run holds just them."""
    if not names and isinstance(recipe, dict):
        return load_recipe(recipe)
    if not names:
        raise TrainError(
            "--strategy hybrid needs --fly: the techniques to apply on top of the copies, "
            "for example flip,translate"
        )
    loaded = load_recipe(recipe)
    requested = [name.strip() for name in names.split(",")]
    known = {technique.name: technique for technique in loaded.techniques}
    if unknown := [name for name in requested if name not in known]:
        raise TrainError(
            f'--fly: recipe "{loaded.name}" has no technique "{unknown[0]}"; it has {", ".join(known)}'
        )
    chosen = tuple(technique for technique in loaded.techniques if technique.name in requested)
    return replace(loaded, name=f"{loaded.name} {','.join(requested)}", techniques=chosen)


def _without_unused(strategy: str, options: dict[str, Any]) -> dict[str, Any]:
    """Refuse typed options that a strategy does not use; drop those of a configuration file."""
    kept = dict(options)
    for option, strategies in USED_BY.items():
        if options[option] is None or strategy in strategies:
            continue
        if _source(option) is not ParameterSource.DEFAULT_MAP:
            shown = {"fly_techniques": "fly"}.get(option, option).replace("_", "-")
            raise TrainError(
                f"--{shown} is for --strategy {' or '.join(strategies)}, not for {strategy}"
            )
        kept[option] = None
    return kept


def typed(name: str) -> bool:
    """Return whether an option was typed on the command line."""
    return _source(name) is ParameterSource.COMMANDLINE


def _source(name: str) -> ParameterSource | None:
    """Return where the value of an option comes from; None outside a command."""
    ctx = click.get_current_context(silent=True)
    return ctx.get_parameter_source(name) if ctx else None
