"""Forest plots: differences in points with their 95 % intervals around zero, a row each, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from train.report import findings, tables
from train.report.looks import Look, looks
from train.report.svg import INK, drawing, to_svg
from train.report.tables import Plain, cells, name_of, of_length
from train.report.words import Interval, arm_name, known, points

VERDICTS = {
    "better": Look(INK, "o"),
    "equivalent": Look("#0072b2", "s"),
    "undecided": Look("#ffffff", "o"),
    "identical": Look("#ffffff", "s"),
}
"""Better and worse look the same: the side of zero tells them apart."""
WORDS = {"better": "differ", "equivalent": "equivalent", "undecided": "undecided", "identical": "identical", "margin": "margin"}
MARGIN = "#0072b2"
ROW, REST = 0.25, 1.1
"""Inches of a row, and of title, axis and legend together."""


@dataclass(frozen=True)
class Row:
    """A number, its interval, its name, its look, and what is said about it at the other end of the row."""

    name: str
    mean: float
    interval: Interval
    look: Look
    says: str = ""


def of_pairs(comparison: Plain, epochs: int) -> str | None:
    """Return the differences of all pairs at one length, the margin of equivalence as a band; None without pairs."""
    pairs = [pair for pair in of_length(comparison, "pairs", epochs) if known(pair["mean"])]
    if not pairs:
        return None
    kinds = [_kind(pair) for pair in pairs]
    rows = [Row(name_of(pair), pair["mean"], pair["interval"], VERDICTS[kind]) for pair, kind in zip(pairs, kinds, strict=True)]
    with drawing(REST + ROW * (len(rows) + 1)) as (figure, axes):
        if margin := tables.margin(comparison):
            axes.axvspan(-margin, margin, color=MARGIN, alpha=0.15, linewidth=0)
        draw_rows(axes, rows)
        set_points(axes)
        axes.set_xlim(*_limits(comparison))
        axes.set_title(f"K = {epochs:,} passes", x=0, ha="left")
        axes.set(xlabel="difference, points")
        shown = [kind for kind in VERDICTS if kind in kinds]
        keys: list[Any] = [
            Line2D([], [], color=VERDICTS[kind].colour, linestyle="", marker=VERDICTS[kind].marker) for kind in shown
        ]
        if margin:
            shown, keys = [*shown, "margin"], [*keys, Patch(facecolor=MARGIN, alpha=0.15)]
        figure.legend(keys, [WORDS[kind] for kind in shown], loc="outside lower center", ncols=3, handletextpad=0.4)
        return to_svg(figure, f"pairs-{epochs}", findings.verdicts(comparison, epochs))


def _limits(comparison: Plain) -> tuple[float, float]:
    """Return the ends of the axis, the same for all lengths, so that plots compare."""
    ends = [
        end for pair in comparison["pairs"] if known(pair["mean"]) for end in (*(pair["interval"] or ()), pair["mean"], 0.0)
    ]
    reach = 0.06 * (max(ends) - min(ends)) or 1.0
    return min(ends) - reach, max(ends) + reach


def _kind(pair: Plain) -> str:
    return "better" if pair["verdict"] == "worse" else pair["verdict"] if pair["verdict"] in VERDICTS else "undecided"


def of_gaps(comparison: Plain) -> str | None:
    """Return the copy-memorisation gaps, a row an arm and length; None without any."""
    style = looks(comparison)
    rows = [
        Row(
            f"{arm_name(cell['arm'])}, K = {cell['epochs']:,}",
            cell["gap"]["points"],
            cell["gap"]["interval"],
            style[cell["arm"]],
        )
        for cell in cells(comparison)
        if cell["gap"]
    ]
    if not rows:
        return None
    with drawing(REST - 0.2 + ROW * len(rows)) as (figure, axes):
        draw_rows(axes, rows)
        set_points(axes)
        axes.set(xlabel="gap, points")
        return to_svg(figure, "gaps", findings.gap(comparison))


def draw_rows(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw the rows from the top down: names on the left, what is said about them on the right."""
    for place, row in enumerate(rows):
        if row.interval:
            axes.hlines(
                place, *row.interval, color=row.look.colour if row.look.colour != "#ffffff" else "#6b6b76", linewidth=1.6
            )
        axes.plot(row.mean, place, row.look.marker, color=row.look.colour)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    if any(row.says for row in rows):
        right = axes.secondary_yaxis("right")
        right.set_yticks(range(len(rows)), [row.says for row in rows])
        right.tick_params(axis="y", length=0)
        right.spines["right"].set_visible(False)


def set_points(axes: Axes) -> None:
    """Label the horizontal axis in points, with zero as a line."""
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1.5)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: points(value, 2).rstrip("0").rstrip(".") if value else "0"))
