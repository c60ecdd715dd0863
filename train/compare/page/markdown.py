"""A comparison as Markdown."""

from __future__ import annotations

from typing import Any

from train.compare.page import captions, tables
from train.report.formatting import moment, seconds
from train.report.markdown import bullets, fenced, plain, table


def render_markdown(comparison: dict[str, Any]) -> str:
    """Return a comparison (the content of comparison.json) as Markdown; equal input gives equal text."""
    first, *more = comparison["headline"] or ["Nothing was decided"]
    blocks = [
        f"# {plain(first)}",
        *map(plain, more),
        plain(captions.compared(comparison)),
        *_alert(comparison),
    ]
    blocks += ["## Verdicts", *_verdicts(comparison)]
    blocks += ["## Accuracy", table(tables.accuracy(comparison))]
    blocks += [
        "## Costs",
        *bullets(tables.break_even_words(comparison)),
        table(tables.costs(comparison)),
    ]
    blocks += [
        "## Worst classes",
        *(bullets(tables.worst_words(comparison)) or ["Nothing was measured class by class."]),
    ]
    if any(cell["gap"] for cell in comparison["cells"]):
        blocks += ["## Memorised copies", plain(captions.gap(comparison))]
    blocks += [
        "## Not tested",
        *bullets(comparison["not_tested"]),
        *bullets(comparison["notes"], "Notes:"),
    ]
    blocks += ["## Repeat it", fenced(comparison["command"]), *_foot(comparison)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _alert(comparison: dict[str, Any]) -> list[str]:
    check = comparison["check"]
    return (
        []
        if not check or check["ok"]
        else [f"**Do not trust these numbers:** {plain(check['words'])}"]
    )


def _verdicts(comparison: dict[str, Any]) -> list[str]:
    """Return the verdicts' sentences, the longest runs first."""
    blocks = []
    for epochs in sorted(comparison["lengths"], reverse=True):
        pairs = tables.of_length(comparison, "pairs", epochs)
        blocks += bullets((pair["words"] for pair in pairs), f"After {epochs:,} passes:")
    return blocks or ["There was no pair to compare."]


def _foot(comparison: dict[str, Any]) -> list[str]:
    check = comparison["check"]
    agree = (
        [plain(f"Do both ways agree? {'Yes' if check['ok'] else 'No'}: {check['words']}")]
        if check
        else []
    )
    took = f"Written by `train compare` on {moment(comparison['created'])}; its runs took {seconds(comparison['seconds'])} in all."
    return [*agree, f"{took} Plots, all intervals and p values: index.html."]
