"""`expand merge`: make one dataset of shards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from expand.cli.groups import PlainCommand
from expand.cli.options import QUIET
from expand.cli.output import echo, visible
from expand.cli.places import FolderOrUrl

if TYPE_CHECKING:
    from expand.storage.stores.url import Place


@click.command(cls=PlainCommand)
@click.argument("out", type=FolderOrUrl())
@click.option(
    "--source", type=FolderOrUrl(), help="Folder or URL of the sources.  [default: as recorded]"
)
@QUIET
def merge(out: Place, source: Place | None, quiet: bool) -> int:
    """Merge finished shards into the dataset that one run would have written."""
    from expand.cli.formatting import format_bytes, format_count
    from expand.job.blocks.merge import merge_blocks
    from expand.job.blocks.parts import FOLDER
    from expand.job.sharding.merge import merge as merge_shards

    if not isinstance(out, Path) or (out / FOLDER).is_dir():
        merged = merge_blocks(out)
    else:
        merged = merge_shards(out, source if isinstance(source, Path) else None)
    if merged.status or not quiet:
        bad = f", {format_count(merged.bad, 'bad source')}" if merged.bad else ""
        counted = f"{format_count(merged.sources, 'source')}, {format_count(merged.files, 'file')}"
        size = format_bytes(merged.bytes)
        echo(f"{visible(out)}: merged; {counted}, {size}{bad}", err=bool(quiet))
    return merged.status
