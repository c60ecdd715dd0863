"""Findings: from the rows of all runs and the measured costs to plain data that says what was found."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from statistics import fmean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.compare.arms import Arm
from train.compare.question import Question
from train.statistics import paired
from train.verdicts import Pair, judge

Row = dict[str, Any]


class Runs:
    """The rows of all runs, by arm and length."""

    def __init__(self, question: Question, rows: Sequence[Row], test_images: int) -> None:
        self.question, self.test_images = question, test_images
        self.sources = max(row["images"] // row["epochs"] for row in rows)
        self._cells: dict[tuple[str, int], list[Row]] = {}
        for row in sorted(rows, key=lambda row: row["replicate"]):
            self._cells.setdefault((row["arm"], row["length"]), []).append(row)

    def rows(self, arm: Arm, length: int) -> list[Row]:
        """Return the rows of an arm at a length, a replicate each."""
        return self._cells[arm.name, length]

    def values(self, arm: Arm, length: int, what: str | Callable[[Row], float]) -> list[float]:
        """Return one number of each replicate."""
        read = what if callable(what) else lambda row: row[what]
        return [float(read(row)) for row in self.rows(arm, length)]

    def right(self, arm: Arm, length: int) -> NDArray[np.int8]:
        """Return which test images each replicate had right: replicates × images."""
        packed = [np.frombuffer(base64.b64decode(row["right"]), np.uint8) for row in self.rows(arm, length)]
        return np.stack([np.unpackbits(bits, count=self.test_images) for bits in packed]).astype(np.int8)

    def pass_seconds(self, arm: Arm, length: int) -> list[float]:
        """Return the seconds that each replicate took for a pass over the sources."""
        return self.values(arm, length, lambda row: row["training_seconds"] / row["epochs"])


def describe_cells(runs: Runs) -> list[Row]:
    """Return what each arm reached at each length."""
    return [_cell(runs, arm, length) for length in runs.question.lengths for arm in runs.question.arms]


def _cell(runs: Runs, arm: Arm, length: int) -> Row:
    rows = runs.rows(arm, length)
    accuracies = [row["accuracy"] for row in rows]
    found = paired(accuracies)
    middle = {name: median(row[f"{name}_seconds"] for row in rows) for name in ("wait", "augment", "compute", "evaluate")}
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
        "per_class": {name: fmean(row["per_class"][name] for row in rows) for name in rows[0]["per_class"]},
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
    for length in runs.question.lengths:
        pairs = [_pair(runs, length, *arms) for arms in pairs_of(runs.question.arms)]
        found += [{"epochs": length, **asdict(verdict)} for verdict in judge(pairs, margin)]
    return found


def pairs_of(arms: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
    """Yield which arms are held against which.

    All against none, copies against on the fly, other copies against stratified ones of the same number, and F stratified
    ones against 2F random ones.
    """
    by_name = {arm.name: arm for arm in arms}
    for one in arms:
        for base in ("none", "fly"):
            if (other := by_name.get(base)) and one.name not in (base, "none"):
                yield one, other
    for one in arms:
        if one.strategy in ("disk-random", "hybrid") and (other := by_name.get(f"disk ×{one.factor}")):
            yield other, one
        if one.strategy == "disk" and (other := by_name.get(f"disk-random ×{2 * (one.factor or 0)}")):
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
    first, *others = runs.question.arms
    classes, worst = [], []
    for length in runs.question.lengths:
        for arm in others:
            gains = [_class_gain(runs, length, (arm, first), name) for name in runs.rows(arm, length)[0]["per_class"]]
            classes += gains
            worst.append(_worst(min(gains, key=lambda gain: gain["mean"]), first, len(gains)))
    return classes, worst


def _class_gain(runs: Runs, length: int, arms: tuple[Arm, Arm], name: str) -> Row:
    ours, theirs = (runs.values(arm, length, lambda row: row["per_class"][name]) for arm in arms)
    found = paired([100 * (a - b) for a, b in zip(ours, theirs, strict=True)])
    return {
        "epochs": length,
        "arm": arms[0].name,
        "against": arms[1].name,
        "class": name,
        "mean": found.mean,
        "interval": found.interval,
    }


def _worst(gain: Row, first: Arm, classes: int) -> Row:
    """Return an arm's worst class in words; it is a harm where the interval lies below zero."""
    bounds = gain["interval"]
    harmed = bounds is not None and bounds[1] < 0
    span = f" (95 % interval {_points(bounds[0])} … {_points(bounds[1])})" if bounds else ""
    what = "harms" if harmed else "does least for"
    words = f'{gain["arm"]} {what} "{gain["class"]}": {_points(gain["mean"])} points against {first.name}{span}'
    return {**gain, "harm": harmed, "words": f"{words}, the worst of {classes} classes"}


def describe_costs(runs: Runs, expansions: Sequence[Row]) -> list[Row]:
    """Return what each arm costs: once, and for every pass."""
    once = {cost["arm"]: cost for cost in expansions}
    longest = max(runs.question.lengths)
    found = []
    for arm in runs.question.arms:
        cost, seconds = once.get(arm.name), median(runs.pass_seconds(arm, longest))
        found.append(
            {
                "arm": arm.name,
                "files": cost["files"] if cost else 0,
                "bytes": cost["bytes"] if cost else 0,
                "allocated": cost["allocated"] if cost else 0,
                "expansion_seconds": cost["expansion_seconds"] if cost else 0.0,
                "expansion_cpu_seconds": cost["expansion_cpu_seconds"] if cost else 0.0,
                "how": cost["how"] if cost else "nothing is stored",
                "pack_seconds": cost["read_seconds"] if cost else None,
                "pass_seconds": seconds,
                "images_per_second": runs.sources / seconds,
            }
        )
    return found


