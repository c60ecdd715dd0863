"""`expand replay`: make one file again."""

from __future__ import annotations

from pathlib import Path

import click

from expand.cli.groups import FileOrFolder, Folder, PlainCommand
from expand.cli.options import MAX_PIXELS_OPTION
from expand.cli.output import echo, visible


@click.command(cls=PlainCommand)
@click.argument("out", type=Folder())
@click.argument("file")
@click.option("--source", type=Folder(), help="Folder of the sources.  [default: as recorded]")
@click.option("--to", type=FileOrFolder(), help="Write the file here.  [default: in OUT]")
@MAX_PIXELS_OPTION
def replay(out: Path, file: str, source: Path | None, to: Path | None) -> int:
    """Make one FILE of an expanded dataset again, byte for byte."""
    from expand.job.checks.replay import replay_into

    path, same = replay_into(out, file, source, to)
    result = "already exists, byte for byte the same" if same else "made again, byte for byte"
    echo(f"{visible(path)}: {result}")
    return 0
