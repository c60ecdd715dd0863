"""The plot of the results: how many times as fast as the fastest albumentations each arm is."""

from __future__ import annotations

from pathlib import Path

from benchmarks.expanding.arms import ALBUMENTATIONS
from benchmarks.expanding.results import ArmResult, Results, SetResult, Summary
from train.report.svg import INK, drawing

COLOURS = ("#2a6fdb", "#e08a1e", "#3a9a5b")
HEIGHT = 0.42
"""Inches for each arm."""


def draw(results: Results, path: Path) -> None:
    """Write the plot as SVG."""
    sets = [each for each in results.sets if _base(each)]
    labels = list(dict.fromkeys(arm.label for each in sets for arm in each.ran))
    with drawing(1 + HEIGHT * len(labels)) as (figure, axes):
        figure.set_size_inches(7, 1 + HEIGHT * len(labels))
        thickness = 0.8 / max(1, len(sets))
        for number, (each, colour) in enumerate(zip(sets, COLOURS, strict=False)):
            for arm in each.ran:
                height = labels.index(arm.label) + (number - (len(sets) - 1) / 2) * thickness
                summary = _relative(arm, each)
                low, high = summary.median - summary.low, summary.high - summary.median
                label = each.title if arm is each.ran[0] else None
                axes.barh(height, summary.median, thickness, color=colour, label=label)
                axes.errorbar(
                    summary.median, height, xerr=[[low], [high]], color=INK, linewidth=0.8
                )
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("files/s ÷ the fastest albumentations")
        axes.set_title("Speed of expanding")
        axes.legend(loc="best")
        figure.savefig(path, format="svg", metadata={"Date": None}, facecolor="white")


def _base(result: SetResult) -> float:
    """Return the median rate of the fastest albumentations; 0 if none ran."""
    rates = [arm.median for arm in result.ran if arm.name == ALBUMENTATIONS]
    return max(rates, default=0.0)


def _relative(arm: ArmResult, result: SetResult) -> Summary:
    return Summary.of(timing.rate / _base(result) for timing in arm.timings)
