"""Findings: from the rows of all runs and the measured costs to plain data that says what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import fmean, median

from train.compare.arms import Arm
from train.compare.runs import Row, Runs
from train.statistics.intervals import LEVEL, paired
from train.statistics.significance import holm, paired_t
from train.statistics.verdicts import Pair, judge


def describe_cells(runs: Runs) -> list[Row]:
    """Return what each arm reached at each length."""
    return [_cell(runs, arm, length) for length in runs.study.lengths for arm in runs.study.arms]


def _cell(runs: Runs, arm: Arm, length: int) -> Row:
    rows = runs.rows(arm, length)
    accuracies = [row["accuracy"] for row in rows]
    found = paired(accuracies)
    middle = {
        name: median(row[f"{name}_seconds"] for row in rows)
        for name in ("wait", "augment", "compute", "evaluate")
    }
    seconds = median(row["training_seconds"] for row in rows)
    return {
        "arm": arm.name,
        "epochs": length,
        "passes": rows[0]["epochs"],
        "k_over_f": rows[0]["epochs"] / arm.factor if arm.factor else None,
        "steps": rows[0]["steps"],
        "n": len(rows),
        "accuracies": accuracies,
        "mean": found.mean,
        "sd": found.sd,
        "interval": found.interval,
        "loss": fmean(row["loss"] for row in rows),
        "train_accuracy": fmean(row["train_accuracy"] for row in rows),
        "per_class": {
            name: fmean(row["per_class"][name] for row in rows) for name in rows[0]["per_class"]
        },
        "seconds": seconds,
        "images_per_second": rows[0]["images"] / seconds,
        **middle,
        "gap": _gap(rows),
    }


def _gap(rows: Sequence[Row]) -> Row | None:
    gaps = [row["gap"] for row in rows if row["gap"]]
    if not gaps:
        return None
    found = paired([100 * (gap["stored"] - gap["fresh"]) for gap in gaps])
    stored, fresh = (fmean(gap[name] for gap in gaps) for name in ("stored", "fresh"))
    return {"stored": stored, "fresh": fresh, "points": found.mean, "interval": found.interval}


def compare_pairs(runs: Runs, margin: float) -> list[Row]:
    """Return the verdict of each pair of arms, length by length: the pairs of one length are a family."""
    found = []
    for length in runs.study.lengths:
        pairs = [_pair(runs, length, *arms) for arms in pairs_of(runs.study.arms)]
        found += [{"epochs": length, **asdict(verdict)} for verdict in judge(pairs, margin)]
    return found


def pairs_of(arms: Sequence[Arm]) -> list[tuple[Arm, Arm]]:
    """Return which arms are held against which.

    All against none, copies against on the fly, other copies against stratified ones of the same number, and F stratified
    ones against 2F random ones; an arm that has no counterpart, against the first.
    """
    found = list(_counterparts(arms))
    for one, other in [*((arm, arms[0]) for arm in arms[1:]), (arms[0], arms[1])]:
        if not any(one in pair for pair in found):
            found.append((one, other))
    return found


def _counterparts(arms: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
    by_name = {arm.name: arm for arm in arms}
    for one in arms:
        for base in ("none", "fly"):
            if (other := by_name.get(base)) and one.name not in (base, "none"):
                yield one, other
    for one in arms:
        if one.strategy in ("disk-random", "hybrid") and (
            other := by_name.get(f"disk ×{one.factor}")
        ):
            yield other, one
        if one.strategy == "disk" and (
            other := by_name.get(f"disk-random ×{2 * (one.factor or 0)}")
        ):
            yield one, other


def _pair(runs: Runs, length: int, one: Arm, other: Arm) -> Pair:
    ours, theirs = (runs.values(arm, length, "accuracy") for arm in (one, other))
    weights = [[row["weights"] for row in runs.rows(arm, length)] for arm in (one, other)]
    images = runs.right(one, length) - runs.right(other, length)
    return Pair(
        one.name,
        other.name,
        [100 * (a - b) for a, b in zip(ours, theirs, strict=True)],
        same_weights=weights[0] == weights[1],
        images=images,
    )


def compare_classes(runs: Runs) -> tuple[list[Row], list[Row]]:
    """Return each arm's gain in each class against the first arm, and the class in which each arm does worst."""
    first, *others = runs.study.arms
    classes, worst = [], []
    for length in runs.study.lengths:
        for arm in others:
            gains = [
                _class_gain(runs, length, (arm, first), name)
                for name in runs.rows(arm, length)[0]["per_class"]
            ]
            for gain, p_holm in zip(gains, holm([gain["p_t"] for gain in gains]), strict=True):
                gain["p_holm"] = p_holm
            classes += gains
            worst.append(_worst(min(gains, key=lambda gain: gain["mean"]), first, len(gains)))
    return classes, worst


def _class_gain(runs: Runs, length: int, arms: tuple[Arm, Arm], name: str) -> Row:
    ours, theirs = (runs.values(arm, length, lambda row: row["per_class"][name]) for arm in arms)
    differences = [100 * (a - b) for a, b in zip(ours, theirs, strict=True)]
    found = paired(differences)
    return {
        "epochs": length,
        "arm": arms[0].name,
        "against": arms[1].name,
        "class": name,
        "mean": found.mean,
        "interval": found.interval,
        "p_t": paired_t(differences),
    }


def _worst(gain: Row, first: Arm, classes: int) -> Row:
    """Return an arm's worst class in words; it is a harm where the paired t test, Holm-adjusted over all classes, says so."""
    bounds = gain["interval"]
    harmed = gain["mean"] < 0 and gain["p_holm"] <= LEVEL
    span = f" (95 % interval {_points(bounds[0])} … {_points(bounds[1])})" if bounds else ""
    what = "harms" if harmed else "does least for"
    words = f'{gain["arm"]} {what} "{gain["class"]}": {_points(gain["mean"])} points against {first.name}{span}'
    return {**gain, "harm": harmed, "words": f"{words}, the worst of {classes} classes"}


def _points(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
