"""`expand prepare`: list an input once, for all shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from expand.cli.groups import PlainCommand
from expand.cli.options import QUIET
from expand.cli.output import echo, visible
from expand.cli.places import FolderOrUrl

if TYPE_CHECKING:
    from expand.storage.stores.url import Place


@click.command(cls=PlainCommand)
@click.argument("src", type=FolderOrUrl())
@click.argument("out", type=FolderOrUrl())
@QUIET
def prepare(src: Place, out: Place, quiet: bool) -> int:
    """List the files of SRC once for all shards.

    Then run each job with the same SRC and OUT, and --shard I/N.
    """
    from expand.cli.formatting import format_count
    from expand.job.sharding.listed import prepare as list_once

    count = list_once(src, out)
    if not quiet:
        echo(f"{visible(out)}: {format_count(count, 'file')} of {visible(src)} listed")
    return 0
