"""HTML pages: templates, and plots with their captions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from train.report import formatting
from train.statistics.sentences import format_looks


@dataclass(frozen=True)
class Drawing:
    """A plot as inline SVG, and what it shows."""

    svg: str
    caption: str


@cache
def templates(folder: Path) -> Environment:
    """Load the templates of a folder and those that all pages share; all values are escaped."""
    loader = FileSystemLoader([folder, Path(__file__).parent])
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": formatting.moment,
        "seconds": formatting.seconds,
        "number": formatting.number,
        "count": formatting.count,
        "looks": format_looks,
    }
    return environment


def drawings(plots: Iterable[tuple[str | None, str]]) -> list[Drawing]:
    """Pair plots with their captions, without plots that have nothing to show."""
    return [Drawing(svg, caption) for svg, caption in plots if svg]
