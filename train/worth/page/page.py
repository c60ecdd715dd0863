"""The page of a study of worth: one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from train.compare.page import cost_tables
from train.report.page import drawings, templates
from train.report.tables import facts
from train.trials.tuning.shown import search_shown
from train.worth.page import captions, plots, tables
from train.worth.results import Worth


def render_page(worth: Worth) -> str:
    """Render a study of worth as a page of HTML; equal input gives equal text."""
    template = templates(Path(__file__).parent).get_template("worth.html.j2")
    shown = drawings(
        [
            (plots.exchange_rates(worth), captions.rates(worth)),
            (plots.learning_curves(worth), captions.curves(worth)),
        ]
    )
    return template.render(
        w=worth,
        studied=captions.studied(worth),
        plots=shown,
        rates=tables.rates(worth),
        accuracy=tables.accuracy(worth),
        arms=cost_tables.describe_arms(worth.arms, worth.setup.balance),
        search=search_shown(worth.search, worth.seconds),
        facts=facts,
    )
