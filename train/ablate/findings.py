"""Findings of an ablation: from the rows of all runs to what each technique does, and what to make of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.ablate.ablation import AblationStudy
from train.ablate.arms import NONE, TRIVIAL, AblationArm
from train.ablate.design import effects, make_design
from train.statistics.intervals import LEVEL, paired
from train.statistics.significance import holm, paired_t
from train.statistics.verdicts import Pair, Verdict, judge

Row = dict[str, Any]
SHOWN = 3


class Outcomes:
    """Which test images each run had right, and how accuracies over a part of them follow."""

    def __init__(
        self,
        rows: Sequence[Row],
        labels: NDArray[np.int64],
        classes: tuple[str, ...],
        part: NDArray[np.bool_],
    ) -> None:
        self.labels, self.classes, self.part = labels[part], classes, part
        self.seeds = sorted({row["replicate"] for row in rows})
        self._right = {(row["arm"], row["replicate"]): self._bits(row["right"]) for row in rows}

    def _bits(self, packed: str) -> NDArray[np.bool_]:
        bits = np.frombuffer(base64.b64decode(packed), np.uint8)
        return np.unpackbits(bits, count=len(self.part)).astype(bool)[self.part]

    def accuracies(self, arm: str, only: int | None = None) -> NDArray[np.float64]:
        """Return the accuracy of each replicate of an arm, in percent, over all images or those of one class."""
        chosen = slice(None) if only is None else self.labels == only
        return np.array([100 * self._right[arm, seed][chosen].mean() for seed in self.seeds])

    def right(self, arm: str) -> NDArray[np.int8]:
        """Return which images each replicate of an arm had right: replicates × images."""
        return np.stack([self._right[arm, seed] for seed in self.seeds]).astype(np.int8)

    @property
    def shown_classes(self) -> list[int]:
        """The classes that have test images here."""
        return [number for number in range(len(self.classes)) if (self.labels == number).any()]


def describe_techniques(
    ablation: AblationStudy, outcomes: Outcomes, seconds: Sequence[float], margin: float
) -> list[Row]:
    """Return what each technique does to the accuracy, to each class, and to the time."""
    whole = _effects(ablation, outcomes, None)
    by_class = {number: _effects(ablation, outcomes, number) for number in outcomes.shown_classes}
    pairs = [
        Pair(switch.name, NONE, whole[:, i].tolist()) for i, switch in enumerate(ablation.switches)
    ]
    found = []
    for i, verdict in enumerate(judge(pairs, margin)):
        classes = [
            _class_effect(outcomes.classes[number], values[:, i])
            for number, values in by_class.items()
        ]
        classes.sort(key=lambda row: row["mean"])
        found.append(
            _technique(verdict, classes)
            | {"microseconds": 1e6 * seconds[i], "effects": whole[:, i].tolist()}
        )
    return found


def _effects(ablation: AblationStudy, outcomes: Outcomes, only: int | None) -> NDArray[np.float64]:
    """Return the effects of all techniques in each replicate of the design: replicates × techniques, in points."""
    design = make_design(ablation.design, len(ablation.switches))
    runs = np.stack([outcomes.accuracies(arm.name, only) for arm in ablation.design_arms], axis=1)
    return np.stack([effects(design, run) for run in runs])


def _class_effect(name: str, values: NDArray[np.float64]) -> Row:
    found = paired(values.tolist())
    return {
        "class": name,
        "mean": found.mean,
        "interval": found.interval,
        "p_t": paired_t(values.tolist()),
    }


def _technique(verdict: Verdict, classes: list[Row]) -> Row:
    effect = {
        "better": "helps",
        "worse": "harms",
        "equivalent": "changes little",
        "identical": "changes nothing",
    }
    says = effect.get(verdict.verdict, "undecided")
    adjusted = holm([row["p_t"] for row in classes])
    harmed = [
        row
        for row, p_holm in zip(classes, adjusted, strict=True)
        if row["mean"] < 0 and p_holm <= LEVEL
    ]
    span = (
        f" (95 % interval {_points(verdict.interval[0])} … {_points(verdict.interval[1])})"
        if verdict.interval
        else ""
    )
    words = f"{verdict.arm} {says}: {_points(verdict.mean)} points{span}"
    if harmed:
        listed = ", ".join(f'"{row["class"]}" {_points(row["mean"])}' for row in harmed[:SHOWN])
        words += f"; it costs {listed}" + (
            f" and {len(harmed) - SHOWN} more classes" if len(harmed) > SHOWN else ""
        )
    return {
        "technique": verdict.arm,
        "says": says,
        "mean": verdict.mean,
        "sd": verdict.sd,
        "interval": verdict.interval,
        "p_t": verdict.p_t,
        "p_holm": verdict.p_holm,
        "p_signflip": verdict.p_signflip,
        "more_seeds": verdict.more_seeds,
        "classes": classes,
        "harmed": harmed,
        "words": words,
    }


def choose(ablation: AblationStudy, techniques: Sequence[Row]) -> tuple[int, ...]:
    """Return the techniques that go on: those that gained in the design; from single ones, those that surely helped."""
    if ablation.design == "single":
        return tuple(i for i, row in enumerate(techniques) if row["says"] == "helps")
    return tuple(
        i for i, row in enumerate(techniques) if row["mean"] > 0 and row["says"] != "harms"
    )


def check(arms: Sequence[AblationArm], outcomes: Outcomes, margin: float) -> Row:
    """Return how the chosen techniques together, and without each, do on images that had no part in choosing them."""
    names = [arm.name for arm in arms]
    cells = []
    for name in names:
        values = outcomes.accuracies(name)
        found = paired(values.tolist())
        cells.append(
            {
                "arm": name,
                "n": found.n,
                "mean": found.mean,
                "sd": found.sd,
                "interval": found.interval,
            }
        )
    held = [(TRIVIAL, NONE)]
    if "chosen" in names:
        held = [("chosen", other) for other in names if other != "chosen"] + held
    pairs = [
        Pair(
            one,
            other,
            (outcomes.accuracies(one) - outcomes.accuracies(other)).tolist(),
            images=outcomes.right(one) - outcomes.right(other),
        )
        for one, other in held
    ]
    return {"cells": cells, "pairs": [vars(verdict) for verdict in judge(pairs, margin)]}


def keep(ablation: AblationStudy, chosen: Sequence[int], checked: Row | None) -> tuple[int, ...]:
    """Return the chosen techniques, without one where the check found that surely better: so what is kept was measured."""
    if checked is None:
        return tuple(chosen)
    if any(pair["against"] == NONE for pair in _lost(checked)):
        return ()
    dropped = _dropped(checked)
    return tuple(
        number
        for number in chosen
        if not dropped or dropped["against"] != f"without {ablation.switches[number].name}"
    )


def _lost(checked: Row) -> list[Row]:
    """Return the pairs in which the chosen techniques together are surely worse."""
    return [
        pair for pair in checked["pairs"] if pair["arm"] == "chosen" and pair["verdict"] == "worse"
    ]


def _dropped(checked: Row) -> Row | None:
    """Return the pair of the technique without which the others do best, if surely better than with it."""
    without = [pair for pair in _lost(checked) if pair["against"].startswith("without ")]
    return min(without, key=lambda pair: pair["mean"], default=None)


def merge_screens(rows: Sequence[Row]) -> list[Row]:
    """Return the mean of the screens of all replicates; a class is flagged where most of them flag it."""
    screens = [row["screen"] for row in rows if row.get("screen")]
    merged = []
    for same in zip(*screens, strict=True):
        flags = [flag for row in same for flag in row["harmed"]]
        names = dict.fromkeys(flag["class"] for flag in flags)
        harmed = [_flag(name, [flag for flag in flags if flag["class"] == name]) for name in names]
        harmed = [flag for flag in harmed if 2 * flag["times"] > len(same)]
        merged.append(
            {
                "technique": same[0]["technique"],
                "setting": same[0]["setting"],
                "plain": 100 * fmean(row["plain"] for row in same),
                "accuracy": 100 * fmean(row["accuracy"] for row in same),
                "harmed": sorted(harmed, key=lambda flag: flag["after"] - flag["before"]),
            }
        )
    return merged


def _flag(name: str, flags: Sequence[Row]) -> Row:
    taken = [flag["taken_for"] for flag in flags]
    return {
        "class": name,
        "times": len(flags),
        "before": 100 * fmean(flag["before"] for flag in flags),
        "after": 100 * fmean(flag["after"] for flag in flags),
        "taken_for": max(taken, key=taken.count),
    }


def headline(techniques: Sequence[Row], checked: Row | None, suggested: str | None) -> list[str]:
    """Return in two lines which techniques help and harm, and what the suggestion is worth."""
    lists = []
    for says in ("helps", "harms"):
        rows = sorted(
            (row for row in techniques if row["says"] == says), key=lambda row: -abs(row["mean"])
        )
        if rows:
            lists.append(
                f"{says}: "
                + ", ".join(f"{row['technique']} ({_points(row['mean'])})" for row in rows)
            )
    open_ones = [row["technique"] for row in techniques if row["says"] == "undecided"]
    if open_ones:
        lists.append("undecided: " + ", ".join(open_ones))
    first = "; ".join(lists) or "No technique changes much"
    first = first[0].upper() + first[1:] + "."
    if suggested is None:
        return [first, "Nothing is suggested: no technique was found to help."]
    if checked is None:
        return [
            first,
            f"Suggested: {suggested}; techniques were tried alone, so what they do together was not measured.",
        ]
    dropped = _dropped(checked)
    against = (NONE, TRIVIAL, dropped["against"] if dropped else None)
    mine = [
        pair["words"]
        for pair in checked["pairs"]
        if pair["arm"] == "chosen" and pair["against"] in against
    ]
    return [
        first,
        f"Suggested: {suggested}. On images that had no part in choosing: {'; '.join(mine)}.",
    ]


def not_tested(ablation: AblationStudy) -> list[str]:
    """Return what this ablation leaves open."""
    together = (
        "what techniques do together: each was tried alone"
        if ablation.design == "single"
        else "pairs of techniques apart: in a design of 12 runs a part of what two do together is counted to others"
    )
    return [
        together,
        "other ranges than the recipe's: a technique that harms may help when it is milder (see the screen)",
        f"training for other than {ablation.epochs} passes, and models other than {ablation.model}",
        "techniques that the recipe does not have",
        "test images from elsewhere than the test folder",
    ]


def _points(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
