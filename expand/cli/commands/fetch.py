"""`expand fetch`: a dataset of torchvision as class folders."""

from __future__ import annotations

from pathlib import Path

import click

from expand.cli.groups import Folder, NameOrFile, PlainCommand
from expand.cli.options import DATA_SETS, QUIET
from expand.cli.output import echo, visible


@click.command(cls=PlainCommand)
@click.argument("name", type=NameOrFile(DATA_SETS, files=False))
@click.argument("folder", type=Folder())
@click.option(
    "--root", type=Folder(), help="Folder where torchvision stores the data.  [default: download]"
)
@QUIET
def fetch(name: str, folder: Path, root: Path | None, quiet: bool) -> int:
    """Write FashionMNIST, MNIST, KMNIST, CIFAR10 or CIFAR100 as class folders."""
    from expand.cli.fetch import fetch as write
    from expand.cli.formatting import format_count
    from expand.cli.progress import progress_bar

    with progress_bar(None, "images", quiet) as progress:
        written = write(name, folder, root, progress)
    if not quiet:
        for part, count in written.items():
            echo(f"{visible(folder / part)}: {format_count(count, 'image')}")
    return 0