def break_even(runs: Runs, expansions: Sequence[Row]) -> list[Row]:
    """Return after how many passes and runs each folder has paid for itself, against views drawn on the fly."""
    fly = next((arm for arm in runs.question.arms if arm.strategy == "fly"), None)
    if fly is None:
        return []
    once = {cost["arm"]: cost for cost in expansions}
    stored = [arm for arm in runs.question.arms if arm.name in once]
    return [_break_even(runs, length, arm, fly, once[arm.name]) for length in runs.question.lengths for arm in stored]


def _break_even(runs: Runs, length: int, arm: Arm, fly: Arm, cost: Row) -> Row:
    """Return one folder's break-even: F·(a+w) < R·K·(h·a − r), all in seconds for each source.

    a: augmenting once; w: encoding, writing, and reading once more; r: what a visit to a copy takes more than one to a
    source; h: the share of a that training cannot hide. h·a − r is what a visit to the folder saves, measured as it is.
    """
    count, factor = runs.sources, arm.factor or 1
    flown, read = (runs.pass_seconds(one, length) for one in (fly, arm))
    saved = paired([(a - b) / count for a, b in zip(flown, read, strict=True)])
    rows = runs.rows(fly, length)
    a = median(row["augment_seconds"] / row["images"] for row in rows)
    plain = next((arm for arm in runs.question.arms if arm.strategy == "none"), None)
    bare = median(runs.pass_seconds(plain, length)) / count if plain else None
    spent = (cost["expansion_seconds"] + cost["read_seconds"]) / count
    found = {
        "arm": arm.name,
        "epochs": length,
        "a": a,
        "w": spent / factor - a,
        "r": None if bare is None else median(read) / count - bare,
        "h": None if bare is None or not a else (median(flown) / count - bare) / a,
        "passes": None,
        "runs": None,
    }
    sure = saved.interval is not None and saved.interval[0] > 0
    took = f"{median(read):.3g} s against {median(flown):.3g} s"
    if not sure:
        why = "a pass over the folder takes no less time" if saved.mean <= 0 else "a pass over the folder is not surely faster"
        return {**found, "words": f"never, because {why} than one with views drawn on the fly ({took})"}
    need = spent / saved.mean
    return {
        **found,
        "passes": need,
        "runs": need / rows[0]["epochs"],
        "words": f"the folder has paid for itself after {np.ceil(need):,.0f} passes "
        f"({need / rows[0]['epochs']:,.1f} runs of {rows[0]['epochs']}): a pass takes {took}",
    }


def headline(question: Question, pairs: Sequence[Row], paid: Sequence[Row]) -> list[str]:
    """Return what was found in two lines, for the longest training: which is better, and what it costs."""
    longest = max(question.lengths)
    last = [pair for pair in pairs if pair["epochs"] == longest]
    main = [pair for pair in last if pair["against"] == "fly" and pair["arm"].startswith("disk ×")]
    helped = [pair for pair in last if pair["arm"] == "fly" and pair["against"] == "none"]
    chosen = [*main, *helped] if main else [pair for pair in last if pair["against"] == "none"] or last
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
    numbers = f"{_points(pair['mean'])} points" + (f", {_points(low)} … {_points(high)}" if bounds else "")
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
    never = [one["arm"] for one in paid if one["passes"] is None]
    pays = [f"{one['arm']} after {np.ceil(one['passes']):,.0f} passes" for one in paid if one["passes"] is not None]
    said = ["a folder pays for itself: " + ", ".join(pays)] if pays else []
    if never:
        said.append(
            f"{' and '.join(never)} never: a pass over copies is not surely faster than one with views drawn on the fly"
        )
    line = "; ".join(said)
    return line[0].upper() + line[1:] + "."


def notes(runs: Runs, jobs: int) -> list[str]:
    """Return what a reader has to know beside the numbers."""
    question = runs.question
    said = []
    factors = sorted({arm.factor for arm in question.arms if arm.factor})
    flies = any(arm.strategy == "fly" for arm in question.arms)
    if flies and (most := question.clean_every):
        said.append(
            f"fly shows the untouched image in one of {most} passes, as a folder of ×{most} does"
            + (f"; smaller folders show it more often ({', '.join(f'×{f}' for f in factors[:-1])})" if factors[1:] else "")
        )
    if question.budget == "files":
        said.append("equal passes over all files: an arm with F views of each source has F times the optimizer steps")
    if question.budget.startswith("wall"):
        own = (
            ", those of the expansion among them"
            if question.budget == "wall-expansion"
            else ", those of the expansion left out"
        )
        said.append(f"equal seconds of training{own}: arms differ in optimizer steps")
    if not question.codec.lossless:
        said.append(f"copies passed through the encoder (--codec {question.codec.format}): they lose what it loses")
    if jobs > 1:
        said.append(f"{jobs} replicates ran side by side: seconds are those of a shared machine")
    return said


def not_tested(question: Question) -> list[str]:
    """Return what this comparison leaves open."""
    budgets = {"steps": "equal seconds, or equal passes over all files (--budget wall, files)"}
    sources = f"{question.sources:,}" if question.sources else "all"
    return [
        f"models other than {question.model}: larger ones memorise sooner (--model)",
        f'recipes other than "{question.views.name}", and other strengths of its techniques (--recipe)',
        f"more or fewer sources than {sources} (--sources)",
        f"training for other than {', '.join(map(str, question.lengths))} passes (--epochs)",
        "other learning rates, batch sizes and schedules for each arm: all arms share one",
        budgets.get(question.budget, "equal optimizer steps (--budget steps)"),
        "test images from elsewhere than the test folder",
    ]


def _points(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _size(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
