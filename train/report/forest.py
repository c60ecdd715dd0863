"""Forest plots: one row per difference, with its 95 % intervals, around zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from train.report.formatting import Interval, points
from train.report.styles import PlotStyle
from train.report.svg import INK

MARGIN = "#0072b2"
ROW, REST = 0.25, 1.1
"""Inches of a row, and of title, axis and legend together."""


@dataclass(frozen=True)
class Row:
    """A number, its interval, its name and style, and text for the other end of the row."""

    name: str
    mean: float
    interval: Interval
    style: PlotStyle
    text: str = ""
    inner: Interval = None
    """A narrower interval, drawn thicker."""


def draw_rows(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw the rows from the top down: names on the left, texts on the right."""
    for y, row in enumerate(rows):
        colour = row.style.colour if row.style.colour != "#ffffff" else "#6b6b76"
        for ends, width in ((row.interval, 1.6), (row.inner, 4.0)):
            if ends:
                axes.hlines(y, *ends, color=colour, linewidth=width)
        axes.plot(row.mean, y, row.style.marker, color=row.style.colour)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    if any(row.text for row in rows):
        right = axes.secondary_yaxis("right")
        right.set_yticks(range(len(rows)), [row.text for row in rows])
        right.tick_params(axis="y", length=0)
        right.spines["right"].set_visible(False)


def set_points(axes: Axes) -> None:
    """Label the horizontal axis in points, with zero as a line."""
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1.5)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: points(value, 2).rstrip("0").rstrip(".") if value else "0")
    )
