"""The options of `expand`, and the settings that they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from expand.cli.groups import Command, NameList, NameOrFile, titled
from expand.errors import ExpandError
from expand.images.formats import MAX_PIXELS, OPTIONS, set_max_pixels
from expand.layouts.layout import AUTO, LABELLED, LAYOUTS

if TYPE_CHECKING:
    from expand.engines.choose import RayOptions
    from expand.job.balance import Balance
    from expand.job.plan import SettingsFor
    from expand.job.settings import Settings
    from expand.job.sharding.shard import Shard
    from expand.layouts.labelled.dataset import Request

RECIPES = ("classic", "blog", "detect")
FORMATS = ("keep", *OPTIONS)
DEFAULT_QUALITIES = ", ".join(
    f"{kind.title} {kind.quality}" for kind in OPTIONS.values() if kind.quality
)
# Written out, so that --help loads no numpy; a test holds them against the library.
SAMPLINGS = ("stratified", "random")
ORIGINALS = ("copy", "link", "none")
DATA_SETS = ("FashionMNIST", "MNIST", "KMNIST", "CIFAR10", "CIFAR100")
COMMON = ("factor", "recipe", "techniques", "seed", "dry_run")


def technique_names() -> list[str]:
    """List the names of the techniques; loads numpy, so call it only when a shell completes."""
    from expand.techniques import NATIVE

    return list(NATIVE)


AUGMENTATION_OPTIONS = [
    click.option(
        "--factor",
        type=int,
        help="Make the dataset FACTOR times as large, originals included.  [default: 4]",
    ),
    click.option("--copies", type=int, help="Copies per image; same as --factor N+1."),
    click.option(
        "--balance",
        metavar="RULE",
        help="Give small classes more copies: max or median (as many files as that class gets by "
        "--factor), a number of files, or repeat=0.1.",
    ),
    click.option(
        "--most", type=int, metavar="M", help="With --balance, at most M views of an image."
    ),
    click.option(
        "--recipe",
        type=NameOrFile(RECIPES),
        default=AUTO,
        help="classic, blog, detect, or a YAML file: a recipe or an albumentations pipeline.  "
        "[default: classic; detect if labels have boxes only]",
    ),
    click.option(
        "--techniques",
        type=NameList(lambda: [f"{name}=" for name in technique_names()]),
        metavar="LIST",
        help="Techniques of the recipe with their factors, for example flip=4,noise=2. "
        "Without --factor, their product is the factor.",
    ),
    click.option(
        "--sampling",
        type=click.Choice(SAMPLINGS),
        default="stratified",
        show_default=True,
        help="Spread the views evenly, or draw each one independently.",
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True, help="Random seed of the views."
    ),
]
OUTPUT_OPTIONS = [
    click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        default="keep",
        show_default=True,
        help="File format of the copies; keep: the same as the source.",
    ),
    click.option(
        "--quality",
        type=int,
        help="Quality of JPEG and WebP copies, 1 to 100.  "
        f"[default: that of a JPEG source, else {DEFAULT_QUALITIES}]",
    ),
    click.option(
        "--originals",
        type=click.Choice(ORIGINALS),
        default="copy",
        show_default=True,
        help="Copy the originals, hard-link them (no extra space), or leave them out.",
    ),
]
WORKERS = click.option(
    "--workers",
    type=int,
    help="Number of worker processes.  [default: one per core, fewer for small jobs]",
)
LAYOUT = click.option(
    "--as",
    "layout",
    type=click.Choice(LAYOUTS),
    default=AUTO,
    show_default=True,
    help="folders: take each folder for a class, even one that looks like part of another layout.",
)


DATA_OPTIONS = [
    click.option(
        "--as",
        "layout",
        type=click.Choice((*LAYOUTS, *LABELLED)),
        default=AUTO,
        show_default=True,
        metavar="LAYOUT",
        help=f"How SRC is read: {', '.join((*LAYOUTS, *LABELLED))}. With folders, each folder is a "
        "class, even one that looks like part of another layout.",
    ),
    click.option(
        "--split",
        default="",
        metavar="NAME",
        help="The part of the dataset that grows; the others are copied as they are.  "
        "[default: its training part]",
    ),
    click.option(
        "--visible",
        type=float,
        default=0.1,
        show_default=True,
        help="Share of an object that a view must show; else the object has no label there.",
    ),
    click.option(
        "--mask-fill",
        type=int,
        metavar="N",
        help="Value of masks where a view shows nothing of its image.  [default: 0]",
    ),
    click.option(
        "--columns",
        default="",
        metavar="LIST",
        help="What columns of a table move with the image, for example cx=x,cy=y,angle=ignore.",
    ),
    click.option(
        "--group-by",
        metavar="REGEX",
        help="Put the group of each image into the manifest: what the regular expression captures "
        "in its path, such as '(patient\\d+)_', or the value of this column of a table.",
    ),
]


def _limit_pixels(ctx: click.Context, _param: click.Parameter, value: int | None) -> None:
    """Set the limit for this process and its workers, while the command runs."""
    if value is not None and not ctx.resilient_parsing:
        before = set_max_pixels(str(value))
        ctx.call_on_close(lambda: set_max_pixels(before))


MAX_PIXELS_OPTION = click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    metavar="N",
    expose_value=False,
    callback=_limit_pixels,
    help=f"Most pixels that an image may have; a larger one counts as bad.  [default: {MAX_PIXELS:,}]",
)
ENGINE_OPTIONS = [
    click.option(
        "--engine",
        type=click.Choice(("local", "ray")),
        default="local",
        show_default=True,
        help="Workers of this machine, or of a Ray cluster.",
    ),
    click.option(
        "--ray-address",
        metavar="ADDRESS",
        help="The Ray cluster; auto: that of this machine.  "
        "[default: RAY_ADDRESS, or a new one on this machine]",
    ),
    click.option(
        "--ray-cpus",
        type=float,
        default=1.0,
        show_default=True,
        metavar="N",
        help="Cores of the Ray cluster for each worker.",
    ),
]
QUIET = click.option("--quiet", "-q", is_flag=True, help="Print errors only.")


def view_options(command: Command) -> Command:
    """Add the options that decide what the views are."""
    return titled("Augmentation", AUGMENTATION_OPTIONS)(command)


def file_options(command: Command) -> Command:
    """Add the options that decide how files are written."""
    return titled("Output", OUTPUT_OPTIONS)(command)


def read_request(options: dict[str, Any]) -> Request:
    """Return what the options say about the dataset."""
    from expand.layouts.labelled.dataset import Request

    keys = ("layout", "split", "visible", "mask_fill", "columns")
    return Request(*(options[key] for key in keys))


def read_engine(options: dict[str, Any]) -> RayOptions | None:
    """Return how work is done on a Ray cluster; None if it is done on this machine."""
    if options["engine"] == "local":
        if options["ray_address"]:
            raise ExpandError("--ray-address needs --engine ray")
        return None
    from expand.engines.choose import RayOptions

    return RayOptions(options["ray_address"], options["ray_cpus"])


def read_shard(text: str | None) -> Shard | None:
    """Return the share that --shard names."""
    if text is None:
        return None
    from expand.job.sharding.shard import Shard

    return Shard.parse(text)


def read_settings(options: dict[str, Any]) -> Settings | SettingsFor:
    """Return the settings that the options ask for; how, if the recipe depends on the dataset."""
    if options["recipe"] != AUTO:
        return settings_for(options, options["recipe"])
    return lambda name: settings_for(options, name)


def settings_for(options: dict[str, Any], recipe_name: str) -> Settings:
    """Return the settings that the options ask for, with this recipe."""
    factor = _requested_factor(options["factor"], options["copies"])
    from expand.job.settings import Settings
    from expand.recipes.recipe import Recipe

    recipe = Recipe.load(recipe_name)
    if options["techniques"] is not None:
        recipe = recipe.with_factors(_factors(options["techniques"]))
        factor = factor if factor is not None else recipe.distinct
    balance = _balance(options, given=factor is not None)
    given = {
        key: options[key]
        for key in ("seed", "sampling", "quality", "originals", "group_by")
        if key in options
    }
    usual = 1 if balance and balance.is_count else 4
    return Settings(
        recipe,
        usual if factor is None else factor,
        format=options.get("format_", "keep"),
        balance=balance,
        **given,
    )


def _balance(options: dict[str, Any], *, given: bool) -> Balance | None:
    """Return the balance that the options ask for; `given` says that there is a factor."""
    from expand.job.balance import Balance

    if options.get("balance") is None:
        if options.get("most") is not None:
            raise ExpandError("--most caps the views of --balance; give both")
        return None
    balance = Balance(options["balance"], options.get("most"))
    if balance.is_count and given:
        raise ExpandError(
            f"--balance {balance.rule} says how many files a class gets; leave out --factor"
        )
    return balance


def _requested_factor(factor: int | None, copies: int | None) -> int | None:
    """Return the factor that --factor or --copies gives; None if neither was given."""
    if factor is not None and factor < 1:
        raise ExpandError(f"--factor must be at least 1, got {factor}")
    if copies is None:
        return factor
    if copies < 0:
        raise ExpandError(f"--copies must be at least 0, got {copies}")
    if factor is not None and factor != copies + 1:
        raise ExpandError(
            f"--copies {copies} means --factor {copies + 1}, but --factor is {factor}"
        )
    return copies + 1


def _factors(text: str) -> dict[str, int]:
    """Return the factors that --techniques names."""
    factors: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        if not (number.isascii() and number.isdigit() and len(number) < 100):
            raise ExpandError(
                f'--techniques takes name=factor,…, for example flip=4,noise=2; got "{part[:100]}"'
            )
        if name in factors:
            raise ExpandError(f'--techniques names "{name}" twice')
        factors[name] = int(number)
    return factors
