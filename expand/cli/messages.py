"""What the command prints: the plan and the closing summary, as text made from plain results."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from expand.cli.formatting import (
    format_bytes,
    format_count,
    format_empty_tars,
    format_rules,
    format_seconds,
)
from expand.cli.output import visible
from expand.errors import about

if TYPE_CHECKING:
    from expand.job.archives.plan import Archives
    from expand.job.estimate import Estimate
    from expand.job.job import Report
    from expand.job.plan import Plan
    from expand.job.summary import RunSummary
    from expand.layouts.listing import ScanSummary

MANY_FILES = 1_000_000
"""Files of a folder that file systems and tools are still good with."""
BAD_SHOWN, BALANCE_SHOWN = 20, 40


def format_plan(
    plan: Plan, estimated: Estimate, workers: int, archives: Archives | None = None
) -> str:
    """Format a plan: the table of techniques, the counts, and the estimated cost."""
    settings, recipe, listed = plan.settings, plan.settings.recipe, plan.listing.summary
    counts = _format_sources(listed.count, _classes(plan))
    lines = [
        *([f"{format_title(plan)}", ""] if settings.dataset else []),
        *_format_table(_technique_rows(plan)),
        "",
        _format_views(plan),
        *format_rules(plan),
        *_format_balance(plan),
        (
            f"Recipe: {visible(recipe.name)}. Fill: {recipe.fill.value}. "
            f"Sampling: {settings.sampling}. Seed: {settings.seed}."
        ),
        "",
        f"Input: {visible(plan.src)}, {counts}, {format_bytes(listed.bytes)}{format_ignored(listed)}",
        _format_output(plan, estimated, archives),
        _format_space(plan, estimated, archives),
        (
            f"Estimated time: {format_seconds(estimated.core_seconds / workers)} "
            f"with {format_count(workers, 'worker')}{', without waiting for the store' * plan.stored} "
            f"(measured on {format_count(estimated.sampled, 'source')})"
        ),
    ]
    lines += [f"Note: {line}" for line in format_empty_classes(listed)]
    if settings.originals != "none" and _changes_size(plan):
        lines += ["Note: view 0 is the original at its own size; --originals none leaves it out."]
    if archives is None and plan.files > MANY_FILES and plan.settings.dataset is None:
        lines += [
            (
                f"Note: {plan.files:,} files are many for file systems and tools that list folders "
                "(slow above about a million); --output webdataset writes tar files instead."
            )
        ]
    return "\n".join([*lines, *(f"Note: {note}" for note in recipe.notes)])


def _format_space(plan: Plan, estimated: Estimate, archives: Archives | None) -> str:
    """Say how much space the files take, and how much a disk has free."""
    if not isinstance(plan.out, Path):
        from expand.job.blocks.keys import count_blocks

        count = archives.blocks if archives else count_blocks(plan.listing.summary)
        blocks = format_count(count, "block")
        return f"Storage: about {format_bytes(estimated.allocated)}; done in {blocks}"
    free = f", {estimated.free_files:,} more files" if estimated.free_files is not None else ""
    return (
        f"Disk space: about {format_bytes(estimated.allocated)}; "
        f"free: {format_bytes(estimated.free_bytes)}{free}"
    )


def _format_output(plan: Plan, estimated: Estimate, archives: Archives | None) -> str:
    """Say what would be written: files, or tars and how much larger they are than the images."""
    size = f"about {format_bytes(estimated.bytes)}"
    if archives is None:
        files = format_count(plan.files, "file")
        labels = "; label files are added to these" if plan.dataset.labels else ""
        return f"Output: {visible(plan.out)}, {files}, {size}{_format_kept(plan)}{labels}"
    views = len(plan.settings.views_written)
    count = archives.blocks * views
    share = estimated.allocated / max(1, estimated.bytes)
    return (
        f"Output: {visible(plan.out)}, {format_count(plan.files, 'image')}, {size}, in "
        f"{format_count(count, 'tar')} ({format_count(archives.blocks, 'block')} × "
        f"{format_count(views, 'view')}) of about {format_bytes(estimated.allocated // count)}; "
        f"with headers and rows, tars are {share:.1f} × the images"
    )


def _format_factor(report: Report) -> str:
    settings = report.plan.settings
    if settings.balance is None:
        return f" × {settings.factor}"
    return f", balanced by {settings.balance.rule},"


def _format_balance(plan: Plan) -> list[str]:
    """Format the classes under a balance: images, views of each and files, largest class first."""
    settings, counts = plan.settings, plan.listing.summary.labels.most_common()
    if settings.balance is None:
        return []
    if settings.balance.of_objects:
        return _format_objects(plan)
    rows: list[tuple[str, ...]] = [("class", "images", "views of each", "files")]
    for label, count in counts[:BALANCE_SHOWN]:
        views = settings.factor_of(label)
        rows.append((visible(label), f"{count:,}", f"{views:,}", f"{count * views:,}"))
    if len(counts) > BALANCE_SHOWN:
        rows.append((f"… {len(counts) - BALANCE_SHOWN:,} more", "", "", ""))
    return ["", *_format_table(rows), ""]


def _format_objects(plan: Plan) -> list[str]:
    """Format the classes of objects under a balance, those with the most objects first."""
    head = ("class", "images", "views at least", "objects", "with copies")
    rows: list[tuple[str, ...]] = [head]
    counts = plan.class_counts()
    for label, count in list(counts.items())[:BALANCE_SHOWN]:
        views = plan.settings.factor_of(label)
        numbers = (count.images, views, count.before, count.after)
        rows.append((visible(label) if label else "(no objects)", *(f"{n:,}" for n in numbers)))
    if len(counts) > BALANCE_SHOWN:
        rows.append((f"… {len(counts) - BALANCE_SHOWN:,} more", "", "", "", ""))
    return ["", *_format_table(rows), "Objects that views do not show are counted.", ""]


def format_title(plan: Plan) -> str:
    """Say what the input is: the first line of a command."""
    return f"{visible(plan.src)} is {visible(plan.dataset.title)}"


def _classes(plan: Plan) -> int | None:
    """Return the number of classes that images are in; None if an image has no single class."""
    labels = plan.listing.summary.labels
    return None if set(labels) == {""} else len(labels)


def _format_kept(plan: Plan) -> str:
    kept = plan.listing.summary.kept
    return f"; {format_count(kept, 'file')} of them copied as they are" if kept else ""


def _technique_rows(plan: Plan) -> list[tuple[str, ...]]:
    """Return the table of techniques: name, settings, factor, and how many variants are used."""
    factor, recipe, views = plan.settings.largest, plan.settings.recipe, plan.settings.views
    walks = zip(
        *(views.variants("", k) for k in range(min(factor, recipe.combinations))), strict=True
    )
    rows: list[tuple[str, ...]] = [("technique", "settings", "factor", "variants used")]
    for technique, walked, variants in zip(recipe.techniques, recipe.walked, walks, strict=True):
        merged = "" if walked == technique else f" (counts {walked.factor})"
        used = len(set(variants)) if technique.factor else factor
        number = "unlimited" if technique.factor is None else f"{technique.factor:,}"
        rows.append((technique.name, _format_settings(technique), number + merged, f"{used:,}"))
    return rows


def _format_views(plan: Plan) -> str:
    """Format how many different views there are, and how many are requested."""
    settings, recipe = plan.settings, plan.settings.recipe
    fewest = min(map(settings.factor_of, plan.listing.summary.labels), default=settings.factor)
    asked = f"{fewest:,} … {settings.largest:,}" if settings.balance else f"{settings.factor}"
    distinct = "unlimited" if recipe.distinct is None else f"{recipe.distinct:,}"
    duplicates = ""
    if recipe.nominal is not None and recipe.nominal != recipe.distinct:
        duplicates = f" (of {recipe.nominal:,} combinations, some are equal)"
    return f"Distinct views: {distinct}{duplicates}. Requested: {asked} per image."


def _changes_size(plan: Plan) -> bool:
    return any(technique.changes_size for technique in plan.settings.recipe.techniques)


def format_report(report: Report) -> str:
    """Format the closing summary of a run."""
    plan, summary, settings = report.plan, report.summary, report.plan.settings
    counted = f"{format_count(summary.files, 'file')}, {format_bytes(summary.bytes)}"
    if summary.tars:
        size = format_bytes(sum(tar.bytes for tar in summary.tars))
        tars = f"{format_count(len(summary.tars), 'tar')}, {size}"
        counted = f"{format_count(summary.files, 'image')}, {format_bytes(summary.bytes)}; {tars}"
    classes = None if set(summary.labels) == {""} else len(summary.labels)
    sources = _format_sources(summary.sources, classes)
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
        lines += [f"  {format_count(summary.kept, 'other file')} copied {form}, {size}"]
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


def format_ignored(listed: ScanSummary) -> str:
    """Format which files of the input were ignored; empty if there were none."""
    parts = {
        "hidden file": listed.hidden,
        "other file": listed.foreign - listed.unread.total(),
        "image": listed.unlabelled,
    }
    counted = {noun: format_count(count, noun) for noun, count in parts.items() if count}
    if "image" in counted:
        counted["image"] += " outside class folders"
    unread = [
        f"{count:,} {suffix} (not supported)" for suffix, count in sorted(listed.unread.items())
    ]
    shown = [*counted.values(), *unread]
    return f"; ignored: {', '.join(shown)}" if shown else ""


def format_empty_classes(listed: ScanSummary, made: Mapping[str, int] | None = None) -> list[str]:
    """Format the classes without a usable image: empty folders, and those with bad images only.

    `made` has the files of each class once the images have been read.
    """
    lines = [f"class {each.sentence()}" for each in listed.empty_classes]
    if made is not None:
        lost = [label for label in listed.labels if label not in made]
        lines += [f'class "{label}" is missing: none of its images could be used' for label in lost]
    return [visible(line) for line in lines]


def _format_sources(sources: int, classes: int | None) -> str:
    counted = format_count(sources, "source")
    return counted if classes is None else f"{counted} in {format_count(classes, 'class')}"


def _format_settings(technique: object) -> str:
    """Format a technique's settings."""
    hidden = ("factor", "name", "transform")
    values = {key: value for key, value in vars(technique).items() if key not in hidden}
    return ", ".join(f"{key} {_format_value(value)}" for key, value in values.items())


def _format_value(value: object) -> str:
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return " ".join(map(visible, value))
    return f"{value:g}" if isinstance(value, float) else visible(value)


def _format_table(rows: list[tuple[str, ...]]) -> list[str]:
    """Format rows as aligned columns, with a line under the heading."""
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return [lines[0], "  ".join("─" * width for width in widths), *lines[1:]]
