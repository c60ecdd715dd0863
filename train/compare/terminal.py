"""The lines that the terminal shows at the end of a comparison."""

from __future__ import annotations

from pathlib import Path

from expand.cli.output import visible
from train.compare.results import ArmSummary, Comparison
from train.report.formatting import decimal
from train.statistics.sentences import format_looks
from train.trials.tuning.shown import search_lines


def format_summary(comparison: Comparison, page: Path) -> str:
    """Format the headline, the accuracies, the verdicts and the harms."""
    width = max(len(arm.name) for arm in comparison.arms)
    lines = [*comparison.headline, ""]
    lines += [_format_arm(summary, width) for summary in comparison.summaries]
    lines += [""]
    lines += [*search_lines(comparison.search), ""] if comparison.search else []
    lines += [f"  {pair.epochs:>4} epochs: {pair.verdict.sentence}" for pair in comparison.pairs]
    lines += [f"  {pair.epochs:>4} epochs: {pair.sentence}" for pair in comparison.without_verdict]
    lines += (
        [f"  {format_looks(comparison.looks)}"] if comparison.looks and comparison.pairs else []
    )
    lines += [f"  {each.epochs:>4} epochs: {each.sentence}" for each in comparison.unfinished]
    lines += [f"  diverged: {each.sentence}" for each in comparison.diverged]
    lines += ["", *(f"  {each.sentence}" for each in comparison.smallest_gains if each.harmed)]
    lines += [f"  {comparison.check.sentence}", "", str(page)]
    return "\n".join(map(visible, lines))


def _format_arm(summary: ArmSummary, width: int) -> str:
    interval = summary.interval
    span = (
        f" ({decimal(100 * interval.low, 2)} … {decimal(100 * interval.high, 2)})"
        if interval
        else ""
    )
    accuracy = f"{100 * summary.mean:6.2f} %{span}"
    epochs = f"{summary.epochs_trained:>4} epochs"
    speed = f"{summary.images_per_second:,.0f} images/s"
    return f"  {summary.arm.name:<{width}}  {epochs}  {accuracy}  {speed}"
