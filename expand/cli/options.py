"""The options of `expand`."""

from __future__ import annotations

import click

from expand.cli.groups import Command, NameList, NameOrFile, titled
from expand.errors import ExpandError
from expand.images.formats import MAX_PIXELS, OPTIONS, set_max_pixels
from expand.layouts.layout import AUTO, LABELLED, LAYOUTS

RECIPES = ("classic", "blog", "detect")
FORMATS = ("keep", *OPTIONS)
DEFAULT_QUALITIES = ", ".join(
    f"{kind.title} {kind.quality}" for kind in OPTIONS.values() if kind.quality
)
# Written out, so that --help loads no numpy; a test holds them against the library.
SAMPLINGS = ("stratified", "random")
ORIGINALS = ("copy", "link", "none")
OUTPUTS = ("folder", "webdataset")
MANIFESTS = ("jsonl", "parquet")
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
    click.option(
        "--copies", type=int, metavar="N", help="Copies per image; the same as --factor N+1."
    ),
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
        "--output",
        type=click.Choice(OUTPUTS),
        default="folder",
        show_default=True,
        help="A folder with a file for each view, or tar files as WebDataset and Hugging Face read "
        "them, for millions of images.",
    ),
    click.option(
        "--manifest",
        type=click.Choice(MANIFESTS),
        default="jsonl",
        show_default=True,
        help="The form of the manifest: JSON lines, or Parquet, which is a sixth as large.",
    ),
    click.option(
        "--tar-size",
        metavar="SIZE",
        help="With --output webdataset, about how large a tar is: 500MB, 2GB.  [default: 1GB]",
    ),
    click.option("--shard-size", hidden=True),  # its name in earlier versions
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
        metavar="REGEX|COLUMN",
        help="Put the group of each image into the manifest: what the regular expression captures "
        "in its path, such as '(patient\\d+)_', or the value of this column of a table.",
    ),
]


def _limit_pixels(ctx: click.Context, _param: click.Parameter, value: int | None) -> None:
    """Set the limit for this process and its workers, while the command runs."""
    if value is not None and not ctx.resilient_parsing:
        if value < 1:
            raise ExpandError(f"--max-pixels must be at least 1, got {value}")
        before = set_max_pixels(str(value))
        ctx.call_on_close(lambda: set_max_pixels(before))


MAX_PIXELS_OPTION = click.option(
    "--max-pixels",
    type=int,
    metavar="N",
    expose_value=False,
    callback=_limit_pixels,
    help=f"Largest number of pixels of an image; a larger image is bad.  [default: {MAX_PIXELS:,}]",
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
