"""Plots of an ablation as inline SVG: effects, screen and check; None if nothing is to plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from train.ablate.design import NONE, TRIVIAL, AblationArm
from train.ablate.page import captions, screen_captions
from train.ablate.page.tables import ordered, screens
from train.ablate.results import AblationResult, ScreenRow
from train.report.forest import MARGIN, REST, ROW, Row, draw_rows, set_points
from train.report.formatting import arm_name, percent
from train.report.styles import PlotStyle
from train.report.svg import FAINT, INK, drawing, to_svg
from train.report.tables import name_of
from train.statistics.sentences import Name

VERDICTS: dict[Name, PlotStyle] = {
    "better": PlotStyle("#0072b2", "^"),
    "worse": PlotStyle("#d55e00", "v"),
    "equivalent": PlotStyle("#009e73", "s"),
    "identical": PlotStyle("#ffffff", "s"),
    "undecided": PlotStyle("#ffffff", "o"),
}
KNOWN, FLAGGED = PlotStyle("#0072b2", "o"), PlotStyle("#d55e00", "X")
BASELINES = {NONE: PlotStyle("#000000", "o"), TRIVIAL: PlotStyle("#e69f00", "D")}
CHOSEN, LEFT_OUT = PlotStyle("#0072b2", "s"), PlotStyle("#ffffff", "s")
TICK: dict[str, Any] = {"markeredgecolor": "#6b6b76", "markeredgewidth": 1, "markersize": 4}
LINE, LINES, TITLE = 18, 2, 40
"""Characters per line, lines per row name, characters of a title; longer names end in "…"."""


@dataclass(frozen=True)
class Labels:
    """The id of a plot, its title or axis label, and its text alternative."""

    name: str
    title: str
    alternative: str


def effects(result: AblationResult) -> str | None:
    """Plot all effects with their intervals, the margin as a band, a tick for each seed."""
    shown = ordered(result.techniques)
    rows = [
        Row(
            _name(each.name),
            each.mean,
            each.verdict.interval,
            VERDICTS[each.verdict.verdict],
            each.effect,
            each.verdict.interval_here,
        )
        for each in shown
    ]
    labels = Labels("effects", "effect, points", captions.effects(shown))
    return _forest(rows, [each.effects for each in shown], result.setup.margin, labels)


def differences(result: AblationResult) -> str | None:
    """Plot the differences of the check with their intervals."""
    if not result.check:
        return None
    verdicts = [pair.verdict for pair in result.check.pairs]
    rows = [
        Row(
            _name(name_of(each)),
            each.mean,
            each.interval,
            VERDICTS[each.verdict],
            each.verdict,
            each.interval_here,
        )
        for each in verdicts
    ]
    alternative = captions.differences(result.check)
    labels = Labels("differences", "difference, points", alternative)
    return _forest(rows, [], result.setup.margin, labels)


def _forest(
    rows: Sequence[Row], ticks: Sequence[Sequence[float]], band: float, labels: Labels
) -> str | None:
    if not rows:
        return None
    with drawing(_height(rows)) as (figure, axes):
        axes.axvspan(-band, band, color=MARGIN, alpha=0.15, linewidth=0)
        for row, values in enumerate(ticks):
            axes.plot(values, [row + 0.33] * len(values), "|", **TICK)
        draw_rows(axes, rows)
        set_points(axes)
        axes.set(xlabel=labels.title)
        return to_svg(figure, labels.name, labels.alternative)


def screened(result: AblationResult) -> Iterator[tuple[str, str]]:
    """Yield the plots of the screen with their captions.

    Techniques tried at one strength share a plot; each of the others has its own.
    """
    tried = screens(result)
    if alone := [rows[0] for rows in tried.values() if len(rows) == 1]:
        caption = screen_captions.techniques(alone)
        labels = Labels("screen", "One strength each", caption)
        yield _screen(labels, [row.technique for row in alone], alone), caption
    for number, (name, rows) in enumerate(tried.items()):
        if len(rows) > 1:
            caption = screen_captions.strengths(rows)
            labels = Labels(f"screen-{number}", arm_name(name), caption)
            yield _screen(labels, [row.strength for row in rows], rows), caption


def _screen(labels: Labels, names: Sequence[str], rows: Sequence[ScreenRow]) -> str:
    """Plot the accuracy on changed images, and that on unchanged images as a line."""
    shown = [
        Row(_name(name), 100 * row.accuracy, None, FLAGGED if row.flags else KNOWN, _flags(row))
        for name, row in zip(names, rows, strict=True)
    ]
    with drawing(_height(shown) + 0.25) as (figure, axes):
        for number, row in enumerate(rows):
            axes.hlines(number, 100 * row.accuracy, 100 * row.plain, color=FAINT, linewidth=3)
        axes.axvline(100 * rows[0].plain, color=INK, linewidth=1.2, linestyle="--")
        draw_rows(axes, shown)
        axes.set(xlim=(-3, 103), xlabel="accuracy")
        _set_percent(axes)
        axes.set_title(_title(labels.title), x=0, ha="left")
        return to_svg(figure, labels.name, labels.alternative)


def _flags(row: ScreenRow) -> str:
    accuracy = percent(row.accuracy, 0)
    return f"{accuracy}, {len(row.flags)} flagged" if row.flags else accuracy


def accuracies(result: AblationResult) -> str | None:
    """Plot the accuracies of the check with their intervals."""
    if not result.check:
        return None
    rows = [
        Row(
            _name(each.arm.name),
            each.estimate.mean,
            each.estimate.interval,
            _style(each.arm),
            percent(each.estimate.mean / 100, 2),
        )
        for each in result.check.accuracies
    ]
    if not rows:
        return None
    with drawing(_height(rows)) as (figure, axes):
        draw_rows(axes, rows)
        axes.set(xlabel="test accuracy")
        axes.xaxis.set_major_locator(MaxNLocator(4))
        _set_percent(axes)
        return to_svg(figure, "accuracies", captions.accuracies(result.check))


def _style(arm: AblationArm) -> PlotStyle:
    return BASELINES.get(arm, CHOSEN if arm.left_out is None else LEFT_OUT)


def _set_percent(axes: Axes) -> None:
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))


def _title(text: str) -> str:
    return text if len(text) <= TITLE else f"{text[: TITLE - 1]}…"


def _name(text: str) -> str:
    """Break a name into at most two lines."""
    lines = wrap(arm_name(text), LINE)
    if len(lines) > LINES:
        lines[LINES - 1 :] = [lines[LINES - 1][: LINE - 1] + "…"]
    return "\n".join(lines)


def _height(rows: Sequence[Row]) -> float:
    """Compute the height of a plot in inches; names of two lines need more."""
    each = ROW if all("\n" not in row.name for row in rows) else 1.4 * ROW
    return REST - 0.35 + each * (len(rows) + 0.4)
