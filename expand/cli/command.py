"""The command `expand`: parse, check, call, print, exit."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from expand import __version__
from expand.cli.groups import FileOrFolder, Folder, GroupedCommand, NameOrFile, titled
from expand.cli.options import (
    COMMON,
    DATA_SETS,
    LAYOUT,
    MAX_PIXELS_OPTION,
    QUIET,
    WORKERS,
    file_options,
    read_settings,
    view_options,
)
from expand.cli.output import NobodyReadsError, echo, visible
from expand.cli.terminal import FolderFirst, program_name, run_to_exit

if TYPE_CHECKING:
    from expand.job.verify import Verification

CHECK_SECONDS = 50e-6  # to read and hash a small file
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
    """Make an image dataset FACTOR times larger: copies of every image, augmented.

    SRC has one folder per class. OUT gets the same folders, a manifest (metadata.jsonl) and a run
    card (expand.json). Interrupted? Run the same command again to resume.

    \b
    expand photos bigger --factor 4
    expand photos bigger --techniques flip=4,noise=2
    expand plan photos bigger --factor 10 --recipe blog
    """  # noqa: D301  # \b tells click to keep the lines


@command.command(hidden=True, cls=GroupedCommand, common=COMMON)
@click.argument("src", type=Folder(), default=Path("data/train"))
@click.argument("out", type=Folder(), default=Path("data/expanded"))
@titled(
    "Data",
    [
        click.option(
            "--skip-bad/--strict",
            default=True,
            help="Skip images that cannot be read (exit status 1), or stop at the first.",
        ),
        LAYOUT,
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
        click.option("--dry-run", is_flag=True, help="Show the plan and write nothing."),
        QUIET,
    ],
)
def run(
    src: Path,
    out: Path,
    skip_bad: bool,
    overwrite: bool,
    durable: bool,
    dry_run: bool,
    quiet: bool,
    workers: int | None,
    layout: str,
    **options: Any,
) -> int:
    """Expand a dataset."""
    if dry_run:
        return show_plan(src, out, workers, layout, options, overwrite)
    settings = read_settings(options)
    from expand.cli.messages import format_report
    from expand.cli.progress import progress_bar
    from expand.engines.choose import check_workers
    from expand.job.estimate import choose_engine, estimate
    from expand.job.job import do_job
    from expand.job.plan import make_plan

    check_workers(workers)
    with make_plan(src, out, settings, layout) as plan:
        estimated = estimate(plan)
        engine = choose_engine(plan, estimated, workers)
        with progress_bar(plan.files, "files", quiet) as progress:
            report = do_job(
                plan, estimated, engine, overwrite, not skip_bad, progress, durable=durable
            )
    if report.status or not quiet:
        with suppress(NobodyReadsError):
            echo(format_report(report), err=bool(quiet))
    return report.status


@command.command(cls=GroupedCommand, common=COMMON[:-1])
@click.argument("src", type=Folder(), default=Path("data/train"))
@click.argument("out", type=Folder(), default=Path("data/expanded"))
@titled("Data", [LAYOUT, MAX_PIXELS_OPTION])
@view_options
@file_options
@titled("Execution", [WORKERS])
def plan(src: Path, out: Path, workers: int | None, layout: str, **options: Any) -> int:
    """Show what would be written, with an estimate of time and space."""
    return show_plan(src, out, workers, layout, options)


def show_plan(
    src: Path,
    out: Path,
    workers: int | None,
    layout: str,
    options: dict[str, Any],
    overwrite: bool = False,
) -> int:
    """Print a plan; refuse one that does not fit on the disk."""
    settings = read_settings(options)
    from expand.cli.messages import format_plan
    from expand.engines.choose import check_workers
    from expand.job.estimate import check_fits, choose_engine, estimate
    from expand.job.output import peek_output
    from expand.job.plan import find_long_names, make_plan

    check_workers(workers)
    with make_plan(src, out, settings, layout) as planned:
        estimated = estimate(planned, seconds=2.0, share=10.0)
        workers = choose_engine(planned, estimated, workers).workers
        echo(format_plan(planned, estimated, workers))
        known = peek_output(planned, overwrite)
        for note in (*known.notes, *find_long_names(planned)):
            echo(visible(note))
        check_fits(planned, estimated, 1 - known.files / planned.files)
    return 0


@command.command(cls=GroupedCommand, common=COMMON[:-1])
@click.argument("src", type=Folder(), default=Path("data/train"))
@click.argument("sheet", type=FileOrFolder(), default=Path("preview.png"))
@titled("Data", [LAYOUT, MAX_PIXELS_OPTION])
@view_options
@titled(
    "Output",
    [
        click.option(
            "--sources",
            type=click.IntRange(1, 200),
            default=8,
            show_default=True,
            help="Number of rows.",
        )
    ],
)
def preview(src: Path, sheet: Path, sources: int, layout: str, **options: Any) -> int:
    """Draw a contact sheet: one row per source, one column per view."""
    settings = read_settings(options)
    from expand.job.plan import check_outside
    from expand.previews.preview import Preview
    from expand.storage.files import write_whole

    check_outside(src, sheet)
    write_whole(sheet, Preview.of(src, settings, sources, layout).png())
    echo(
        visible(
            f"{sheet}: {sources} sources × {settings.factor} views, recipe {settings.recipe.name}"
        )
    )
    for note in settings.recipe.notes:
        echo(visible(note))
    return 0


@command.command()
@click.argument("out", type=Folder(), default=Path("data/expanded"))
@click.option("--repair", is_flag=True, help="Make missing and changed files again.")
@click.option(
    "--move-strangers",
    type=Folder(),
    help="Move files that are not in the manifest to this folder.",
)
@click.option(
    "--source", type=Folder(), help="Folder of the sources, for --repair.  [default: as recorded]"
)
@MAX_PIXELS_OPTION
@WORKERS
@QUIET
def verify(
    out: Path,
    repair: bool,
    move_strangers: Path | None,
    source: Path | None,
    workers: int | None,
    quiet: bool,
) -> int:
    """Check every file of an expanded dataset against its manifest."""
    from expand.engines.choose import check_workers

    check_workers(workers)
    verdict = _check(out, workers, quiet)
    if _mend(out, verdict, repair, source, move_strangers):
        verdict = _check(out, workers, quiet)
    return _show_verdict(out, verdict, quiet, tried=repair)


def _check(out: Path, workers: int | None, quiet: bool) -> Verification:
    from expand.cli.progress import progress_bar
    from expand.engines.choose import make_engine
    from expand.job.verify import verify as check
    from expand.records.manifest import read_rows

    total = sum(1 for _ in read_rows(out))
    with progress_bar(total, "files", quiet) as progress:
        return check(out, make_engine(workers, total * CHECK_SECONDS), progress)


def _mend(
    out: Path, verdict: Verification, repair: bool, source: Path | None, to: Path | None
) -> bool:
    """Do what --repair and --move-strangers ask for, say it, and return whether anything changed."""
    from expand.cli.formatting import format_count
    from expand.job.plan import check_outside
    from expand.job.replay import Replayer
    from expand.job.replay import repair as make_again
    from expand.storage.removal import move_files

    moved, made = 0, list[str]()
    if to and verdict.strangers:
        check_outside(Replayer(out, source).src, to / "file")
        moved = move_files(out, verdict.strangers, to)
        echo(visible(f"{format_count(moved, 'file')} moved to {to}"), err=True)
    if repair and verdict.damaged:
        made, failed = make_again(out, verdict.damaged, source)
        for name in made:
            echo(visible(f'"{name}" was made again'), err=True)
        for problem in failed:
            echo(visible(problem), err=True)
    return bool(moved or made)


def _show_verdict(out: Path, verdict: Verification, quiet: bool, *, tried: bool) -> int:
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
        files = f"{format_count(verdict.files, 'file')}, {format_bytes(verdict.bytes)}"
        echo(f"{visible(out)}: {files}, all match the manifest")
    return verdict.status


@command.command()
@click.argument("out", type=Folder())
@click.argument("file")
@click.option("--source", type=Folder(), help="Folder of the sources.  [default: as recorded]")
@click.option("--to", type=FileOrFolder(), help="Write the file here.  [default: in OUT]")
@MAX_PIXELS_OPTION
def replay(out: Path, file: str, source: Path | None, to: Path | None) -> int:
    """Make one FILE of an expanded dataset again, byte for byte."""
    from expand.job.replay import replay_into

    path, same = replay_into(out, file, source, to)
    result = "already exists, byte for byte the same" if same else "made again, byte for byte"
    echo(f"{visible(path)}: {result}")
    return 0


@command.command()
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
