"""Forest plots of a comparison: the pairs of arms, and the memorisation gaps."""

from __future__ import annotations

from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from train.compare.page import captions
from train.compare.page.styles import plot_styles
from train.compare.page.tables import cells, of_length
from train.report import tables
from train.report.forest import MARGIN, REST, ROW, Row, draw_rows, set_points
from train.report.formatting import arm_name, known
from train.report.styles import PlotStyle
from train.report.svg import INK, drawing, to_svg
from train.report.tables import Plain, name_of

VERDICTS = {
    "better": PlotStyle(INK, "o"),
    "equivalent": PlotStyle("#0072b2", "s"),
    "undecided": PlotStyle("#ffffff", "o"),
    "identical": PlotStyle("#ffffff", "s"),
}
"""Better and worse look the same: the side of zero tells them apart."""
WORDS = {
    "better": "differ",
    "equivalent": "equivalent",
    "undecided": "undecided",
    "identical": "identical",
    "margin": "margin",
}


def of_pairs(comparison: Plain, epochs: int) -> str | None:
    """Return the differences of all pairs at one length, the margin of equivalence as a band; None without pairs."""
    pairs = [pair for pair in of_length(comparison, "pairs", epochs) if known(pair["mean"])]
    if not pairs:
        return None
    kinds = [_kind(pair) for pair in pairs]
    rows = [
        Row(name_of(pair), pair["mean"], pair["interval"], VERDICTS[kind])
        for pair, kind in zip(pairs, kinds, strict=True)
    ]
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
            Line2D([], [], color=VERDICTS[kind].colour, linestyle="", marker=VERDICTS[kind].marker)
            for kind in shown
        ]
        if margin:
            shown, keys = [*shown, "margin"], [*keys, Patch(facecolor=MARGIN, alpha=0.15)]
        figure.legend(
            keys,
            [WORDS[kind] for kind in shown],
            loc="outside lower center",
            ncols=3,
            handletextpad=0.4,
        )
        return to_svg(figure, f"pairs-{epochs}", captions.verdicts(comparison, epochs))


def _limits(comparison: Plain) -> tuple[float, float]:
    """Return the ends of the axis, the same for all lengths, so that plots compare."""
    ends = [
        end
        for pair in comparison["pairs"]
        if known(pair["mean"])
        for end in (*(pair["interval"] or ()), pair["mean"], 0.0)
    ]
    reach = 0.06 * (max(ends) - min(ends)) or 1.0
    return min(ends) - reach, max(ends) + reach


def _kind(pair: Plain) -> str:
    return (
        "better"
        if pair["verdict"] == "worse"
        else pair["verdict"]
        if pair["verdict"] in VERDICTS
        else "undecided"
    )


def of_gaps(comparison: Plain) -> str | None:
    """Return the copy-memorisation gaps, a row an arm and length; None without any."""
    style = plot_styles(comparison)
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
        return to_svg(figure, "gaps", captions.gap(comparison))
