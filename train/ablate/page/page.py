"""The page of an ablation: one self-contained HTML file."""

from __future__ import annotations

from pathlib import Path

from train.ablate.page import captions, plots, screen_captions, tables
from train.ablate.page.suggestion import describe_suggestion
from train.ablate.results import RECIPE, AblationResult
from train.report.classes import heats_of
from train.report.page import drawings, templates
from train.report.tables import facts
from train.trials.tuning.shown import search_shown

ACCURACIES = "Bars are 95 % intervals of the mean over the seeds."
DIFFERENCES = (
    "First arm minus second, paired by seed, with 95 % intervals for images like these (thin) and "
    "on these images (thick). Right of zero, the first is better; the band is the margin."
)


def render_ablation(result: AblationResult) -> str:
    """Render an ablation as HTML; equal input gives equal text."""
    differences = tables.class_differences(result)
    check = [(plots.accuracies(result), ACCURACIES), (plots.differences(result), DIFFERENCES)]
    template = templates(Path(__file__).parent).get_template("ablation.html.j2")
    return template.render(
        a=result,
        captions=captions,
        flagged=screen_captions.flagged(result),
        suggestion=describe_suggestion(result),
        tables=tables,
        facts=facts,
        recipe=RECIPE,
        search=search_shown(result.search, result.seconds),
        effects=plots.effects(result),
        heats=heats_of(differences),
        bounded=sum(each.interval is not None for each in differences),
        screens=drawings(plots.screened(result)),
        check=drawings(check),
    )
