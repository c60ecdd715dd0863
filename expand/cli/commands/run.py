"""`expand SRC OUT`: expand a dataset."""

from __future__ import annotations

import gc
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from expand.cli.commands.plan import show_plan
from expand.cli.groups import GroupedCommand, titled
from expand.cli.options import (
    COMMON,
    DATA_OPTIONS,
    ENGINE_OPTIONS,
    MAX_PIXELS_OPTION,
    QUIET,
    WORKERS,
    file_options,
    view_options,
)
from expand.cli.output import NobodyReadsError, echo
from expand.cli.places import FolderOrUrl
from expand.cli.settings import read_engine, read_request, read_settings, read_shard

if TYPE_CHECKING:
    from expand.storage.stores.url import Place


@click.command(hidden=True, cls=GroupedCommand, common=COMMON)
@click.argument("src", type=FolderOrUrl(), default=Path("data/train"))
@click.argument("out", type=FolderOrUrl(), default=Path("data/expanded"))
@titled(
    "Data",
    [
        click.option(
            "--skip-bad/--strict",
            default=True,
            help="Skip images that cannot be read (exit status 1), or stop at the first.  "
            "[default: skip-bad]",
        ),
        *DATA_OPTIONS,
        MAX_PIXELS_OPTION,
    ],
)
@view_options
@file_options
@titled(
    "Output",
    [
        click.option(
            "--overwrite",
            is_flag=True,
            help="Remove what an earlier run wrote to OUT, and start again. Other files stay.",
        ),
        click.option(
            "--durable",
            is_flag=True,
            help="Wait for the disk before the manifest names a file: safe if the power fails.",
        ),
    ],
)
@titled(
    "Execution",
    [
        WORKERS,
        *ENGINE_OPTIONS,
        click.option(
            "--shard",
            metavar="I/N",
            help="Expand the I-th of N shares; when all are done, run `expand merge OUT`.",
        ),
        click.option("--dry-run", is_flag=True, help="Show the plan and write nothing."),
        QUIET,
    ],
)
def run(
    src: Place,
    out: Place,
    skip_bad: bool,
    overwrite: bool,
    durable: bool,
    dry_run: bool,
    quiet: bool,
    workers: int | None,
    shard: str | None,
    **options: Any,
) -> int:
    """Expand a dataset."""
    if dry_run:
        return show_plan(src, out, workers, {**options, "shard": shard}, overwrite)
    settings = read_settings(options)
    from expand.cli.messages.dataset import format_title
    from expand.cli.messages.finished import format_report
    from expand.cli.progress import progress_bar
    from expand.engines.choose import check_workers
    from expand.job.job import do_job
    from expand.job.planning.estimate import choose_engine, estimate
    from expand.job.planning.opening import make_plan
    from expand.job.run import Means

    check_workers(workers)
    share = read_shard(shard)
    with make_plan(src, out, settings, read_request(options), share) as plan:
        if plan.settings.dataset and not quiet:
            echo(format_title(plan))
        estimated = estimate(plan)
        engine = choose_engine(plan, estimated, workers, read_engine(options))
        gc.freeze()  # modules stay until the end: each search for garbage in them takes 25 ms
        with progress_bar(plan.files, "files", quiet) as progress:
            means = Means(engine, strict=not skip_bad, progress=progress)
            report = do_job(plan, estimated, means, overwrite=overwrite, durable=durable)
    if report.status or not quiet:
        with suppress(NobodyReadsError):
            echo(format_report(report), err=bool(quiet))
    return report.status
