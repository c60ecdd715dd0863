"""Plots: accuracy against copies, against steps and against seconds, each as inline SVG; None where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

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
from train.compare.page.tables import cells, expansion_seconds, total_seconds
from train.report.formatting import known, number
from train.report.styles import PlotStyle
from train.report.svg import drawing, to_svg
from train.report.tables import Plain

HEIGHT = 3.3
"""Inches of a plot without its legend."""
BESIDE = 0.17
"""How far apart arms of the same factor stand, in ticks."""
ASIDE = 0.014
"""How far apart arms of the same steps stand, in widths of the axis."""


def against_factor(comparison: Plain, epochs: int) -> str | None:
    """Return accuracy against F at one length: arms with copies as points, the others as bands."""
    factors = {arm["name"]: float(arm["factor"]) for arm in comparison["arms"] if _has_copies(arm)}
    shown = [cell for cell in cells(comparison, epochs) if known(cell["mean"])]
    points = [cell for cell in shown if cell["arm"] in factors]
    if not points:
        return None
    style = plot_styles(comparison)
    ticks = sorted({1.0, *(factors[cell["arm"]] for cell in points)})
    with drawing(HEIGHT + legend_height(shown)) as (figure, axes):
        for cell in shown:
            if cell["arm"] not in factors:
                draw_band(axes, cell, style[cell["arm"]])
            if cell["arm"] == "none":
                draw_point(axes, 0, cell, style["none"])
        places = _places(points, factors, ticks)
        _join_families(axes, points, places)
        for cell in points:
            draw_point(axes, places[cell["arm"]], cell, style[cell["arm"]])
        axes.set_xticks(
            range(len(ticks)),
            [_tick(factor, _ratios(shown, factors, factor), len(ticks)) for factor in ticks],
        )
        axes.set(
            xlim=(-0.5, len(ticks) - 0.5), xlabel="F: files of each source, the original counted"
        )
        axes.set_title(f"K = {epochs:,} passes")
        axes.grid(False, axis="x")
        _set_span(axes, comparison, epochs)
        keys = {
            name: point_key(look, "") if name in factors else band_key(look, name == "none")
            for name, look in style.items()
        }
        set_legend(figure, [cell["arm"] for cell in shown], [keys[cell["arm"]] for cell in shown])
        return to_svg(figure, f"factor-{epochs}", captions.ranking(comparison, epochs))


def _has_copies(arm: Plain) -> bool:
    return arm["factor"] is not None and arm["strategy"] not in ("none", "fly")


def _ratios(shown: list[Plain], factors: Mapping[str, float], factor: float) -> list[str]:
    """Return K/F of the arms at a factor; several where the budget gave them different numbers of passes."""
    passes = {
        cell["passes"]
        for cell in shown
        if factors.get(cell["arm"], 1.0) == factor and cell["arm"] != "fly"
    }
    return [number(each / factor) for each in sorted(passes)]


def _tick(factor: float, ratios: list[str], ticks: int) -> str:
    """Return "×4" above "K/F = 5", in three lines where ticks are many."""
    lines = [
        f"×{number(factor)}",
        *([f"K/F{' = ' if ticks < 5 else chr(10)}{'; '.join(ratios)}"] if ratios else []),
    ]
    return "\n".join(lines)


def _places(
    points: list[Plain], factors: Mapping[str, float], ticks: list[float]
) -> dict[str, float]:
    """Return where each arm stands: at the tick of its factor, those of the same factor side by side."""
    places: dict[str, float] = {}
    for tick, factor in enumerate(ticks):
        here = [cell["arm"] for cell in points if factors[cell["arm"]] == factor]
        places |= {
            arm: tick + BESIDE * (index - (len(here) - 1) / 2) for index, arm in enumerate(here)
        }
    return places


def _join_families(axes: Axes, points: list[Plain], places: Mapping[str, float]) -> None:
    """Join arms that differ in F alone ("disk ×2", "disk ×4") by a thin line."""
    families: dict[str, list[tuple[float, float]]] = {}
    for cell in points:
        families.setdefault(cell["arm"].rpartition(" ×")[0], []).append(
            (places[cell["arm"]], 100 * cell["mean"])
        )
    for family in families.values():
        axes.plot(*zip(*sorted(family), strict=True), color="#8a8a94", linewidth=0.9, zorder=1.5)


def _set_span(axes: Axes, comparison: Plain, epochs: int) -> None:
    """Give every length the same number of points an inch, so that differences compare from plot to plot."""
    extents = {length: extent(cells(comparison, length)) for length in comparison["lengths"]}
    height = max(high - low for low, high in extents.values()) * 1.12 + 0.2
    middle = sum(extents[epochs]) / 2
    axes.set_ylim(middle - height / 2, middle + height / 2)
    set_percent(axes)


def against_steps(comparison: Plain) -> str | None:
    """Return accuracy against optimizer steps, a line an arm, a point a length; arms stand a little aside of each other."""
    places = {cell["steps"]: cell["passes"] for cell in cells(comparison) if cell["steps"]}
    if not places:
        return None
    few, many = min(places), max(places)
    width = math.log(many / few) or 1.0
    middle = (len(comparison["arms"]) - 1) / 2
    aside = {
        arm["name"]: math.exp(ASIDE * width * (i - middle))
        for i, arm in enumerate(comparison["arms"])
    }
    with drawing(HEIGHT + legend_height(comparison["arms"])) as (figure, axes):
        axes.set_xscale("log")
        _draw_lines(
            figure,
            axes,
            comparison,
            lambda cell: cell["steps"] and cell["steps"] * aside[cell["arm"]],
        )
        shown = _parted(sorted(places), 0.25 * width)
        axes.set_xticks(shown, [f"{steps:,}\nK = {places[steps]:,}" for steps in shown])
        axes.set_xticks([], minor=True)
        axes.set_xlim(few * math.exp(-0.2 * width), many * math.exp(0.2 * width))
        axes.set(xlabel="optimizer steps (log scale)")
        axes.set_title("Optimizer steps")
        return to_svg(figure, "steps", captions.lengthening(comparison))


def _parted(places: list[int], apart: float) -> list[int]:
    """Return the places whose labels do not touch on a log scale, the ends first."""
    kept: list[int] = []
    for place in (places[0], *reversed(places)):
        if all(abs(math.log(other / place)) > apart for other in kept):
            kept.append(place)
    return sorted(kept)


def against_seconds(comparison: Plain, whole: bool) -> str | None:
    """Return accuracy against a run's seconds, those of its expansion counted if `whole`."""
    expansion = expansion_seconds(comparison)
    ends = [
        end for cell in cells(comparison) if (end := total_seconds(cell, expansion)) is not None
    ]
    if not ends:
        return None
    counted = expansion if whole else {}
    with drawing(HEIGHT + legend_height(comparison["arms"])) as (figure, axes):
        _draw_lines(figure, axes, comparison, lambda cell: total_seconds(cell, counted))
        axes.set_xlim(0, 1.06 * max(ends))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:,.10g} s"))
        axes.set(xlabel="seconds of one run and its expansion" if whole else "seconds of one run")
        axes.set_title("Seconds with the expansion" if whole else "Seconds of training alone")
        return to_svg(
            figure, "seconds-whole" if whole else "seconds", captions.timing(comparison, whole)
        )


def _draw_lines(
    figure: Figure, axes: Axes, comparison: Plain, place: Callable[[Plain], float | None]
) -> None:
    """Draw a line an arm through its lengths, at the places that `place` gives them."""
    drawn: list[tuple[str, PlotStyle]] = []
    for name, look in plot_styles(comparison).items():
        shown = [
            cell
            for cell in cells(comparison)
            if cell["arm"] == name and known(cell["mean"]) and known(place(cell))
        ]
        xs = [place(cell) or 0.0 for cell in shown]
        axes.plot(
            xs,
            [100 * cell["mean"] for cell in shown],
            color=look.colour,
            linestyle=look.dash,
            linewidth=1.4,
        )
        for x, cell in zip(xs, shown, strict=True):
            draw_point(axes, x, cell, look)
        drawn += [(name, look)] if shown else []
    set_percent(axes)
    set_legend(
        figure, [name for name, _ in drawn], [point_key(look, look.dash) for _, look in drawn]
    )
