"""Numbers and rules as text: bytes, durations, counts, and rules for classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from expand.cli.output import visible

if TYPE_CHECKING:
    from expand.archives.index import Tar
    from expand.job.planning.plan import Plan

RULES_SHOWN = 20


def format_bytes(count: float) -> str:
    """Format a number of bytes in decimal units, as disks are sold."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if count >= 100 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("unreachable")


def format_seconds(seconds: float) -> str:
    """Format a duration in seconds, minutes or hours."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 99:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 99 else f"{seconds / 3600:.1f} h"


def format_count(count: int, noun: str) -> str:
    """Format a count with its noun: "1 source", "1,234 sources", "2 classes"."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{count:,} {noun if count == 1 else plural}"


def format_empty_tars(tars: Sequence[Tar]) -> list[str]:
    """Say which tars are empty, because all images of their block are bad."""
    empty = [tar.file for tar in tars if not tar.count]
    if not empty:
        return []
    first = "; Hugging Face cannot read a dataset that begins with one"
    named = f"{format_count(len(empty), 'tar')} without an image ({empty[0]})"
    said = f"  {named}: all images of the block are bad"
    return [said + (first if empty[0] == tars[0].file else "")]


def format_rules(plan: Plan) -> list[str]:
    """Format the rules of a recipe for classes: what each leaves out, and how many views remain."""
    from expand.recipes.lookalikes import describe_lookalikes
    from expand.recipes.rules import describe_unknown

    recipe, names = plan.settings.recipe, plan.dataset.class_names
    lines = []
    for rules in recipe.classes[:RULES_SHOWN]:
        distinct = recipe.distinct_for([rules.label])
        views = "unlimited" if distinct is None else f"{distinct:,}"
        lines.append(visible(f'Class "{rules.label}": {rules}. Distinct views: {views}.'))
    if len(recipe.classes) > RULES_SHOWN:
        lines.append(f"… and rules for {len(recipe.classes) - RULES_SHOWN:,} more classes.")
    lines += _format_exchanged(plan)
    found = [*describe_unknown(recipe.classes, names), *describe_lookalikes(names, recipe)]
    return [*lines, *(visible(f"Note: {line}.") for line in found)]


def _format_exchanged(plan: Plan) -> list[str]:
    """Say how many files each class gets that images of one class can become."""
    from expand.job.tasks.exchanging import count_files

    targets = plan.settings.recipe.exchanges.targets
    if not targets or "" in plan.listing.summary.labels:
        return []
    counts, exact = count_files(plan.settings, plan.dataset)
    files = (
        f'{"" if exact else "about "}{counts.get(name, 0):,} of "{name}"'
        for name in targets[:RULES_SHOWN]
    )
    return [visible(f"Files of the classes that rules exchange: {', '.join(files)}.")]
