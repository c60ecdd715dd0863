"""Forest plots of a comparison: the pairs of arms, and the memorisation gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from train.compare.page import captions
from train.compare.page.styles import plot_styles
from train.compare.results import Comparison, PairVerdict
from train.report.forest import MARGIN, REST, ROW, Row, draw_rows, set_points
from train.report.formatting import arm_name
from train.report.styles import PlotStyle
from train.report.svg import INK, drawing, to_svg
from train.report.tables import name_of

VERDICTS = {
    "better": PlotStyle(INK, "o"),
    "equivalent": PlotStyle("#0072b2", "s"),
    "undecided": PlotStyle("#ffffff", "o"),
    "identical": PlotStyle("#ffffff", "s"),
}
"""The side of zero tells better from worse, so both have one style."""
LABELS = {
    "better": "differ",
    "equivalent": "equivalent",
    "undecided": "undecided",
    "identical": "identical",
    "margin": "margin",
}


def of_pairs(comparison: Comparison, epochs: int) -> str | None:
    """Draw the differences of all pairs, the margin as a band; None without pairs."""
    pairs = comparison.pairs_after(epochs)
    if not pairs:
        return None
    kinds = {_kind(pair) for pair in pairs}
    margin = comparison.setup.margin
    with drawing(REST + ROW * (len(pairs) + 1)) as (figure, axes):
        axes.axvspan(-margin, margin, color=MARGIN, alpha=0.15, linewidth=0)
        draw_rows(axes, [_row(pair) for pair in pairs])
        set_points(axes)
        axes.set_xlim(*_limits(comparison))
        axes.set_title(f"K = {epochs:,} epochs", x=0, ha="left")
        axes.set(xlabel="difference, points")
        _set_legend(figure, [kind for kind in VERDICTS if kind in kinds])
        return to_svg(figure, f"pairs-{epochs}", captions.verdicts(comparison, epochs))


def _row(pair: PairVerdict) -> Row:
    verdict = pair.verdict
    inner = verdict.interval_here if verdict.images else None
    style = VERDICTS[_kind(pair)]
    return Row(name_of(verdict), verdict.mean, verdict.interval, style, inner=inner)


def _set_legend(figure: Figure, kinds: Sequence[str]) -> None:
    """Set the legend of the verdicts that are shown, and of the margin."""
    styles = [VERDICTS[kind] for kind in kinds]
    keys: list[Any] = [
        Line2D([], [], color=style.colour, linestyle="", marker=style.marker) for style in styles
    ]
    keys.append(Patch(facecolor=MARGIN, alpha=0.15))
    labels = [LABELS[kind] for kind in (*kinds, "margin")]
    figure.legend(keys, labels, loc="outside lower center", ncols=3, handletextpad=0.4)


def _limits(comparison: Comparison) -> tuple[float, float]:
    """Return the ends of the axis, the same in all plots, so that they can be compared."""
    ends = [
        end
        for pair in comparison.pairs
        for end in (*(pair.verdict.interval or ()), pair.verdict.mean, 0.0)
    ]
    reach = 0.06 * (max(ends) - min(ends)) or 1.0
    return min(ends) - reach, max(ends) + reach


def _kind(pair: PairVerdict) -> str:
    name = pair.verdict.verdict
    return "better" if name == "worse" else name


def of_gaps(comparison: Comparison) -> str | None:
    """Draw the copy-memorisation gap of each arm after each number of epochs; None without any."""
    styles = plot_styles(comparison)
    rows = [
        Row(
            f"{arm_name(each.arm.name)}, K = {each.epochs_asked:,}",
            each.gap.points,
            each.gap.interval,
            styles[each.arm.name],
        )
        for each in comparison.summaries_after()
        if each.gap
    ]
    if not rows:
        return None
    with drawing(REST - 0.2 + ROW * len(rows)) as (figure, axes):
        draw_rows(axes, rows)
        set_points(axes)
        axes.set(xlabel="gap, points")
        return to_svg(figure, "gaps", captions.gap(comparison))
