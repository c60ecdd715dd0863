"""Plots: learning curves, and what each arm is worth, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from train.compare.page.styles import (
    legend_height,
    plot_styles,
    point_key,
    set_legend,
    set_percent,
)
from train.report.styles import PlotStyle
from train.report.svg import FAINT, INK, drawing, to_svg
from train.worth.exchange import ABOVE, BELOW, fit_curve
from train.worth.page import captions
from train.worth.results import ArmRate, Worth
from train.worth.study import NONE

HEIGHT = 3.3
ASIDE = 0.02
"""How far apart the points of arms stand, in widths of the axis."""
ROOM = 0.12
"""Empty space at the ends of an axis, as a share of its length."""


def learning_curves(worth: Worth) -> str | None:
    """Draw accuracy against sources, and the curve of none that worth is read from."""
    if not captions.has_curve(worth):
        return None
    styles = plot_styles(worth)
    with drawing(HEIGHT + legend_height(worth.arms)) as (figure, axes):
        plain = worth.curve(NONE)
        fitted = fit_curve(
            [cell.sources for cell in plain], np.array([cell.mean for cell in plain])
        )
        axes.plot(fitted.sizes, 100 * fitted.accuracies, color=styles["none"].colour, linewidth=1.4)
        for arm, offset in zip(worth.arms, _offsets(worth), strict=True):
            style = styles[arm.name]
            cells = worth.curve(arm)
            xs = [cell.sources * offset for cell in cells]
            if arm != NONE:
                ys = [100 * cell.mean for cell in cells]
                axes.plot(xs, ys, color=style.colour, linewidth=1.2, linestyle="--")
            for x, cell in zip(xs, cells, strict=True):
                if cell.interval:
                    low, high = cell.interval
                    axes.vlines(x, 100 * low, 100 * high, color=style.colour, linewidth=1.6)
                axes.plot(x, 100 * cell.mean, style.marker, color=style.colour)
        _set_sizes(axes, worth)
        set_percent(axes)
        axes.set_title("Learning curves")
        _legend(figure, worth, styles)
        return to_svg(figure, "curves", captions.curves(worth))


def exchange_rates(worth: Worth) -> str | None:
    """Draw what each arm is worth against the sources that it has, both on log scales."""
    if not worth.rates:
        return None
    styles = plot_styles(worth)
    low, high = worth.span
    with drawing(HEIGHT + legend_height(worth.arms)) as (figure, axes):
        axes.set_yscale("log")
        axes.plot([low, high], [low, high], color=INK, linewidth=0.9)
        axes.annotate(
            "as many as there are", (low * (high / low) ** 0.55, low * (high / low) ** 0.5),
            fontsize=8, color=INK, va="top",
        )  # fmt: skip
        axes.axhspan(high, high * (high / low) ** (2 * ROOM), facecolor=FAINT, linewidth=0)
        axes.annotate(
            f"more than {high:,.0f}: not measurable", (low, high * (high / low) ** (1.9 * ROOM)),
            fontsize=8, color=INK, va="top", zorder=9,
            bbox={"facecolor": FAINT, "linewidth": 0, "pad": 1},
        )  # fmt: skip
        for arm, offset in zip(worth.arms, _offsets(worth), strict=True):
            for rate in worth.rates_of(arm):
                _draw_rate(axes, rate, rate.sources * offset, styles[arm.name], worth.span)
        _set_sizes(axes, worth)
        axes.set_ylim(low * (low / high) ** ROOM, high * (high / low) ** (2 * ROOM))
        ticks = _spread([cell.sources for cell in worth.curve(NONE)])
        axes.set_yticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylabel("sources without augmentation")
        axes.set_title("What they are worth")
        others = {arm.name: styles[arm.name] for arm in worth.others}
        set_legend(figure, list(others), [point_key(style, "") for style in others.values()])
        return to_svg(figure, "rates", captions.rates(worth))


def _draw_rate(
    axes: Axes, rate: ArmRate, x: float, style: PlotStyle, span: tuple[float, float]
) -> None:
    """Draw a rate; one outside the curve is an arrow at its edge."""
    low, high = span
    edge = {ABOVE: high * (high / low) ** (2 * ROOM), BELOW: low * (low / high) ** ROOM}
    if rate.interval:
        ends = [edge.get(end, end) for end in rate.interval]
        axes.vlines(x, *ends, color=style.colour, linewidth=1.6)
    marker = {ABOVE: "^", BELOW: "v"}.get(rate.worth, style.marker)
    at = {ABOVE: high * (high / low) ** (0.6 * ROOM)}.get(
        rate.worth, edge.get(rate.worth, rate.worth)
    )
    axes.plot(x, at, marker, color=style.colour)


def _offsets(worth: Worth) -> list[float]:
    """Return by how much each arm is moved aside, so that its bars can be seen."""
    low, high = worth.span
    middle = (len(worth.arms) - 1) / 2
    return [(high / low) ** (ASIDE * (index - middle)) for index in range(len(worth.arms))]


def _set_sizes(axes: Axes, worth: Worth) -> None:
    """Label the horizontal axis with the sizes, on a log scale."""
    low, high = worth.span
    axes.set_xscale("log")
    ticks = _spread([cell.sources for cell in worth.curve(NONE)])
    axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(low * (low / high) ** ROOM, high * (high / low) ** ROOM)
    axes.set(xlabel="sources (log scale)")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _spread(ticks: Sequence[float]) -> list[float]:
    """Choose ticks that are a tenth of the axis apart at least, the ends first."""
    apart = (ticks[-1] / ticks[0]) ** 0.1
    kept = [ticks[0]]
    for tick in ticks[1:-1]:
        if tick > kept[-1] * apart and tick * apart < ticks[-1]:
            kept.append(tick)
    return [*kept, ticks[-1]]


def _legend(figure: Figure, worth: Worth, styles: dict[str, PlotStyle]) -> None:
    lines = [point_key(styles[arm.name], "-" if arm == NONE else "--") for arm in worth.arms]
    set_legend(figure, [arm.name for arm in worth.arms], lines)
