"""Page: the comparison as one HTML file that needs nothing beside itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from train.report import classes, findings, forest, plots, tables, words
from train.report.tables import Plain, Table

PICTURE = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]+")
"""What may stand as a picture's source: the picture itself, never an address."""


@dataclass(frozen=True)
class Drawing:
    """A plot as inline SVG, and what it shows."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Verdicts:
    """All that is said about the pairs of one length."""

    epochs: int
    pairs: Table
    tests: Table


@cache
def templates() -> Environment:
    """Return the templates; whatever they are given is escaped."""
    loader = FileSystemLoader(Path(__file__).parent)
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found.filters |= {"moment": words.moment, "seconds": words.seconds, "number": words.number}
    return found


def render_page(comparison: dict[str, Any]) -> str:
    """Return a comparison (the content of comparison.json) as a page of HTML; equal input gives equal text."""
    lengths = sorted(comparison["lengths"], reverse=True)
    return (
        templates()
        .get_template("template.html.j2")
        .render(
            c=comparison,
            compared=findings.compared(comparison),
            longest=tables.longest(comparison),
            by_factor=drawings((plots.against_factor(comparison, k), findings.ranking(comparison, k)) for k in sorted(lengths)),
            by_budget=drawings(_budgets(comparison)),
            verdicts=[
                Verdicts(k, tables.pairs(comparison, k), tables.tests(comparison, k))
                for k in lengths
                if tables.of_length(comparison, "pairs", k)
            ],
            by_pair=drawings((forest.of_pairs(comparison, k), findings.verdicts(comparison, k)) for k in sorted(lengths)),
            gaps=_drawing(forest.of_gaps(comparison), findings.gap(comparison)),
            heats=classes.heats(comparison),
            chance=classes.chance(comparison),
            strips=_strips(comparison),
            tables=tables,
        )
    )


def _drawing(svg: str | None, caption: str) -> Drawing | None:
    return Drawing(svg, caption) if svg else None


def drawings(found: Iterable[tuple[str | None, str]]) -> list[Drawing]:
    """Return plots with their captions; what could not be drawn is left out."""
    return [Drawing(svg, caption) for svg, caption in found if svg]


def _budgets(comparison: Plain) -> Iterator[tuple[str | None, str]]:
    """Yield the plots against steps and seconds; the second of the latter only where an expansion costs seconds."""
    yield plots.against_steps(comparison), findings.lengthening(comparison)
    yield plots.against_seconds(comparison, whole=False), findings.timing(comparison, whole=False)
    if tables.expansion_seconds(comparison):
        yield plots.against_seconds(comparison, whole=True), findings.timing(comparison, whole=True)


def _strips(comparison: Plain) -> list[Plain]:
    """Return the strips of example views; what is no picture in itself is left out."""
    kept = (
        {"arm": strip["arm"], "images": [image for image in strip["images"] if PICTURE.fullmatch(image["src"])]}
        for strip in comparison["strips"]
    )
    return [strip for strip in kept if strip["images"]]
