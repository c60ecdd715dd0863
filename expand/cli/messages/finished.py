"""The closing summary of a run: what was written, how fast, and what could not be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expand.cli.formatting import format_bytes, format_count, format_empty_tars, format_seconds
from expand.cli.messages.dataset import format_empty_classes, format_ignored, format_sources
from expand.cli.output import visible
from expand.errors import about

if TYPE_CHECKING:
    from expand.job.job import Report
    from expand.job.planning.plan import Plan
    from expand.job.summary import RunSummary

BAD_SHOWN = 20


def format_report(report: Report) -> str:
    """Format the closing summary of a run."""
    plan, summary, settings = report.plan, report.summary, report.plan.settings
    counted = f"{format_count(summary.files, 'file')}, {format_bytes(summary.bytes)}"
    if summary.tars:
        size = format_bytes(sum(tar.bytes for tar in summary.tars))
        tars = f"{format_count(len(summary.tars), 'tar')}, {size}"
        counted = f"{format_count(summary.files, 'image')}, {format_bytes(summary.bytes)}; {tars}"
    classes = None if set(summary.labels) == {""} else len(summary.labels)
    sources = format_sources(summary.sources, classes)
    lines = [
        f"{visible(plan.src)} → {visible(plan.out)}",
        f"  {sources}{_format_factor(report)} = {counted}",
        (
            f"  recipe {visible(settings.recipe.name)}, seed {settings.seed}, {settings.sampling} sampling, "
            f"originals: {settings.originals}"
        ),
        *_format_work(summary, report.workers),
        *_format_labels(summary),
    ]
    if plan.shard:
        merge = f"expand merge {visible(plan.out)}"
        lines += [f"  shard {plan.shard}; when all are finished: {merge}"]
    if summary.same:
        lines += [
            (
                f"  {format_count(summary.same, 'view')} came out equal to another view of the "
                "same source (symmetric or empty images)"
            )
        ]
    lines += format_empty_tars(summary.tars)
    if settings.originals == "none":
        lines += ["  originals are not included (--originals none)"]
    notes = (*report.notes, format_ignored(plan.listing.summary).removeprefix("; "))
    lines += [f"  {visible(note)}" for note in notes if note]
    lines += [f"  {line}" for line in format_empty_classes(plan.listing.summary, summary.labels)]
    return "\n".join([*lines, *_format_bad(summary, plan)])


def _format_factor(report: Report) -> str:
    settings = report.plan.settings
    if settings.balance is None:
        return f" × {settings.factor}"
    return f", balanced by {settings.balance.rule},"


def _format_work(summary: RunSummary, workers: int) -> list[str]:
    """Format how many files were written and how fast, and how many existed."""
    lines = []
    if summary.made:
        rate = summary.made / max(summary.wall_seconds, 1e-9)
        lines += [
            (
                f"  {format_count(summary.made, 'file')} written "
                f"in {format_seconds(summary.wall_seconds)} "
                f"by {format_count(workers, 'worker')}: {rate:,.0f} files/s, "
                f"{summary.cpu_seconds:.1f} s of CPU time"
            )
        ]
    if existing := summary.files + summary.kept - summary.made:
        lines += [f"  {format_count(existing, 'file')} already existed"]
    return lines


def _format_labels(summary: RunSummary) -> list[str]:
    """Format what became of the labels of a labelled dataset, and of its other files."""
    lines = []
    if summary.kept:
        size = format_bytes(summary.kept_bytes)
        form = "as it is" if summary.kept == 1 else "as they are"
        lines += [f"  {format_count(summary.kept, 'other file')} kept {form}, {size}"]
    written = summary.label_files + len(summary.derived)
    if written:
        objects = f", {format_count(summary.objects, 'object')}" if summary.objects else ""
        lines += [f"  {format_count(written, 'label file')}{objects}"]
    dropped = [f"{count:,} {reason}" for reason, count in sorted(summary.dropped.items())]
    if dropped:
        lines += [f"  objects without a label in a view: {', '.join(dropped)}"]
    mended = [f"{count:,} {what}" for what, count in sorted(summary.mended.items())]
    if mended:
        lines += [f"  mended in labels of the input: {', '.join(mended)}"]
    return lines


def _format_bad(summary: RunSummary, plan: Plan) -> list[str]:
    """Format the sources that could not be used: the first ones, and how many more there are."""
    if not summary.bad:
        return []
    skipped = "was skipped" if len(summary.bad) == 1 else "were skipped"
    lines = [f"  {format_count(len(summary.bad), 'source')} could not be used and {skipped}:"]
    lines += [visible(f"    {about(bad.source, bad.reason)}") for bad in summary.bad[:BAD_SHOWN]]
    if len(summary.bad) > BAD_SHOWN:
        lines += [
            f"    … and {len(summary.bad) - BAD_SHOWN:,} more, see {visible(plan.out)}/expand.json"
        ]
    return lines
