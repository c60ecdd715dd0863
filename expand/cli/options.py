"""The command's options, and the settings that they ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from expand.errors import ExpandError

if TYPE_CHECKING:
    from expand.job.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


def view_options(command: Command) -> Command:
    """Add the options that decide what the views are."""
    options = [
        click.option(
            "--factor",
            type=int,
            help="The set becomes FACTOR times as large, originals counted.  [default: 4]",
        ),
        click.option(
            "--copies", type=int, help="The same, said as copies beside the original: factor - 1."
        ),
        click.option(
            "--techniques",
            metavar="LIST",
            help="Techniques with factors, as flip=4,noise=2; alone, their product is the factor.",
        ),
        click.option(
            "--recipe",
            default="classic",
            show_default=True,
            help="classic, blog, or a YAML file; an albumentations pipeline as well.",
        ),
        click.option(
            "--sampling",
            default="stratified",
            show_default=True,
            help="stratified: spread evenly; random: drawn independently.",
        ),
        click.option(
            "--seed", type=int, default=0, show_default=True, help="Another seed, other views."
        ),
    ]
    return _all(options)(command)


def file_options(command: Command) -> Command:
    """Add the options that decide how files are written."""
    options = [
        click.option(
            "--format",
            "format_",
            default="keep",
            show_default=True,
            help="keep, png, jpg or webp, for the copies.",
        ),
        click.option(
            "--quality",
            type=int,
            help="1 … 100, of JPEG and WebP copies.  [default: a JPEG source's own; else JPEG 95, WebP 90]",
        ),
        click.option(
            "--originals",
            default="copy",
            show_default=True,
            help="copy, link (hard links, no bytes) or none.",
        ),
        click.option(
            "--workers", type=int, help="Processes.  [default: one a core, fewer for small jobs]"
        ),
    ]
    return _all(options)(command)


def _all(options: list[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def read_settings(options: dict[str, Any]) -> Settings:
    """Return the settings that the options ask for."""
    factor = _asked_factor(options["factor"], options["copies"])
    from expand.job.settings import Settings
    from expand.recipes.recipe import Recipe

    recipe = Recipe.load(options["recipe"])
    if options["techniques"]:
        recipe = recipe.with_factors(_factors(options["techniques"]))
        factor = factor if factor is not None else recipe.distinct
    given = {
        key: options[key] for key in ("seed", "sampling", "quality", "originals") if key in options
    }
    return Settings(
        recipe, 4 if factor is None else factor, format=options.get("format_", "keep"), **given
    )


def _asked_factor(factor: int | None, copies: int | None) -> int | None:
    if factor is not None and factor < 1:
        raise ExpandError(f"--factor must be at least 1, got {factor}")
    if copies is None:
        return factor
    if copies < 0:
        raise ExpandError(f"--copies must be at least 0, got {copies}")
    if factor is not None and factor != copies + 1:
        raise ExpandError(
            f"--copies {copies} is --factor {copies + 1}, got --factor {factor} as well"
        )
    return copies + 1


def _factors(text: str) -> dict[str, int]:
    """Return the factors that --techniques names."""
    factors: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        if not number.isdigit():
            raise ExpandError(
                f'--techniques takes name=factor,…, as in flip=4,noise=2; got "{part}"'
            )
        if name in factors:
            raise ExpandError(f'--techniques names "{name}" twice')
        factors[name] = int(number)
    return factors
