"""The lines that the terminal shows at the end of a study of worth."""

from __future__ import annotations

from pathlib import Path

from expand.cli.output import visible
from train.report.formatting import decimal
from train.trials.tuning.shown import search_lines
from train.worth.results import Cell, Worth


def format_summary(worth: Worth, page: Path) -> str:
    """Format the headline, the accuracies, and what each arm is worth."""
    width = max(len(arm.name) for arm in worth.arms)
    lines = [*worth.headline, ""]
    lines += [_format_cell(cell, width) for arm in worth.arms for cell in worth.curve(arm)]
    lines += [""]
    lines += [*search_lines(worth.search), ""] if worth.search else []
    lines += [f"  {rate.sentence}" for arm in worth.others for rate in worth.rates_of(arm)]
    lines += [f"  {sentence}" for sentence in worth.unfinished]
    lines += [f"  diverged: {each.sentence}" for each in worth.diverged]
    return "\n".join(map(visible, [*lines, "", str(page)]))


def _format_cell(cell: Cell, width: int) -> str:
    span = ""
    if cell.interval:
        low, high = (decimal(100 * end, 2) for end in cell.interval)
        span = f" ({low} … {high})"
    epochs = " or ".join(f"{each:,}" for each in cell.epochs)
    accuracy = f"{100 * cell.mean:6.2f} %{span}"
    return f"  {cell.arm.name:<{width}}  {cell.sources:>7,.0f} sources  {accuracy}  {epochs} epochs"
