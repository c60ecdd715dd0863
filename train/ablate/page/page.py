"""The page of an ablation: one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from train.ablate.page import captions, plots, tables
from train.report.classes import chance_of, heats_of
from train.report.page import drawings, templates
from train.report.tables import facts, margin

ACCURACIES = "Bars are 95 % intervals for the mean over the seeds."
DIFFERENCES = "First less second, paired by seed, with 95 % intervals: right of zero, the first is better. The band is the margin."


def render_ablation(found: dict[str, Any]) -> str:
    """Return an ablation (the content of ablation.json) as a page of HTML; equal input gives equal text."""
    entries = tables.class_entries(found)
    return (
        templates(Path(__file__).parent)
        .get_template("ablation.html.j2")
        .render(
            a=found,
            says=captions,
            rows=tables,
            facts=facts,
            margin=margin(found),
            effects=plots.effects(found),
            heats=heats_of(entries),
            chance=chance_of([entry for entry in entries if entry["interval"]]),
            screens=drawings(plots.screened(found)),
            check=drawings(
                [(plots.accuracies(found), ACCURACIES), (plots.differences(found), DIFFERENCES)]
            ),
        )
    )
