"""`expand merge`: make one dataset of shards."""

from __future__ import annotations

from pathlib import Path

import click

from expand.cli.groups import Folder, PlainCommand
from expand.cli.options import QUIET
from expand.cli.output import echo, visible


@click.command(cls=PlainCommand)
@click.argument("out", type=Folder())
@click.option("--source", type=Folder(), help="Folder of the sources.  [default: as recorded]")
@QUIET
def merge(out: Path, source: Path | None, quiet: bool) -> int:
    """Make one dataset of shards that are all finished, as one run would have written it."""
    from expand.cli.formatting import format_bytes, format_count
    from expand.job.sharding.merge import merge as merge_shards

    merged = merge_shards(out, source)
    if merged.status or not quiet:
        bad = f", {format_count(merged.bad, 'bad source')}" if merged.bad else ""
        counted = f"{format_count(merged.sources, 'source')}, {format_count(merged.files, 'file')}"
        size = format_bytes(merged.bytes)
        echo(f"{visible(out)}: merged; {counted}, {size}{bad}", err=bool(quiet))
    return merged.status
