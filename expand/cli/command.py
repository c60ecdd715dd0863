"""The command: parse, check everything, call, print, exit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import click

from expand import __version__
from expand.cli.options import file_options, read_settings, view_options
from expand.cli.terminal import FolderFirst, run_to_exit

CHECK_SECONDS = 50e-6  # to read and hash a small file
FOLDER = click.Path(path_type=Path)


def main() -> NoReturn:
    """Run the command, and exit."""
    run_to_exit(command, "expand", "what is there is good, start again to go on")


@click.group(
    cls=FolderFirst,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, prog_name="expand")
def command() -> None:
    """Make an image data set FACTOR times larger: copies of every image, flipped, turned, moved, zoomed, noisy.

    SRC holds a folder a class; OUT gets the same folders, a manifest (metadata.jsonl) and a run card (expand.json).
    Stopped in whatever way, the same command goes on.

    \b
    expand photos bigger --factor 4
    expand photos bigger --techniques flip=4,noise=2
    expand plan photos bigger --factor 10 --recipe blog
    """  # noqa: D301  # \b tells click to keep the lines


@command.command(hidden=True)
@click.argument("src", type=FOLDER, default=Path("data/train"))
@click.argument("out", type=FOLDER, default=Path("data/expanded"))
@view_options
@file_options
@click.option(
    "--skip-bad/--strict",
    default=True,
    help="Note bad images and go on (exit status 1), or stop at the first.",
)
@click.option(
    "--overwrite", is_flag=True, help="Remove what an earlier run wrote to OUT, and start afresh."
)
@click.option("--dry-run", is_flag=True, help="Show the plan, write nothing.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors.")
def run(
    src: Path,
    out: Path,
    skip_bad: bool,
    overwrite: bool,
    dry_run: bool,
    quiet: bool,
    workers: int | None,
    **options: Any,
) -> int:
    """Expand a data set."""
    if dry_run:
        return show_plan(src, out, workers, options)
    settings = read_settings(options)
    from expand.cli.messages import format_report
    from expand.cli.progress import progress_bar
    from expand.engines.local import check_workers, local_engine
    from expand.job.estimate import estimate
    from expand.job.job import do_job
    from expand.job.plan import make_plan

    check_workers(workers)
    with make_plan(src, out, settings) as plan:
        estimated = estimate(plan)
        engine = local_engine(workers, estimated.core_seconds)
        with progress_bar(plan.files, "files", quiet) as progress:
            report = do_job(plan, estimated, engine, overwrite, not skip_bad, progress)
    if report.status or not quiet:
        click.echo(format_report(report), err=bool(quiet))
    return report.status


@command.command()
@click.argument("src", type=FOLDER, default=Path("data/train"))
@click.argument("out", type=FOLDER, default=Path("data/expanded"))
@view_options
@file_options
def plan(src: Path, out: Path, workers: int | None, **options: Any) -> int:
    """Show what would be done, and its bill; write nothing."""
    return show_plan(src, out, workers, options)


def show_plan(src: Path, out: Path, workers: int | None, options: dict[str, Any]) -> int:
    """Print a plan; refuse one that does not fit."""
    settings = read_settings(options)
    from expand.cli.messages import format_plan
    from expand.engines.local import check_workers, local_engine
    from expand.job.estimate import check_fits, estimate
    from expand.job.plan import make_plan

    check_workers(workers)
    with make_plan(src, out, settings) as planned:
        estimated = estimate(planned, seconds=2.0)
        workers = local_engine(workers, estimated.core_seconds).workers
        click.echo(format_plan(planned, estimated, workers))
        check_fits(planned, estimated)
    return 0


@command.command()
@click.argument("src", type=FOLDER, default=Path("data/train"))
@click.argument("sheet", type=FOLDER, default=Path("preview.png"))
@view_options
@click.option(
    "--sources", type=click.IntRange(1, 200), default=8, show_default=True, help="How many rows."
)
def preview(src: Path, sheet: Path, sources: int, **options: Any) -> int:
    """Draw a contact sheet: a row a source, a column a view."""
    settings = read_settings(options)
    from expand.cli.preview import contact_sheet
    from expand.storage.files import write_whole

    write_whole(sheet, contact_sheet(src, settings, sources))
    click.echo(
        f"{sheet}: {sources} sources × {settings.factor} views, recipe {settings.recipe.name}"
    )
    return 0


@command.command()
@click.argument("out", type=FOLDER, default=Path("data/expanded"))
@click.option("--workers", type=int, help="Processes.  [default: one a core]")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but what is wrong.")
def verify(out: Path, workers: int | None, quiet: bool) -> int:
    """Check every file of an expanded set against its manifest."""
    from expand.cli.formatting import format_bytes, format_count
    from expand.cli.progress import progress_bar
    from expand.engines.local import check_workers, local_engine
    from expand.job.verify import verify as check
    from expand.records.manifest import read_rows

    check_workers(workers)
    total = sum(1 for _ in read_rows(out))
    with progress_bar(total, "files", quiet) as progress:
        verdict = check(out, local_engine(workers, total * CHECK_SECONDS), progress)
    for problem in verdict.problems:
        click.echo(str(problem), err=True)
    if verdict.problems:
        click.echo(
            f"{out}: {format_count(len(verdict.problems), 'problem')}; the run that wrote it, started again, mends it",
            err=True,
        )
    elif not quiet:
        click.echo(
            f"{out}: {format_count(verdict.files, 'file')}, {format_bytes(verdict.bytes)}, all as the manifest says"
        )
    return verdict.status


@command.command()
@click.argument("out", type=FOLDER)
@click.argument("file")
@click.option("--source", type=FOLDER, help="Where the input is.  [default: where it was]")
@click.option("--to", type=FOLDER, help="Write it there instead of to its place.")
def replay(out: Path, file: str, source: Path | None, to: Path | None) -> int:
    """Make one FILE of an expanded set again, byte for byte."""
    from expand.job.replay import replay_into

    path, same = replay_into(out, file, source, to)
    click.echo(
        f"{path}: {'was there already, byte for byte' if same else 'made again, byte for byte'}"
    )
    return 0


@command.command()
@click.argument("name")
@click.argument("folder", type=FOLDER)
@click.option(
    "--root", type=FOLDER, help="A folder where torchvision has it already.  [default: download]"
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors.")
def fetch(name: str, folder: Path, root: Path | None, quiet: bool) -> int:
    """Write FashionMNIST, MNIST, KMNIST, CIFAR10 or CIFAR100 as class folders."""
    from expand.cli.fetch import fetch as write
    from expand.cli.formatting import format_count
    from expand.cli.progress import progress_bar

    with progress_bar(None, "images", quiet) as progress:
        written = write(name, folder, root, progress)
    if not quiet:
        click.echo(
            "\n".join(
                f"{folder / part}: {format_count(count, 'image')}"
                for part, count in written.items()
            )
        )
    return 0
