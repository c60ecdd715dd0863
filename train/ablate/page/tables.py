"""Tables of an ablation: its numbers in rows, the same for the page and for Markdown; accuracies here are in percent."""

from __future__ import annotations

from itertools import groupby

from train.report.formatting import (
    NOTHING,
    SPACE,
    arm_name,
    count,
    decimal,
    number,
    percent,
    points,
    points_range,
    probability,
)
from train.report.tables import Plain, Table, pairs_of

MARKS = {
    "helps": "better",
    "harms": "worse",
    "changes little": "equivalent",
    "changes nothing": "identical",
}
"""What a technique does, as the verdict whose looks it has; all else is undecided."""
SHOWN = 3
"""Classes that are named where many are meant."""


def ordered(found: Plain) -> list[Plain]:
    """Return the techniques, the one that gains most first; the order of every table and plot."""
    return sorted(found["techniques"], key=lambda row: -row["mean"])


def mark(row: Plain) -> str:
    """Return the verdict whose looks a technique has."""
    return MARKS.get(row["says"], "undecided")


def effects(found: Plain) -> Table:
    """Return what each technique does, marked with it."""
    shown = ordered(found)
    rows = (
        (
            arm_name(row["technique"]),
            row["says"],
            points(row["mean"]),
            points_range(row["interval"]),
            probability(row["p_holm"] if row["interval"] else None),
            probability(row["p_signflip"] if row["interval"] else None),
            number(row["microseconds"]),
            _more(row),
        )
        for row in shown
    )
    columns: tuple[str, ...] = (
        "technique",
        "verdict",
        "effect, points",
        "95 % interval",
        "p (Holm)",
        "p (sign flips)",
    )
    columns += ("µs an image", "seeds still needed")
    caption = "What each technique does to the test accuracy, and the time that it takes"
    return Table(caption, columns, tuple(rows), (0, 1), tuple(mark(row) for row in shown))


def _more(row: Plain) -> str:
    """Return the seeds that would decide; none are needed where it is decided."""
    if mark(row) != "undecided":
        return NOTHING
    return "more than 1,000" if row["more_seeds"] is None else f"about {count(row['more_seeds'])}"


def every_effect(found: Plain) -> Table:
    """Return each technique's effect in each replicate, with their spread and its own test."""
    shown = ordered(found)
    most = max((len(row["effects"]) for row in shown), default=0)
    rows = (
        (
            arm_name(row["technique"]),
            *(points(effect) for effect in row["effects"]),
            decimal(row["sd"], 2),
            probability(row["p_t"] if row["interval"] else None),
        )
        for row in shown
    )
    columns = ("technique", *(f"seed {place}" for place in range(most)), "SD", "p, paired t")
    return Table("The effect in every replicate, in points", columns, tuple(rows))


def class_entries(found: Plain) -> list[Plain]:
    """Return the effect of each technique in each class, the most harmed classes first."""
    against = "none" if found["design"] == "single" else "the runs without it"
    entries = [
        {"arm": row["technique"], "against": against, **effect}
        for row in ordered(found)
        for effect in row["classes"]
    ]
    lowest: dict[str, float] = {}
    for entry in entries:
        lowest[entry["class"]] = min(entry["mean"], lowest.get(entry["class"], entry["mean"]))
    return sorted(entries, key=lambda entry: (lowest[entry["class"]], entry["class"]))


def screens(found: Plain) -> dict[str, list[Plain]]:
    """Return the strengths at which each technique was tried on a plainly trained model, in the order of `ordered`."""
    tried = {
        name: list(rows)
        for name, rows in groupby(found["screen"], key=lambda row: row["technique"])
    }
    names = [row["technique"] for row in ordered(found)]
    return {name: tried[name] for name in [name for name in names if name in tried]}


def screen(found: Plain) -> Table:
    """Return the accuracy of a plainly trained model on changed images, and the classes that it no longer knows."""
    rows = (
        (
            arm_name(row["technique"]),
            arm_name(row["setting"]),
            percent(row["accuracy"] / 100),
            points(row["accuracy"] - row["plain"], 1),
            flags(row["harmed"]) or "none",
        )
        for tried in screens(found).values()
        for row in tried
    )
    columns = ("technique", "strength", "accuracy", "against untouched, points", "flagged classes")
    return Table(
        "A plainly trained model on test images that were changed", columns, tuple(rows), (0, 1, 4)
    )


def flags(harmed: list[Plain]) -> str:
    """Return the classes that are no longer known, the worst by name, and what they are taken for."""
    said = [f'"{flag["class"]}" {_fall(flag)}, taken for "{flag["taken_for"]}"' for flag in harmed]
    return "; ".join(said[:SHOWN]) + (
        f"; and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    )


def _fall(flag: Plain) -> str:
    return f"{flag['before']:.0f}{SPACE}→{SPACE}{percent(flag['after'] / 100, 0)}"


def cells(check: Plain) -> Table:
    """Return the accuracies of the check."""
    rows = (
        (
            arm_name(cell["arm"]),
            percent(cell["mean"] / 100, 2),
            _percent_range(cell["interval"]),
            decimal(cell["sd"], 2),
            count(cell["n"]),
        )
        for cell in check["cells"]
    )
    columns = ("trained with", "test accuracy", "95 % interval", "SD, points", "seeds")
    return Table("Accuracy on the other half of the test images", columns, tuple(rows))


def _percent_range(interval: list[float] | None) -> str:
    return f"{interval[0]:.2f} … {percent(interval[1] / 100, 2)}" if interval else NOTHING


def pairs(check: Plain) -> Table:
    """Return the verdicts of the check."""
    return pairs_of(
        check["pairs"], "Differences on the other half of the test images, paired by seed"
    )


def design(found: Plain) -> Table:
    """Return which technique is on in which run."""
    names = [row["technique"] for row in found["techniques"]]
    rows = (
        (f"run {place}", *("on" if name in run["on"] else NOTHING for name in names))
        for place, run in enumerate(found["runs"], start=1)
    )
    return Table("Which technique is on in which run", ("run", *map(arm_name, names)), tuple(rows))


def alike(found: Plain) -> bool:
    """Return whether some runs of the design have the same techniques on, as they do where techniques are few."""
    return len({tuple(run["on"]) for run in found["runs"]}) < len(found["runs"])
