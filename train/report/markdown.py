"""Markdown: the comparison on one page of text, for a repository, a ticket, or a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from train.report import findings, tables
from train.report.tables import Table
from train.report.words import moment, seconds

SPECIAL = re.compile(r"([\\`*\[\]<>|&~$]|(?<![^\W_])_|_(?![^\W_])|^[#+-])")
"""What Markdown would read as a mark-up; an underscore inside a word is none."""


def render_markdown(comparison: dict[str, Any]) -> str:
    """Return a comparison (the content of comparison.json) as Markdown; equal input gives equal text."""
    first, *more = comparison["headline"] or ["Nothing was decided"]
    blocks = [f"# {plain(first)}", *map(plain, more), plain(findings.compared(comparison)), *_alert(comparison)]
    blocks += ["## Verdicts", *_verdicts(comparison)]
    blocks += ["## Accuracy", table(tables.accuracy(comparison))]
    blocks += ["## Costs", *bullets(tables.break_even_words(comparison)), table(tables.costs(comparison))]
    blocks += ["## Worst classes", *(bullets(tables.worst_words(comparison)) or ["Nothing was measured class by class."])]
    if any(cell["gap"] for cell in comparison["cells"]):
        blocks += ["## Memorised copies", plain(findings.gap(comparison))]
    blocks += ["## Not tested", *bullets(comparison["not_tested"]), *bullets(comparison["notes"], "Notes:")]
    blocks += ["## Repeat it", fenced(comparison["command"]), *_foot(comparison)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def plain(text: str) -> str:
    """Return any text so that Markdown shows it as it is, on one line."""
    return SPECIAL.sub(r"\\\1", re.sub(r"[\r\n]+", " ", text))


def _alert(comparison: dict[str, Any]) -> list[str]:
    check = comparison["check"]
    return [] if not check or check["ok"] else [f"**Do not trust these numbers:** {plain(check['words'])}"]


def _verdicts(comparison: dict[str, Any]) -> list[str]:
    """Return the verdicts' sentences, the longest runs first."""
    blocks = []
    for epochs in sorted(comparison["lengths"], reverse=True):
        pairs = tables.of_length(comparison, "pairs", epochs)
        blocks += bullets((pair["words"] for pair in pairs), f"After {epochs:,} passes:")
    return blocks or ["There was no pair to compare."]


def bullets(sentences: Iterable[str], head: str = "") -> list[str]:
    """Return sentences as a list below `head`; without any, nothing."""
    lines = [f"- {plain(sentence)}" for sentence in sentences]
    return [head, "\n".join(lines)] if lines else []


def table(found: Table) -> str:
    """Return a table; without rows, nothing."""
    if not found.rows:
        return ""
    rule = ["---" if place in found.words else "---:" for place in range(len(found.columns))]
    rows = [[plain(cell) for cell in row] for row in (found.columns, *found.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def fenced(text: str, language: str = "sh") -> str:
    """Return text as a block of code, in a fence longer than any that it holds."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _foot(comparison: dict[str, Any]) -> list[str]:
    check = comparison["check"]
    agree = [plain(f"Do both ways agree? {'Yes' if check['ok'] else 'No'}: {check['words']}")] if check else []
    took = (
        f"Written by `train compare` on {moment(comparison['created'])}; its runs took {seconds(comparison['seconds'])} in all."
    )
    return [*agree, f"{took} Plots, all intervals and p values: index.html."]
