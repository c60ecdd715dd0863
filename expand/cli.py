"""The command: parse, check everything, call, print, exit."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from expand import __version__
from expand.errors import ExpandError

if TYPE_CHECKING:
    from expand.copies import Settings

INTERRUPTED = 130
Command = TypeVar("Command", bound=Callable[..., Any])
FOLDER = click.Path(path_type=Path)


class FolderFirst(click.Group):
    """A group whose first word is a subcommand or a folder: without a subcommand, the data set is expanded."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command that expands where no subcommand is named."""
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h", "--version")):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show both ways to call."""
        formatter.write_usage(ctx.command_path, "[SRC] [OUT] [OPTIONS]")
        formatter.write_usage(ctx.command_path, "COMMAND …", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the options of expanding beside the subcommands."""
        expanding = self.commands["run"]
        with click.Context(expanding, parent=ctx) as inner:
            expanding.format_options(inner, formatter)
        self.format_commands(ctx, formatter)


def main() -> NoReturn:
    """Run the command; every failure is one sentence on stderr and an exit status."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    try:
        status = command.main(standalone_mode=False, prog_name="expand")
    except ExpandError as error:
        status = error.status
        click.echo(f"expand: {error}", err=True)
    except click.ClickException as error:
        error.show()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("expand: interrupted; what is there is good, start again to go on", err=True)
        status = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status if isinstance(status, int) else 0)


def view_options(command: Command) -> Command:
    """Add the options that decide what the views are."""
    options = [
        click.option("--factor", type=int, help="The set becomes FACTOR times as large, originals counted.  [default: 4]"),
        click.option("--copies", type=int, help="The same, said as copies beside the original: factor - 1."),
        click.option(
            "--techniques",
            metavar="LIST",
            help="Techniques with factors, as flip=4,noise=2; alone, their product is the factor.",
        ),
        click.option(
            "--recipe",
            default="classic",
            show_default=True,
            help="classic, blog, or a YAML file; an albumentations pipeline as well.",
        ),
        click.option(
            "--sampling",
            default="stratified",
            show_default=True,
            help="stratified: spread evenly; random: drawn independently.",
        ),
        click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other views."),
    ]
    return _all(options)(command)


def file_options(command: Command) -> Command:
    """Add the options that decide how files are written."""
    options = [
        click.option("--format", "format_", default="keep", show_default=True, help="keep, png, jpg or webp, for the copies."),
        click.option("--quality", type=int, help="1 … 100, of JPEG and WebP copies.  [default: the source's own]"),
        click.option("--originals", default="copy", show_default=True, help="copy, link (hard links, no bytes) or none."),
        click.option("--workers", type=int, help="Processes.  [default: one a core]"),
    ]
    return _all(options)(command)


