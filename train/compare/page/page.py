"""The page of a comparison: one HTML file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.compare.page import captions, classes, forest, plots, tables
from train.report.page import Drawing, drawings, templates
from train.report.tables import Plain, Table, facts, margin

PICTURE = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]+")
"""What may stand as a picture's source: the picture itself, never an address."""


@dataclass(frozen=True)
class Verdicts:
    """All that is said about the pairs of one length."""

    epochs: int
    pairs: Table
    tests: Table


def render_page(comparison: dict[str, Any]) -> str:
    """Return a comparison (the content of comparison.json) as a page of HTML; equal input gives equal text."""
    lengths = sorted(comparison["lengths"], reverse=True)
    return (
        templates(Path(__file__).parent)
        .get_template("comparison.html.j2")
        .render(
            c=comparison,
            compared=captions.compared(comparison),
            longest=tables.longest(comparison),
            by_factor=drawings(
                (plots.against_factor(comparison, k), captions.ranking(comparison, k))
                for k in sorted(lengths)
            ),
            by_budget=drawings(_budgets(comparison)),
            verdicts=[
                Verdicts(k, tables.pairs(comparison, k), tables.tests(comparison, k))
                for k in lengths
                if tables.of_length(comparison, "pairs", k)
            ],
            by_pair=drawings(
                (forest.of_pairs(comparison, k), captions.verdicts(comparison, k))
                for k in sorted(lengths)
            ),
            gaps=_drawing(forest.of_gaps(comparison), captions.gap(comparison)),
            heats=classes.heats(comparison),
            chance=classes.chance(comparison),
            strips=_strips(comparison),
            tables=tables,
            facts=facts,
            margin=margin(comparison),
        )
    )


def _drawing(svg: str | None, caption: str) -> Drawing | None:
    return Drawing(svg, caption) if svg else None


def _budgets(comparison: Plain) -> Iterator[tuple[str | None, str]]:
    """Yield the plots against steps and seconds; the second of the latter only where an expansion costs seconds."""
    yield plots.against_steps(comparison), captions.lengthening(comparison)
    yield plots.against_seconds(comparison, whole=False), captions.timing(comparison, whole=False)
    if tables.expansion_seconds(comparison):
        yield plots.against_seconds(comparison, whole=True), captions.timing(comparison, whole=True)


def _strips(comparison: Plain) -> list[Plain]:
    """Return the strips of example views; what is no picture in itself is left out."""
    kept = (
        {
            "arm": strip["arm"],
            "images": [image for image in strip["images"] if PICTURE.fullmatch(image["src"])],
        }
        for strip in comparison["strips"]
    )
    return [strip for strip in kept if strip["images"]]
