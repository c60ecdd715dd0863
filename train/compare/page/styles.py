"""The style of every arm: its colour and marker, and points, bands and legends in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from train.compare.arms import Arm
from train.compare.results import ArmSummary
from train.report.styles import Dash, PlotStyle

COLOURS = ("#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's palette, told apart by colour-blind people; its yellow is too faint on white."""
MARKERS = "sD^vP*Xph"
BAND = 0.15
"""How much of its colour an interval's band has."""


class HasArms(Protocol):
    """Results of some arms."""

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms, in their order."""


FIXED = {"none": PlotStyle("#000000", "o", ":"), "fly": PlotStyle("#d55e00", "o", "--")}


def plot_styles(comparison: HasArms) -> dict[str, PlotStyle]:
    """Return each arm's style: none black, fly vermillion, the others in their order."""
    styles, taken = {}, 0
    for arm in comparison.arms:
        if arm.name in FIXED:
            styles[arm.name] = FIXED[arm.name]
        else:
            styles[arm.name] = PlotStyle(
                COLOURS[taken % len(COLOURS)], MARKERS[taken % len(MARKERS)]
            )
            taken += 1
    return styles


def draw_point(axes: Axes, x: float, summary: ArmSummary, style: PlotStyle) -> None:
    """Draw an accuracy, in percent, with its interval."""
    if summary.interval:
        low, high = summary.interval
        axes.vlines(x, 100 * low, 100 * high, color=style.colour, linewidth=1.8)
    axes.plot(x, 100 * summary.mean, style.marker, color=style.colour)


def draw_band(axes: Axes, summary: ArmSummary, style: PlotStyle) -> None:
    """Draw an arm that has no F: a line at its accuracy, a band for its interval."""
    axes.axhline(100 * summary.mean, color=style.colour, linewidth=1.5, linestyle=style.dash)
    if summary.interval:
        low, high = summary.interval
        axes.axhspan(100 * low, 100 * high, color=style.colour, alpha=BAND, linewidth=0)


def point_key(style: PlotStyle, line: Dash = "-") -> Line2D:
    """Return what stands for an arm's points in a legend."""
    return Line2D([], [], color=style.colour, linestyle=line, marker=style.marker)


def band_key(style: PlotStyle, point: bool) -> tuple[Patch, Line2D]:
    """Return what stands for an arm's band, and its point if it has one, in a legend."""
    band = Patch(facecolor=style.colour, alpha=BAND, linewidth=0)
    return (
        band,
        Line2D(
            [], [], color=style.colour, linestyle=style.dash, marker=style.marker if point else ""
        ),
    )


def set_legend(figure: Figure, names: Sequence[str], keys: Sequence[Any]) -> None:
    """Set the legend below the plot, where it hides nothing."""
    columns = 3 if max(map(len, names)) < 9 else 2
    figure.legend(
        keys, names, loc="outside lower center", ncols=columns, handlelength=2.4, columnspacing=1.6
    )


def legend_height(entries: Sequence[object]) -> float:
    """Return the inches that the legend of these entries needs."""
    return 0.2 * math.ceil(len(entries) / 2)


def extent(shown: Iterable[ArmSummary]) -> tuple[float, float]:
    """Return the lowest and the highest end of the intervals, in percent."""
    ends = [100 * end for summary in shown for end in (*(summary.interval or ()), summary.mean)]
    return min(ends, default=0.0), max(ends, default=0.0)


def set_percent(axes: Axes) -> None:
    """Label the vertical axis in percent."""
    axes.set_ylabel("test accuracy")
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda percent, _: f"{percent:g} %"))
