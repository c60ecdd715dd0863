"""Plots: accuracy against copies, steps and seconds as inline SVG; None if nothing is to plot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from train.compare.arms import Arm
from train.compare.page import captions
from train.compare.page.styles import (
    band_key,
    draw_band,
    draw_point,
    extent,
    legend_height,
    plot_styles,
    point_key,
    set_legend,
    set_percent,
)
from train.compare.page.tables import total_seconds
from train.compare.results import ArmSummary, Comparison
from train.report.formatting import number
from train.report.styles import PlotStyle
from train.report.svg import drawing, to_svg

HEIGHT = 3.3
"""Inches of a plot without its legend."""
BESIDE = 0.17
"""How far apart arms of the same factor stand, in ticks."""
ASIDE = 0.014
"""How far apart arms of the same steps stand, in widths of the axis."""


def against_factor(comparison: Comparison, epochs: int) -> str | None:
    """Draw accuracy against F: arms with copies as points, the others as bands."""
    shown = comparison.summaries_after(epochs)
    stored = [each for each in shown if each.arm.factor]
    if not stored:
        return None
    styles = plot_styles(comparison)
    ticks = sorted({1, *(each.arm.factor or 1 for each in stored)})
    with drawing(HEIGHT + legend_height(shown)) as (figure, axes):
        _draw_without_copies(axes, shown, styles)
        positions = _positions(stored, ticks)
        _join_families(axes, stored, positions)
        for each in stored:
            draw_point(axes, positions[each.arm], each, styles[each.arm.name])
        labels = [_tick(factor, _ratios(shown, factor), len(ticks)) for factor in ticks]
        axes.set_xticks(range(len(ticks)), labels)
        axes.set(xlim=(-0.5, len(ticks) - 0.5), xlabel="F: files per source, with the original")
        axes.set_title(f"K = {epochs:,} epochs")
        axes.grid(False, axis="x")
        _set_span(axes, comparison, epochs)
        names = [each.arm.name for each in shown]
        set_legend(figure, names, [_key(each.arm, styles[each.arm.name]) for each in shown])
        return to_svg(figure, f"factor-{epochs}", captions.ranking(comparison, epochs))


def _draw_without_copies(
    axes: Axes, shown: Sequence[ArmSummary], styles: Mapping[str, PlotStyle]
) -> None:
    """Draw arms without copies as bands; none, which has F = 1, as a point too."""
    for each in shown:
        if not each.arm.factor:
            draw_band(axes, each, styles[each.arm.name])
        if each.arm.strategy == "none":
            draw_point(axes, 0, each, styles[each.arm.name])


def _key(arm: Arm, style: PlotStyle) -> Any:
    """Return the entry of an arm in the legend."""
    return point_key(style, "") if arm.factor else band_key(style, arm.strategy == "none")


def _ratios(shown: Sequence[ArmSummary], factor: int) -> list[str]:
    """Return K/F of the arms at a factor; several if the budget gives them different epochs."""
    epochs = {
        each.epochs_trained
        for each in shown
        if (each.arm.factor or 1) == factor and each.arm.strategy != "fly"
    }
    return [number(k / factor) for k in sorted(epochs)]


def _tick(factor: int, ratios: list[str], ticks: int) -> str:
    """Format "×4" above "K/F = 5", in three lines if there are many ticks."""
    equals = " = " if ticks < 5 else "\n"
    lines = [f"×{factor}", *([f"K/F{equals}{'; '.join(ratios)}"] if ratios else [])]
    return "\n".join(lines)


def _positions(stored: Sequence[ArmSummary], ticks: Sequence[int]) -> dict[Arm, float]:
    """Return the x position of each arm: arms of the same factor stand side by side."""
    positions: dict[Arm, float] = {}
    for tick, factor in enumerate(ticks):
        arms = [each.arm for each in stored if each.arm.factor == factor]
        for index, arm in enumerate(arms):
            positions[arm] = tick + BESIDE * (index - (len(arms) - 1) / 2)
    return positions


def _join_families(
    axes: Axes, stored: Sequence[ArmSummary], positions: Mapping[Arm, float]
) -> None:
    """Join arms that differ only in F by a thin line."""
    families: dict[str, list[tuple[float, float]]] = {}
    for each in stored:
        point = positions[each.arm], 100 * each.mean
        families.setdefault(each.arm.strategy, []).append(point)
    for family in families.values():
        axes.plot(*zip(*sorted(family), strict=True), color="#8a8a94", linewidth=0.9, zorder=1.5)


def _set_span(axes: Axes, comparison: Comparison, epochs: int) -> None:
    """Give all plots the same points per inch, so that differences can be compared."""
    extents = {k: extent(comparison.summaries_after(k)) for k in comparison.epochs}
    height = max(high - low for low, high in extents.values()) * 1.12 + 0.2
    middle = sum(extents[epochs]) / 2
    axes.set_ylim(middle - height / 2, middle + height / 2)
    set_percent(axes)


def against_steps(comparison: Comparison) -> str | None:
    """Draw accuracy against optimizer steps, a line per arm; arms are a little offset."""
    epochs = {each.steps: each.epochs_trained for each in comparison.summaries_after()}
    if not epochs:
        return None
    few, many = min(epochs), max(epochs)
    width = math.log(many / few) or 1.0
    middle = (len(comparison.arms) - 1) / 2
    offsets = {
        arm: math.exp(ASIDE * width * (index - middle)) for index, arm in enumerate(comparison.arms)
    }
    with drawing(HEIGHT + legend_height(comparison.arms)) as (figure, axes):
        axes.set_xscale("log")
        _draw_lines(figure, axes, comparison, lambda each: each.steps * offsets[each.arm])
        shown = _spread(sorted(epochs), 0.25 * width)
        axes.set_xticks(shown, [f"{steps:,}\nK = {epochs[steps]:,}" for steps in shown])
        axes.set_xticks([], minor=True)
        axes.set_xlim(few * math.exp(-0.2 * width), many * math.exp(0.2 * width))
        axes.set(xlabel="optimizer steps (log scale)")
        axes.set_title("Optimizer steps")
        return to_svg(figure, "steps", captions.more_epochs(comparison))


def _spread(positions: list[int], apart: float) -> list[int]:
    """Choose the positions whose labels do not overlap on a log scale, the ends first."""
    kept: list[int] = []
    for position in (positions[0], *reversed(positions)):
        if all(abs(math.log(other / position)) > apart for other in kept):
            kept.append(position)
    return sorted(kept)


def against_seconds(comparison: Comparison, whole: bool) -> str | None:
    """Draw accuracy against the seconds of a trial; `whole` adds those of its expansion."""
    expansion = comparison.expansion_seconds
    ends = [total_seconds(each, expansion) for each in comparison.summaries_after()]
    if not ends:
        return None
    counted = expansion if whole else {}
    name = "seconds-whole" if whole else "seconds"
    with drawing(HEIGHT + legend_height(comparison.arms)) as (figure, axes):
        _draw_lines(figure, axes, comparison, lambda each: total_seconds(each, counted))
        axes.set_xlim(0, 1.06 * max(ends))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:,.10g} s"))
        axes.set(xlabel=f"seconds of one trial{' and its expansion' if whole else ''}")
        axes.set_title("Seconds with the expansion" if whole else "Seconds of training alone")
        return to_svg(figure, name, captions.timing(comparison, whole))


def _draw_lines(
    figure: Figure,
    axes: Axes,
    comparison: Comparison,
    position: Callable[[ArmSummary], float],
) -> None:
    """Draw a line per arm through its numbers of epochs, at the x that `position` returns."""
    drawn: dict[str, PlotStyle] = {}
    for name, style in plot_styles(comparison).items():
        shown = [each for each in comparison.summaries_after() if each.arm.name == name]
        xs, ys = [position(each) for each in shown], [100 * each.mean for each in shown]
        axes.plot(xs, ys, color=style.colour, linestyle=style.dash, linewidth=1.4)
        for x, each in zip(xs, shown, strict=True):
            draw_point(axes, x, each, style)
        drawn |= {name: style} if shown else {}
    set_percent(axes)
    set_legend(figure, list(drawn), [point_key(style, style.dash) for style in drawn.values()])
