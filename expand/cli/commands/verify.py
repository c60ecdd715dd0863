"""`expand verify`: check an expanded dataset, and mend it when asked to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from expand.cli.groups import Folder, PlainCommand
from expand.cli.options import MAX_PIXELS_OPTION, QUIET, WORKERS
from expand.cli.output import echo, visible
from expand.cli.places import FolderOrUrl
from expand.errors import ExpandError

if TYPE_CHECKING:
    from expand.job.checks.verify import Verification
    from expand.storage.stores.url import Place

CHECK_SECONDS = 50e-6  # to read and hash a small file


@click.command(cls=PlainCommand)
@click.argument("out", type=FolderOrUrl(), default=Path("data/expanded"))
@click.option("--repair", is_flag=True, help="Make missing and changed files again.")
@click.option(
    "--move-unknown",
    type=Folder(),
    help="Move files that are not in the manifest to this folder.",
)
@click.option("--move-strangers", type=Folder(), hidden=True)  # its name in earlier versions
@click.option(
    "--source",
    type=FolderOrUrl(),
    help="Folder or URL of the sources, for --repair.  [default: as recorded]",
)
@MAX_PIXELS_OPTION
@WORKERS
@QUIET
def verify(
    out: Place,
    repair: bool,
    move_unknown: Path | None,
    move_strangers: Path | None,
    source: Place | None,
    workers: int | None,
    quiet: bool,
) -> int:
    """Check every file of an expanded dataset against its manifest.

    By default OUT is data/expanded.
    """
    from expand.engines.choose import check_workers

    check_workers(workers)
    verdict = _check(out, workers, quiet)
    if _mend(out, verdict, repair, source, move_unknown or move_strangers):
        verdict = _check(out, workers, quiet)
    return _show_verdict(out, verdict, quiet, tried=repair)


def _check(out: Place, workers: int | None, quiet: bool) -> Verification:
    from expand.cli.progress import progress_bar
    from expand.engines.choose import make_engine
    from expand.job.checks.stored import verify_stored
    from expand.job.checks.verify import verify as check
    from expand.records.manifest import read_rows
    from expand.records.rows import files_of

    if not isinstance(out, Path):
        with progress_bar(None, "files", quiet) as progress:
            return verify_stored(out, workers, progress)
    total = sum(len(files_of(row)) for row in read_rows(out))  # of tars: their samples
    with progress_bar(total, "files", quiet) as progress:
        return check(out, make_engine(workers, total * CHECK_SECONDS), progress)


def _mend(
    out: Place, verdict: Verification, repair: bool, source: Place | None, to: Path | None
) -> bool:
    """Do what --repair and --move-unknown ask for, say it, and return whether anything changed."""
    from expand.cli.formatting import format_count
    from expand.job.checks.verify import move_unknown
    from expand.job.remaking.repair import repair as make_again
    from expand.job.remaking.replay import Replayer
    from expand.job.remaking.stored import repair_stored
    from expand.storage.stores.places import check_outside

    moved, made = 0, list[str]()
    if to and not isinstance(out, Path):
        raise ExpandError("--move-unknown moves files of a local folder only")
    if to and isinstance(out, Path) and verdict.unknown:
        check_outside(Replayer(out, source).src, to / "file")
        moved = move_unknown(out, verdict, to)
        echo(visible(f"{format_count(moved, 'file')} moved to {to}"), err=True)
    if repair and (verdict.damaged or verdict.half_written):
        made, failed = (
            make_again(out, verdict.damaged, source)
            if isinstance(out, Path)
            else repair_stored(out, verdict.damaged, source)
        )
        for name in made:
            echo(visible(f'"{name}" was made again'), err=True)
        for problem in failed:
            echo(visible(problem), err=True)
    return bool(moved or made or (repair and verdict.half_written))


def _show_verdict(out: Place, verdict: Verification, quiet: bool, *, tried: bool) -> int:
    """Print what is wrong and what mends it, unless that was tried; return the exit status."""
    from expand.cli.formatting import format_bytes, format_count
    from expand.records.problems import REPAIR

    for problem in verdict.problems:
        echo(visible(problem), err=True)
    if verdict.problems:
        problems = format_count(len(verdict.problems), "problem")
        shown = [remedy for remedy in verdict.remedies if not (tried and remedy == REPAIR)]
        echo(f"{visible(out)}: {' '.join([f'{problems}.', *shown])}", err=True)
    elif not quiet:
        counted = format_count(verdict.files, "tar" if verdict.tars else "file")
        images = f"{format_count(verdict.rows, 'image')} in " * verdict.tars
        files = f"{images}{counted}, {format_bytes(verdict.bytes)}"
        labels = verdict.files - verdict.rows
        told = f" ({format_count(labels, 'label file')} among them)" if labels > 0 else ""
        echo(f"{visible(out)}: {files}{told}, all match the manifest")
    return verdict.status
