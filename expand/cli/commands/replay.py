"""`expand replay`: make one file again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from expand.cli.groups import FileOrFolder, PlainCommand
from expand.cli.options import MAX_PIXELS_OPTION
from expand.cli.output import echo, visible
from expand.cli.places import FolderOrUrl

if TYPE_CHECKING:
    from expand.storage.stores.url import Place


@click.command(cls=PlainCommand)
@click.argument("out", type=FolderOrUrl())
@click.argument("file")
@click.option(
    "--source", type=FolderOrUrl(), help="Folder or URL of the sources.  [default: as recorded]"
)
@click.option("--to", type=FileOrFolder(), help="Write the file here.  [default: in OUT]")
@MAX_PIXELS_OPTION
def replay(out: Place, file: str, source: Place | None, to: Path | None) -> int:
    """Make one FILE of an expanded dataset again, byte for byte."""
    from expand.job.remaking.replay import replay_into
    from expand.job.remaking.stored import replay_stored

    path, same = (
        replay_into(out, file, source, to)
        if isinstance(out, Path)
        else replay_stored(out, file, source, to)
    )
    result = "already exists, byte for byte the same" if same else "made again, byte for byte"
    echo(f"{visible(path)}: {result}")
    return 0
