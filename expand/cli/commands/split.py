"""`expand split`: a folder of images in parts for training, validation and testing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from expand.cli.groups import Folder, PlainCommand
from expand.cli.options import QUIET
from expand.cli.output import NobodyReadsError, echo, visible
from expand.layouts.layout import AUTO, LABELLED, LAYOUTS

if TYPE_CHECKING:
    from expand.splitting.plan import SplitPlan
    from expand.splitting.split import SplitReport

BAD_SHOWN = 20


@click.command(cls=PlainCommand)
@click.argument("src", type=Folder())
@click.argument("out", type=Folder())
@click.option(
    "--parts",
    default="train=0.8,val=0.1,test=0.1",
    show_default=True,
    metavar="LIST",
    help="The parts with their shares of the images, which add up to 1.",
)
@click.option(
    "--group-by",
    metavar="REGEX|COLUMN",
    help="Keep images together whose path has the same text where the regular expression captures "
    "it: '(patient\\d+)_' or '^[^/]+/(.*)_frame'; or that have the same value in a column of the "
    "table.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed of the split.")
@click.option(
    "--originals",
    type=click.Choice(("copy", "link")),
    default="copy",
    show_default=True,
    help="Copy the images, or hard-link them (no extra space).",
)
@click.option(
    "--as",
    "layout",
    type=click.Choice((*LAYOUTS, *LABELLED)),
    default=AUTO,
    show_default=True,
    metavar="LAYOUT",
    help=f"How SRC is read: {', '.join((*LAYOUTS, *LABELLED))}.",
)
@click.option("--dry-run", is_flag=True, help="Show the parts and write nothing.")
@QUIET
def split(
    src: Path,
    out: Path,
    parts: str,
    group_by: str | None,
    seed: int,
    originals: str,
    layout: str,
    dry_run: bool,
    quiet: bool,
) -> int:
    """Split SRC into parts for training, validation and testing: OUT/train, OUT/val, OUT/test.

    SRC has one folder per class, or images alone, or is a labelled dataset (YOLO, COCO, Pascal VOC,
    masks, a table), of which each part gets its labels too. Every class is divided by the same
    shares. These are never divided: a group, equal files, and the copies of an image in a folder
    that expand wrote. Interrupted? Run the same command again to resume.
    """
    from expand.cli.progress import progress_bar
    from expand.splitting.parts import parse_parts
    from expand.splitting.plan import SplitSettings, plan_split
    from expand.splitting.split import SplitReport
    from expand.splitting.split import split as do_split

    settings = SplitSettings(parse_parts(parts), group_by, seed, originals)
    plan = plan_split(src, out, settings, layout)
    if dry_run:
        echo(_format(SplitReport(plan)))
        return 0
    with progress_bar(plan.count, "images", quiet) as progress:
        report = do_split(plan, progress)
    if report.status or not quiet:
        with suppress(NobodyReadsError):
            echo(_format(report), err=quiet)
    return report.status


def _format(report: SplitReport) -> str:
    """Format what a split gave: the table, notes, and images that could not be used."""
    from expand.cli.formatting import format_count
    from expand.splitting.table import describe_evenness, format_table

    plan = report.plan
    lines = [
        f"{visible(plan.src)} → {visible(plan.out)}",
        f"  {_describe(plan)}",
        *(f"  {line}" for line in map(visible, format_table(plan))),
        *(f"  {visible(line)}" for line in (*describe_evenness(plan), *plan.notes)),
    ]
    if report.bad:
        lines.append(f"  {format_count(len(report.bad), 'image')} could not be used:")
        lines += [f"    {visible(line)}" for line in report.bad[:BAD_SHOWN]]
    if len(report.bad) > BAD_SHOWN:
        lines.append(f"    … and {len(report.bad) - BAD_SHOWN:,} more, see split.json")
    return "\n".join(lines)


def _describe(plan: SplitPlan) -> str:
    """Say what the input is, and how many images, classes and groups there are."""
    from expand.cli.formatting import format_count
    from expand.splitting.labelled import NO_OBJECTS

    labels = [label for label in plan.counts() if label not in ("", NO_OBJECTS)]
    classes = f" in {format_count(len(labels), 'class')}" if labels else ""
    whole = sum(unit.size > 1 for unit in plan.units.units)
    kept = "is kept whole" if whole == 1 else "are kept whole"
    groups = f"; {format_count(whole, 'group')} {kept}" if whole else ""
    found = plan.images.labelled
    what = f"{found.dataset.layout}: " if found else ""
    return f"{what}{format_count(plan.count, 'image')}{classes}{groups}; seed {plan.settings.seed}"