def _all(options: list[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.group(cls=FolderFirst, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="expand")
def command() -> None:
    r"""Make an image data set FACTOR times larger: copies of every image, flipped, turned, moved, zoomed, noisy.

    SRC holds a folder a class; OUT gets the same folders, a manifest (metadata.jsonl) and a run card (expand.json).
    Stopped in whatever way, the same command goes on.

    \b
    expand photos bigger --factor 4
    expand photos bigger --techniques flip=4,noise=2
    expand plan photos bigger --factor 10 --recipe blog
    """


@command.command(hidden=True)
@click.argument("src", type=FOLDER, default=Path("data/train"))
@click.argument("out", type=FOLDER, default=Path("data/expanded"))
@view_options
@file_options
@click.option("--skip-bad/--strict", default=True, help="Note bad images and go on (exit status 1), or stop at the first.")
@click.option("--overwrite", is_flag=True, help="Remove what an earlier run wrote to OUT, and start afresh.")
@click.option("--dry-run", is_flag=True, help="Show the plan, write nothing.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors.")
def run(
    src: Path, out: Path, skip_bad: bool, overwrite: bool, dry_run: bool, quiet: bool, workers: int | None, **options: Any
) -> int:
    """Expand a data set."""
    if dry_run:
        return show_plan(src, out, workers, options)
    settings = _settings(options)
    from expand.engine import count_workers
    from expand.job import do_job
    from expand.plan import estimate, make_plan
    from expand.words import progress_bar, report_in_words

    processes = count_workers(workers)
    plan = make_plan(src, out, settings)
    bill = estimate(plan)
    with progress_bar(plan.files, "files", quiet) as progress:
        report = do_job(plan, bill, processes, overwrite, not skip_bad, progress)
    if report.status or not quiet:
        click.echo(report_in_words(report), err=bool(quiet))
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
    settings = _settings(options)
    from expand.engine import count_workers
    from expand.plan import check_fits, estimate, make_plan
    from expand.words import plan_in_words

    planned = make_plan(src, out, settings)
    bill = estimate(planned)
    click.echo(plan_in_words(planned, bill, count_workers(workers)))
    check_fits(planned, bill)
    return 0


@command.command()
@click.argument("src", type=FOLDER, default=Path("data/train"))
@click.argument("sheet", type=FOLDER, default=Path("preview.png"))
@view_options
@click.option("--sources", type=click.IntRange(1, 200), default=8, show_default=True, help="How many rows.")
def preview(src: Path, sheet: Path, sources: int, **options: Any) -> int:
    """Draw a contact sheet: a row a source, a column a view."""
    settings = _settings(options)
    from expand.preview import contact_sheet
    from expand.store import write_whole

    write_whole(sheet, contact_sheet(src, settings, sources))
    click.echo(f"{sheet}: {sources} sources × {settings.factor} views, recipe {settings.recipe.name}")
    return 0


@command.command()
@click.argument("out", type=FOLDER, default=Path("data/expanded"))
@click.option("--workers", type=int, help="Processes.  [default: one a core]")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but what is wrong.")
def verify(out: Path, workers: int | None, quiet: bool) -> int:
    """Check every file of an expanded set against its manifest."""
    from expand.engine import count_workers
    from expand.manifest import read_rows
    from expand.verify import verify as check
    from expand.words import bytes_in_words, count_in_words, progress_bar

    total = sum(1 for _ in read_rows(out))
    with progress_bar(total, "files", quiet) as progress:
        verdict = check(out, count_workers(workers), progress)
    for problem in verdict.problems:
        click.echo(problem, err=True)
    if verdict.problems:
        click.echo(
            f"{out}: {count_in_words(len(verdict.problems), 'problem')}; the run that wrote it, started again, mends it",
            err=True,
        )
    elif not quiet:
        click.echo(f"{out}: {count_in_words(verdict.files, 'file')}, {bytes_in_words(verdict.bytes)}, all as the manifest says")
    return verdict.status


@command.command()
@click.argument("out", type=FOLDER)
@click.argument("file")
@click.option("--source", type=FOLDER, help="Where the input is.  [default: where it was]")
@click.option("--to", type=FOLDER, help="Write it there instead of to its place.")
def replay(out: Path, file: str, source: Path | None, to: Path | None) -> int:
    """Make one FILE of an expanded set again, byte for byte."""
    from expand.replay import replay_into

    path, same = replay_into(out, file, source, to)
    click.echo(f"{path}: {'was there already, byte for byte' if same else 'made again, byte for byte'}")
    return 0


@command.command()
@click.argument("name")
@click.argument("folder", type=FOLDER)
@click.option("--root", type=FOLDER, help="A folder where torchvision has it already.  [default: download]")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors.")
def fetch(name: str, folder: Path, root: Path | None, quiet: bool) -> int:
    """Write FashionMNIST, MNIST, KMNIST, CIFAR10 or CIFAR100 as class folders."""
    from expand.fetch import fetch as write
    from expand.words import count_in_words, progress_bar

    with progress_bar(0, "images", quiet) as progress:
        written = write(name, folder, root, progress)
    if not quiet:
        click.echo("\n".join(f"{folder / part}: {count_in_words(count, 'image')}" for part, count in written.items()))
    return 0


def _settings(options: dict[str, Any]) -> Settings:
    """Return the settings that the options ask for."""
    factor = _asked_factor(options["factor"], options["copies"])
    from expand.copies import Settings
    from expand.recipe import Recipe

    recipe = Recipe.load(options["recipe"])
    if options["techniques"]:
        recipe = recipe.with_factors(_factors(options["techniques"]))
        factor = factor if factor is not None else recipe.distinct
    given = {key: options[key] for key in ("seed", "sampling", "quality", "originals") if key in options}
    return Settings(recipe, 4 if factor is None else factor, format=options.get("format_", "keep"), **given)


def _asked_factor(factor: int | None, copies: int | None) -> int | None:
    if factor is not None and factor < 1:
        raise ExpandError(f"--factor must be at least 1, got {factor}")
    if copies is None:
        return factor
    if copies < 0:
        raise ExpandError(f"--copies must be at least 0, got {copies}")
    if factor is not None and factor != copies + 1:
        raise ExpandError(f"--copies {copies} is --factor {copies + 1}, got --factor {factor} as well")
    return copies + 1


def _factors(text: str) -> dict[str, int]:
    """Return the factors that --techniques names."""
    factors: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        if not number.isdigit():
            raise ExpandError(f'--techniques takes name=factor,…, as in flip=4,noise=2; got "{part}"')
        if name in factors:
            raise ExpandError(f'--techniques names "{name}" twice')
        factors[name] = int(number)
    return factors
