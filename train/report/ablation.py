"""The page of an ablation: which techniques help, which harm, and which classes, as one HTML file without network."""

from __future__ import annotations

from typing import Any

from train.report import ablation_findings, ablation_plots, ablation_tables, tables
from train.report.classes import chance_of, heats_of
from train.report.page import drawings, templates

ACCURACIES = "Bars are 95 % intervals for the mean over the seeds."
DIFFERENCES = (
    "First less second, paired by seed, with 95 % intervals: right of zero, the first is better. The band is the margin."
)


def render_ablation(found: dict[str, Any]) -> str:
    """Return an ablation (the content of ablation.json) as a page of HTML; equal input gives equal text."""
    entries = ablation_tables.class_entries(found)
    return (
        templates()
        .get_template("ablation.html.j2")
        .render(
            a=found,
            says=ablation_findings,
            rows=ablation_tables,
            tables=tables,
            effects=ablation_plots.effects(found),
            heats=heats_of(entries),
            chance=chance_of([entry for entry in entries if entry["interval"]]),
            screens=drawings(ablation_plots.screened(found)),
            check=drawings([(ablation_plots.accuracies(found), ACCURACIES), (ablation_plots.differences(found), DIFFERENCES)]),
        )
    )
