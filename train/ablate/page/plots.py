"""Plots of an ablation: effects, the screen, and the check, a row a thing, as inline SVG; None where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from matplotlib.ticker import FuncFormatter, MaxNLocator

from train.ablate.page import captions
from train.ablate.page.tables import mark, ordered, screens
from train.report.forest import MARGIN, REST, ROW, Row, draw_rows, set_points
from train.report.formatting import arm_name, percent
from train.report.styles import PlotStyle
from train.report.svg import FAINT, INK, drawing, to_svg
from train.report.tables import Plain, margin, name_of

VERDICTS = {
    "better": PlotStyle("#0072b2", "^"),
    "worse": PlotStyle("#d55e00", "v"),
    "equivalent": PlotStyle("#009e73", "s"),
    "identical": PlotStyle("#ffffff", "s"),
    "undecided": PlotStyle("#ffffff", "o"),
}
KNOWN, FLAGGED = PlotStyle("#0072b2", "o"), PlotStyle("#d55e00", "X")
ARMS = {
    "none": PlotStyle("#000000", "o"),
    "TrivialAugment": PlotStyle("#e69f00", "D"),
    "chosen": PlotStyle("#0072b2", "s"),
}
LEFT_OUT = PlotStyle("#ffffff", "s")
LINE, LINES, TITLE = 18, 2, 40
"""Characters of a line, lines of a row's name, characters of a title: longer names end in "…"; tables have them whole."""


def effects(found: Plain) -> str | None:
    """Return the effects of all techniques with their intervals, the margin as a band, each replicate as a tick."""
    shown = ordered(found)
    rows = [
        Row(_name(row["technique"]), row["mean"], row["interval"], VERDICTS[mark(row)], row["says"])
        for row in shown
    ]
    alternative = captions.effects(found)
    return _differences(
        rows,
        [row["effects"] for row in shown],
        margin(found),
        ("effects", "effect, points", alternative),
    )


def differences(found: Plain) -> str | None:
    """Return the differences of the check with their intervals."""
    if not found["check"]:
        return None
    rows = [
        Row(
            _name(name_of(pair)),
            pair["mean"],
            pair["interval"],
            VERDICTS[pair["verdict"]],
            pair["verdict"],
        )
        for pair in found["check"]["pairs"]
    ]
    alternative = captions.differences(found["check"])
    return _differences(rows, [], margin(found), ("differences", "difference, points", alternative))


def _differences(
    rows: Sequence[Row],
    dots: Sequence[Sequence[float]],
    band: float | None,
    words: tuple[str, str, str],
) -> str | None:
    if not rows:
        return None
    name, label, alternative = words
    with drawing(_height(rows)) as (figure, axes):
        if band:
            axes.axvspan(-band, band, color=MARGIN, alpha=0.15, linewidth=0)
        for place, values in enumerate(dots):
            axes.plot(
                values,
                [place + 0.33] * len(values),
                "|",
                markeredgecolor="#6b6b76",
                markeredgewidth=1,
                markersize=4,
            )
        draw_rows(axes, rows)
        set_points(axes)
        axes.set(xlabel=label)
        return to_svg(figure, name, alternative)


def screened(found: Plain) -> Iterator[tuple[str, str]]:
    """Yield the plots of the screen with their captions: those tried at one strength in one, a plot each for the others."""
    tried = screens(found)
    if alone := [rows[0] for rows in tried.values() if len(rows) == 1]:
        caption = captions.screened_alone(alone)
        yield (
            _screen(
                ("screen", "One strength each", caption), [(row["technique"], row) for row in alone]
            ),
            caption,
        )
    for place, (name, rows) in enumerate(tried.items()):
        if len(rows) > 1:
            caption = captions.screened_one(rows)
            words = (f"screen-{place}", arm_name(name), caption)
            yield _screen(words, [(row["setting"], row) for row in rows]), caption


def _screen(words: tuple[str, str, str], rows: Sequence[tuple[str, Plain]]) -> str:
    """Return the accuracy of a plainly trained model on changed images, a row each, and on untouched images as a line."""
    name, title, alternative = words
    shown = [
        Row(_name(said), row["accuracy"], None, FLAGGED if row["harmed"] else KNOWN, _flags(row))
        for said, row in rows
    ]
    with drawing(_height(shown) + 0.25) as (figure, axes):
        for place, (_, row) in enumerate(rows):
            axes.hlines(place, row["accuracy"], row["plain"], color=FAINT, linewidth=3)
        axes.axvline(rows[0][1]["plain"], color=INK, linewidth=1.2, linestyle="--")
        draw_rows(axes, shown)
        axes.set(xlim=(-3, 103), xlabel="accuracy")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
        axes.set_title(title if len(title) <= TITLE else f"{title[: TITLE - 1]}…", x=0, ha="left")
        return to_svg(figure, name, alternative)


def _flags(row: Plain) -> str:
    known = percent(row["accuracy"] / 100, 0)
    return f"{known}, {len(row['harmed'])} flagged" if row["harmed"] else known


def accuracies(found: Plain) -> str | None:
    """Return the accuracies of the check with their intervals."""
    if not found["check"]:
        return None
    rows = [
        Row(
            _name(cell["arm"]),
            cell["mean"],
            cell["interval"],
            ARMS.get(cell["arm"], LEFT_OUT),
            percent(cell["mean"] / 100, 2),
        )
        for cell in found["check"]["cells"]
    ]
    with drawing(_height(rows)) as (figure, axes):
        draw_rows(axes, rows)
        axes.set(xlabel="test accuracy")
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
        return to_svg(figure, "accuracies", captions.accuracies(found["check"]))


def _name(text: str) -> str:
    """Return a name in at most two lines."""
    lines = wrap(arm_name(text), LINE)
    if len(lines) > LINES:
        lines[LINES - 1 :] = [lines[LINES - 1][: LINE - 1] + "…"]
    return "\n".join(lines)


def _height(rows: Sequence[Row]) -> float:
    """Return the inches of a plot of these rows; those of two lines need more."""
    each = ROW if all("\n" not in row.name for row in rows) else 1.4 * ROW
    return REST - 0.35 + each * (len(rows) + 0.4)
