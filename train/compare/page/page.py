"""The page of a comparison: one HTML file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from train.compare.page import captions, cost_tables, forest, plots, sentences, tables
from train.compare.results import Comparison, ExampleViews
from train.report.classes import heats_of
from train.report.page import Drawing, drawings, templates
from train.report.tables import Table, facts
from train.trials.tuning.shown import search_shown

IMAGE = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]+")
"""What an image's source may be: the image itself, never an address."""


@dataclass(frozen=True)
class Verdicts:
    """The tables on the pairs after one number of epochs."""

    epochs: int
    pairs: Table
    tests: Table


def render_page(comparison: Comparison) -> str:
    """Render a comparison as a page of HTML; equal input gives equal text."""
    epochs = sorted(comparison.epochs)
    gains = comparison.gains_after(comparison.longest)
    template = templates(Path(__file__).parent).get_template("comparison.html.j2")
    return template.render(
        c=comparison,
        compared=captions.compared(comparison),
        by_factor=drawings(
            (plots.against_factor(comparison, k), captions.ranking(comparison, k)) for k in epochs
        ),
        by_budget=drawings(_budgets(comparison)),
        verdicts=[
            Verdicts(k, tables.pairs(comparison, k), tables.tests(comparison, k))
            for k in reversed(epochs)
            if comparison.pairs_after(k)
        ],
        by_pair=drawings(
            (forest.of_pairs(comparison, k), captions.verdicts(comparison, k)) for k in epochs
        ),
        gaps=_gaps(comparison),
        heats=heats_of(gains),
        differences=f"{len(gains):,}",
        bounded=any(gain.interval for gain in gains),
        examples=_examples(comparison),
        tables=tables,
        cost_tables=cost_tables,
        search=search_shown(comparison.search, comparison.seconds),
        sentences=sentences,
        facts=facts,
    )


def _gaps(comparison: Comparison) -> Drawing | None:
    svg = forest.of_gaps(comparison)
    return Drawing(svg, captions.gap(comparison)) if svg else None


def _budgets(comparison: Comparison) -> Iterator[tuple[str | None, str]]:
    """Yield the plots against steps and seconds; with expansion only if an arm has any."""
    yield plots.against_steps(comparison), captions.more_epochs(comparison)
    for whole in [False, True] if comparison.expansion_seconds else [False]:
        yield plots.against_seconds(comparison, whole), captions.timing(comparison, whole)


def _examples(comparison: Comparison) -> list[ExampleViews]:
    """Return the example views, without those whose source is not the image itself."""
    kept = (
        replace(views, images=tuple(each for each in views.images if IMAGE.fullmatch(each.src)))
        for views in comparison.examples
    )
    return [views for views in kept if views.images]
