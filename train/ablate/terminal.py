"""What the terminal shows at the end of an ablation."""

from __future__ import annotations

from pathlib import Path

from expand.cli.output import visible
from train.ablate.findings.sentences import format_flags, format_technique
from train.ablate.results import AblationResult, CheckSummary
from train.report.formatting import SPACE
from train.statistics.sentences import format_looks
from train.trials.tuning.shown import search_lines


def format_summary(result: AblationResult, out: Path, recipe: Path | None) -> str:
    """Format what the terminal shows at the end; `recipe` is the file of the suggestion."""
    lines = [*result.headline, "", *(f"  {format_technique(each)}" for each in result.techniques)]
    lines += ["", *search_lines(result.search)] if result.search else []
    lines += _screen_lines(result)
    lines += _check_lines(result.check) if result.check else []
    lines += ["", format_looks(result.looks)] if result.looks else []
    lines += [f"  diverged: {each.sentence}" for each in result.diverged]
    if recipe:
        lines += ["", f"Suggested recipe, for expand --recipe: {recipe}"]
    lines += [f"Report: {out}"]
    return "\n".join(map(visible, lines)).replace(SPACE, " ")


def _screen_lines(result: AblationResult) -> list[str]:
    flagged = [row for row in result.screen if row.flags]
    if not flagged:
        return []
    return [
        "",
        "A model trained without augmentation does not recognise these changed images:",
        *(f"  {row.technique}, {row.strength}: {format_flags(row.flags)}" for row in flagged),
    ]


def _check_lines(checked: CheckSummary) -> list[str]:
    return [
        "",
        "On the other half of the test images:",
        *(f"  {each.arm.name}: {each.estimate.mean:.2f} %" for each in checked.accuracies),
        *(f"  {sentence}" for sentence in checked.sentences),
    ]
