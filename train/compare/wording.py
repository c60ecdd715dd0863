"""Wording: what was found in two lines, what a reader has to know beside it, and what was not tested."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train.compare.runs import Row, Runs
from train.compare.study import ComparisonStudy


def headline(study: ComparisonStudy, pairs: Sequence[Row], paid: Sequence[Row]) -> list[str]:
    """Return what was found in two lines, for the longest training: which is better, and what it costs."""
    longest = max(study.lengths)
    last = [pair for pair in pairs if pair["epochs"] == longest]
    main = [pair for pair in last if pair["against"] == "fly" and pair["arm"].startswith("disk ×")]
    helped = [pair for pair in last if pair["arm"] == "fly" and pair["against"] == "none"]
    chosen = (
        [*main, *helped] if main else [pair for pair in last if pair["against"] == "none"] or last
    )
    first = f"After {longest} passes: " + "; ".join(_in_short(pair) for pair in chosen) + "."
    return [first, _costs_in_short([one for one in paid if one["epochs"] == longest])]


def _in_short(pair: Row) -> str:
    """Return a verdict in few words."""
    arm, other, bounds = pair["arm"], pair["against"], pair["interval"]
    if pair["verdict"] == "identical":
        return f"{arm} and {other} are the same, to the last bit"
    low, high = bounds or (float("nan"), float("nan"))
    if pair["verdict"] == "worse":
        return f"{arm} is worse than {other} by {_size(-pair['mean'])} points ({_size(-high)} … {_size(-low)})"
    numbers = f"{_points(pair['mean'])} points" + (
        f", {_points(low)} … {_points(high)}" if bounds else ""
    )
    if pair["verdict"] == "undecided":
        more = f"; about {pair['more_seeds']} more seeds would decide" if pair["more_seeds"] else ""
        return f"{arm} against {other} is undecided ({numbers}{more})"
    if pair["verdict"] == "equivalent":
        return f"{arm} is as good as {other} ({numbers})"
    return f"{arm} is better than {other} by {_size(pair['mean'])} points ({_size(low)} … {_size(high)})"


def _costs_in_short(paid: Sequence[Row]) -> str:
    """Return when folders have paid for themselves, in few words."""
    if not paid:
        return "No arm stores copies beside one that draws views on the fly, so nothing has to pay for itself."
    said = [
        f"{one['arm']} has paid for itself after {np.ceil(one['passes']):,.0f} passes"
        for one in paid
        if one["passes"] is not None
    ]
    if unknown := [one["arm"] for one in paid if one["words"].startswith("unknown")]:
        said.append(f"whether {' and '.join(unknown)} pays for itself, a single seed does not say")
    if never := [one["arm"] for one in paid if one["passes"] is None and one["arm"] not in unknown]:
        verb = "never pays for itself" if len(never) == 1 else "never pay for themselves"
        why = "a pass over copies is not surely faster than one with views drawn on the fly"
        said.append(f"{' and '.join(never)} {verb}: {why}")
    return f"Cost: {'; '.join(said)}."


def notes(runs: Runs, jobs: int) -> list[str]:
    """Return what a reader has to know beside the numbers."""
    study = runs.study
    said = []
    factors = sorted({arm.factor for arm in study.arms if arm.factor})
    flies = any(arm.strategy == "fly" for arm in study.arms)
    if flies and (most := study.clean_every):
        said.append(
            f"fly shows the untouched image in one of {most} passes, as a folder of ×{most} does"
            + (
                f"; smaller folders show it more often ({', '.join(f'×{f}' for f in factors[:-1])})"
                if factors[1:]
                else ""
            )
        )
    if study.budget == "files":
        said.append(
            "equal passes over all files: an arm with F views of each source has F times the optimizer steps"
        )
    if study.budget.startswith("wall"):
        own = (
            ", those of the expansion among them"
            if study.budget == "wall-expansion"
            else ", those of the expansion left out"
        )
        said.append(f"equal seconds of training{own}: arms differ in optimizer steps")
    if not study.codec.lossless:
        said.append(
            f"copies passed through the encoder (--codec {study.codec.format}): they lose what it loses"
        )
    if flies and factors and study.renderer == "batched":
        said.append(
            "fly's views are rendered in batches, up to one grey level from the copies': no two of these arms are identical"
        )
    if jobs > 1:
        said.append(f"{jobs} replicates ran side by side: seconds are those of a shared machine")
    return said


def not_tested(study: ComparisonStudy) -> list[str]:
    """Return what this comparison leaves open."""
    budgets = {"steps": "equal seconds, or equal passes over all files (--budget wall, files)"}
    sources = f"{study.sources:,}" if study.sources else "all"
    return [
        f"models other than {study.model}: larger ones memorise sooner (--model)",
        f'recipes other than "{study.views.name}", and other strengths of its techniques (--recipe)',
        f"more or fewer sources than {sources} (--sources)",
        f"training for other than {', '.join(map(str, study.lengths))} passes (--epochs)",
        "other learning rates, batch sizes and schedules for each arm: all arms share one",
        budgets.get(study.budget, "equal optimizer steps (--budget steps)"),
        "test images from elsewhere than the test folder",
    ]


def _points(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _size(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
