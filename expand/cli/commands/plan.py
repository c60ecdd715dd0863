"""`expand plan`: what would be written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from expand.cli.groups import GroupedCommand, titled
from expand.cli.options import (
    COMMON,
    DATA_OPTIONS,
    MAX_PIXELS_OPTION,
    WORKERS,
    file_options,
    view_options,
)
from expand.cli.output import echo, visible
from expand.cli.places import FolderOrUrl
from expand.cli.settings import read_request, read_settings, read_shard

if TYPE_CHECKING:
    from expand.storage.stores.url import Place


@click.command(cls=GroupedCommand, common=COMMON[:-1])
@click.argument("src", type=FolderOrUrl(), default=Path("data/train"))
@click.argument("out", type=FolderOrUrl(), default=Path("data/expanded"))
@titled("Data", [*DATA_OPTIONS, MAX_PIXELS_OPTION])
@view_options
@file_options
@titled("Execution", [WORKERS])
def plan(src: Place, out: Place, workers: int | None, **options: Any) -> int:
    """Show what would be written, with an estimate of time and space.

    By default SRC is data/train and OUT is data/expanded.
    """
    return show_plan(src, out, workers, options)


def show_plan(
    src: Place,
    out: Place,
    workers: int | None,
    options: dict[str, Any],
    overwrite: bool = False,
) -> int:
    """Print a plan; refuse one that does not fit on the disk."""
    settings, shard = read_settings(options), read_shard(options.get("shard"))
    from expand.cli.messages.planned import format_plan
    from expand.engines.choose import check_workers
    from expand.job.archives.plan import plan_archives
    from expand.job.blocks.output import peek_store, read_earlier
    from expand.job.output import peek_output
    from expand.job.planning.box_survival import sample_boxes
    from expand.job.planning.estimate import check_fits, choose_engine, estimate
    from expand.job.planning.opening import find_long_names, make_plan

    check_workers(workers)
    with make_plan(src, out, settings, read_request(options), shard) as planned:
        estimated = estimate(planned, seconds=2.0, share=10.0)
        workers = choose_engine(planned, estimated, workers).workers
        archives = None
        if planned.settings.tars:
            archives = plan_archives(planned, read_earlier(planned))
        echo(format_plan(planned, estimated, workers, archives))
        if boxes := sample_boxes(planned).sentence():
            echo(boxes)
        peek = peek_store if planned.stored else peek_output
        known = peek(planned, overwrite)
        long_names = [] if archives else find_long_names(planned)
        for note in (*planned.dataset.notes, *known.notes, *long_names):
            echo(visible(note))
        check_fits(planned, estimated, 1 - known.files / max(1, planned.files))
    return 0
