"""The command `expand`: its subcommands, and how it starts and ends."""

from __future__ import annotations

from typing import NoReturn

import click

from expand import __version__
from expand.cli.commands.fetch import fetch
from expand.cli.commands.merge import merge
from expand.cli.commands.plan import plan
from expand.cli.commands.prepare import prepare
from expand.cli.commands.preview import preview
from expand.cli.commands.replay import replay
from expand.cli.commands.run import run
from expand.cli.commands.split import split
from expand.cli.commands.verify import verify
from expand.cli.terminal import FolderFirst, program_name, run_to_exit

RESUME = "Run the same command again to resume."


def main() -> NoReturn:
    """Run the command, and exit."""
    run_to_exit(command, program_name("expand", "expand-dataset"), RESUME)


@click.group(
    cls=FolderFirst,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="expand")
def command() -> None:
    """Make an image dataset FACTOR times larger with augmented copies of every image.

    SRC has one folder per class, or is a labelled dataset: YOLO, COCO, Pascal VOC, masks, a table.
    OUT gets the same files, the copies and their labels, a manifest and a run card (expand.json).
    SRC and OUT can be URLs: s3://, gs://, az://.
    By default SRC is data/train and OUT is data/expanded.
    Interrupted? Run the same command again to resume.

    \b
    expand photos bigger --factor 4
    expand photos bigger --techniques flip=4,noise=2
    expand plan photos bigger --factor 10 --recipe blog
    """  # noqa: D301  # \b tells click to keep the lines


for subcommand in (run, plan, preview, split, verify, replay, prepare, merge, fetch):
    command.add_command(subcommand)
