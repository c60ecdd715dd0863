"""What the command says: the plan's table, progress, and a closing summary; text only, computed from plain results."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from expand.cli.formatting import format_bytes, format_count, format_seconds

if TYPE_CHECKING:
    from expand.job.estimate import Estimate
    from expand.job.job import Report
    from expand.job.plan import Plan

BAD_SHOWN = 20


def format_plan(plan: Plan, estimated: Estimate, workers: int) -> str:
    """Return the plan: the techniques' table, the counts, and the bill."""
    settings, recipe, found = plan.settings, plan.settings.recipe, plan.listing.summary
    views = settings.views
    walks = zip(
        *(views.variants("", k) for k in range(min(settings.factor, recipe.combinations))),
        strict=True,
    )
    rows: list[tuple[str, ...]] = [("technique", "settings", "factor", "variants used")]
    for technique, walked, variants in zip(recipe.techniques, recipe.walked, walks, strict=True):
        merged = "" if walked == technique else f" (counts {walked.factor})"
        used = len(set(variants)) if technique.factor else settings.factor
        rows.append(
            (technique.name, _settings(technique), _factor(technique.factor) + merged, f"{used:,}")
        )
    lines = _table(rows)
    lines += [
        "",
        f"nominal {_factor(recipe.nominal)}, distinct {_factor(recipe.distinct)}; factor {settings.factor} asked for",
    ]
    lines += [f"fill {recipe.fill.value}; {settings.sampling} views, seed {settings.seed}", ""]
    lines += [
        f"{_set(found.count, len(found.labels))} in {plan.src}, {format_bytes(found.bytes)}{_aside(found)}"
    ]
    lines += [
        f"{format_count(plan.files, 'file')} to {plan.out}, about {format_bytes(estimated.bytes)}"
    ]
    free = f", {estimated.free_files:,} more files" if estimated.free_files is not None else ""
    lines += [
        f"about {format_bytes(estimated.allocated)} of disk; free: {format_bytes(estimated.free_bytes)}{free}"
    ]
    about = format_seconds(estimated.core_seconds / workers)
    lines += [
        f"about {about} with {format_count(workers, 'worker')} (from making the copies of {estimated.sampled} sources)"
    ]
    if (
        any(technique.name in ("resize", "pad") for technique in recipe.techniques)
        and settings.originals != "none"
    ):
        lines += [
            "note: view 0 is the image itself, at its own size; --originals none leaves it out"
        ]
    return "\n".join(lines)


def _set(sources: int, classes: int) -> str:
    return f"{format_count(sources, 'source')} in {format_count(classes, 'class')}"


def format_report(report: Report) -> str:
    """Return the closing summary."""
    plan, tally = report.plan, report.summary
    settings = plan.settings
    counted = f"{format_count(tally.files, 'file')}, {format_bytes(tally.bytes)}"
    lines = [
        f"{plan.src} → {plan.out}",
        f"  {_set(tally.sources, len(tally.labels))} × {settings.factor} = {counted}",
        f"  recipe {settings.recipe.name}, seed {settings.seed}, {settings.sampling} views, originals: {settings.originals}",
    ]
    if tally.made:
        made, workers = format_count(tally.made, "file"), format_count(report.workers, "worker")
        rate = f"{tally.made / max(tally.wall_seconds, 1e-9):,.0f} files/s, {tally.cpu_seconds:.1f} s of CPU"
        lines += [f"  {made} written in {format_seconds(tally.wall_seconds)} by {workers}: {rate}"]
    if there := tally.files - tally.made:
        lines += [
            f"  {format_count(there, 'file')} {'was' if there == 1 else 'were'} there already"
        ]
    if tally.same:
        lines += [
            f"  {format_count(tally.same, 'view')} came out with the pixels of another view (symmetric or empty images)"
        ]
    if settings.originals == "none":
        lines += ["  originals are not in it: --originals none"]
    lines += [
        f"  {note}"
        for note in (*report.notes, _aside(plan.listing.summary).removeprefix("; "))
        if note
    ]
    if tally.bad:
        lines += [
            f"  {format_count(len(tally.bad), 'source')} could not be used, all others are done:"
        ]
        lines += [f'    "{bad.source}" {bad.reason}' for bad in tally.bad[:BAD_SHOWN]]
        if len(tally.bad) > BAD_SHOWN:
            lines += [f"    … and {len(tally.bad) - BAD_SHOWN:,} more, in {plan.out}/expand.json"]
    return "\n".join(lines)


def _aside(found: object) -> str:
    """Return what was left aside, or nothing."""
    counts = (
        ("hidden", "hidden file"),
        ("foreign", "other file"),
        ("unlabelled", "image outside class folders"),
    )
    words = [
        f"{value:,} image{'s' if value > 1 else ''} outside class folders"
        if key == "unlabelled"
        else format_count(value, noun)
        for key, noun in counts
        if (value := getattr(found, key))
    ]
    return f"; left aside: {', '.join(words)}" if words else ""


def _factor(factor: int | None) -> str:
    return "as many as asked" if factor is None else f"{factor:,}"


def _settings(technique: object) -> str:
    """Return a technique's settings in a few words."""
    values = {
        key: value
        for key, value in vars(technique).items()
        if key not in ("factor", "name", "transform")
    }
    return ", ".join(f"{key} {_value(value)}" for key, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return [lines[0], "  ".join("─" * width for width in widths), *lines[1:]]
