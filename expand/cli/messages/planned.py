"""The plan of a run: its techniques, what it would write, how large that is, and how long it takes."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from expand.cli.formatting import format_bytes, format_count, format_rules, format_seconds
from expand.cli.messages.dataset import (
    classes_of,
    format_empty_classes,
    format_ignored,
    format_sources,
    format_title,
)
from expand.cli.output import visible

if TYPE_CHECKING:
    from expand.job.archives.plan import Archives
    from expand.job.planning.estimate import Estimate
    from expand.job.planning.plan import Plan

MANY_FILES = 1_000_000
"""Files of a folder that file systems and tools are still good with."""
BALANCE_SHOWN = 40


def format_plan(
    plan: Plan, estimated: Estimate, workers: int, archives: Archives | None = None
) -> str:
    """Format a plan: the table of techniques, the counts, and the estimated cost."""
    settings, recipe, listed = plan.settings, plan.settings.recipe, plan.listing.summary
    counts = format_sources(listed.count, classes_of(plan))
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
            f"Estimated time: {_format_time(estimated.core_seconds, workers)}"
            f"{', without waiting for the store' * plan.stored} "
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


def _format_time(core_seconds: float, workers: int) -> str:
    """Format how long a run takes, and with how many workers.

    How many a short run starts depends on a measurement of its own.
    """
    seconds = core_seconds / workers
    if seconds < 1:
        return format_seconds(seconds)
    return f"{format_seconds(seconds)} with {format_count(workers, 'worker')}"


def _format_space(plan: Plan, estimated: Estimate, archives: Archives | None) -> str:
    """Say how much space the files take, and how much a disk has free."""
    if not isinstance(plan.out, Path):
        from expand.job.blocks.keys import count_blocks

        count = archives.blocks if archives else count_blocks(plan.listing.summary)
        blocks = format_count(count, "block")
        return f"Storage: about {format_bytes(estimated.allocated)}; done in {blocks}"
    free = f" and {estimated.free_files:,} files" if estimated.free_files is not None else ""
    return (
        f"Disk space: about {format_bytes(estimated.allocated)}; "
        f"free: {format_bytes(estimated.free_bytes)}{free}"
    )


def _format_output(plan: Plan, estimated: Estimate, archives: Archives | None) -> str:
    """Say what would be written: files, or tars and how much larger they are than the images."""
    size = f"about {format_bytes(estimated.bytes)}"
    if archives is None:
        files = format_count(plan.files, "file")
        labels = "; label files are not counted" if plan.dataset.labels else ""
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


def _format_kept(plan: Plan) -> str:
    kept = plan.listing.summary.kept
    if not kept:
        return ""
    return (
        "; 1 of them is copied as it is"
        if kept == 1
        else f"; {kept:,} of them are copied as they are"
    )


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


def _format_settings(technique: object) -> str:
    """Format a technique's settings."""
    hidden = ("factor", "name", "transform", "version")
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
