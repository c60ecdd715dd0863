"""Tables of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from expand.cli.formatting import format_bytes
from train.report.formatting import (
    NOTHING,
    arm_name,
    count,
    decimal,
    known,
    number,
    percent,
    percent_range,
    points,
    points_range,
    probability,
    seconds,
)
from train.report.tables import Plain, Table, name_of, pairs_of


def longest(comparison: Plain) -> int:
    """Return the largest number of passes that was compared, 0 if there is none."""
    return max(comparison["lengths"], default=0)


def cells(comparison: Plain, epochs: int | None = None) -> Iterator[Plain]:
    """Yield the cells, arm by arm in the order of `arms`, the shortest first; of one length if `epochs` is given."""
    place = {arm["name"]: index for index, arm in enumerate(comparison["arms"])}
    ordered = sorted(
        comparison["cells"], key=lambda cell: (place.get(cell["arm"], len(place)), cell["epochs"])
    )
    yield from (cell for cell in ordered if epochs is None or cell["epochs"] == epochs)


def of_length(comparison: Plain, part: str, epochs: int) -> list[Plain]:
    """Return the entries of a part ("pairs", "classes", "worst", …) that belong to one length."""
    return [entry for entry in comparison[part] if entry["epochs"] == epochs]


def expansion_seconds(comparison: Plain) -> dict[str, float]:
    """Return what writing each arm's folder took, for the arms that have one."""
    found = {cost["arm"]: cost["expansion_seconds"] for cost in comparison["costs"]}
    return {arm: taken for arm, taken in found.items() if taken and known(taken)}


def total_seconds(cell: Plain, expansion: Mapping[str, float]) -> float | None:
    """Return a run's seconds of training and of the expansion that it needs."""
    trained: float | None = cell["seconds"]
    return trained if trained is None else trained + expansion.get(cell["arm"], 0.0)


def accuracy(comparison: Plain) -> Table:
    """Return every arm's accuracy at every length; passes have a column where the budget made them differ from the length."""
    found = list(cells(comparison))
    differ = any(cell["passes"] != cell["epochs"] for cell in found)
    rows = (
        (
            arm_name(cell["arm"]),
            count(cell["epochs"]),
            percent(cell["mean"], 2),
            percent_range(cell["interval"], 2),
            decimal(None if cell["sd"] is None else 100 * cell["sd"], 2),
            count(cell["n"]),
            number(cell["k_over_f"]),
            decimal(cell["loss"], 3),
            percent(cell["train_accuracy"]),
            *([count(cell["passes"])] if differ else []),
        )
        for cell in found
    )
    columns = (
        "arm",
        "K",
        "test accuracy",
        "95 % interval",
        "SD, points",
        "seeds",
        "K/F",
        "test loss",
        "training accuracy",
    )
    caption = "Test accuracy of every arm at every length, averaged over the seeds"
    return Table(caption, (*columns, *(["passes done"] if differ else [])), tuple(rows))


def every_run(comparison: Plain) -> Table:
    """Return each single run's accuracy."""
    found = list(cells(comparison))
    most = max((len(cell["accuracies"]) for cell in found), default=0)
    rows = (
        (
            arm_name(cell["arm"]),
            count(cell["epochs"]),
            *(percent(share, 2) for share in _padded(cell["accuracies"], most)),
        )
        for cell in found
    )
    return Table(
        "Test accuracy of every run",
        ("arm", "K", *(f"seed {index}" for index in range(most))),
        tuple(rows),
    )


def _padded(shares: list[float | None], length: int) -> list[float | None]:
    return [*shares, *[None] * (length - len(shares))]


def speed(comparison: Plain) -> Table:
    """Return where the seconds of a run went."""
    expansion = expansion_seconds(comparison)
    rows = (
        (
            arm_name(cell["arm"]),
            count(cell["epochs"]),
            percent(cell["mean"], 2),
            seconds(cell["seconds"]),
            seconds(total_seconds(cell, expansion)),
            *(seconds(cell[part]) for part in ("wait", "augment", "compute", "evaluate")),
            count(cell["images_per_second"]),
            count(cell["steps"]),
        )
        for cell in cells(comparison)
    )
    columns: tuple[str, ...] = (
        "arm",
        "K",
        "test accuracy",
        "training",
        "with expansion",
        "waiting",
        "augmenting",
        "computing",
    )
    columns += ("evaluating", "images/s", "optimizer steps")
    return Table("Seconds and steps of one run", columns, tuple(rows))


def pairs(comparison: Plain, epochs: int) -> Table:
    """Return the verdict on every pair at one length, marked with it."""
    return pairs_of(of_length(comparison, "pairs", epochs), f"All pairs after {epochs:,} passes")


def tests(comparison: Plain, epochs: int) -> Table:
    """Return all p values and intervals of every pair at one length."""
    rows = (
        (
            name_of(pair),
            decimal(pair["sd"], 2),
            points_range(pair["interval"]),
            points_range(pair["bca"]),
            points_range(pair["bca_images"]),
            *(probability(pair[p]) for p in ("p_t", "p_signflip", "p_holm", "p_equivalence")),
            count(pair["more_seeds"]),
        )
        for pair in of_length(comparison, "pairs", epochs)
    )
    columns: tuple[str, ...] = (
        "pair",
        "SD of the differences, points",
        "paired t",
        "BCa over seeds",
        "BCa over seeds × test images",
    )
    columns += (
        "p, paired t",
        "p, sign flips",
        "p, t with Holm",
        "p, equivalence",
        "seeds still needed",
    )
    return Table(
        f"95 % intervals (points) and p values after {epochs:,} passes", columns, tuple(rows)
    )


def costs(comparison: Plain) -> Table:
    """Return what each arm costs beside training."""
    rows = (
        (
            arm_name(cost["arm"]),
            count(cost["files"]),
            _bytes(cost["bytes"]),
            _bytes(cost["allocated"]),
            seconds(cost["expansion_seconds"]),
            seconds(cost["expansion_cpu_seconds"]),
            seconds(cost["pack_seconds"]),
            seconds(cost["pass_seconds"]),
            count(cost["images_per_second"]),
            cost["how"] or NOTHING,
        )
        for cost in comparison["costs"]
    )
    columns = (
        "arm",
        "files",
        "size",
        "on disk",
        "expansion",
        "expansion, CPU",
        "decoding",
        "one pass",
        "images/s",
    )
    return Table("What each arm costs", (*columns, "measured how"), tuple(rows), (0, 9))


def _bytes(size: float | None) -> str:
    return (
        format_bytes(size).replace(" ", "\u00a0") if size is not None and known(size) else NOTHING
    )


def break_even(comparison: Plain) -> Table:
    """Return the numbers of the break-even, seconds per source."""
    rows = (
        (
            arm_name(entry["arm"]),
            count(entry["epochs"]),
            *(seconds(entry[part]) for part in ("a", "w", "r")),
            number(entry["h"]),
            decimal(entry["passes"], 1),
            decimal(entry["runs"], 2),
        )
        for entry in comparison["break_even"]
    )
    columns = ("arm", "K", "a", "w", "r", "h", "R·K passes", "R runs")
    return Table(
        "When each folder has paid for itself: after R·K passes, which are R runs (a, w and r for one source)",
        columns,
        tuple(rows),
    )


def gaps(comparison: Plain) -> Table:
    """Return the copy-memorisation gap of the arms that have one."""
    rows = (
        (
            arm_name(cell["arm"]),
            count(cell["epochs"]),
            points(cell["gap"]["points"]),
            points_range(cell["gap"]["interval"]),
            percent(cell["gap"]["stored"], 2),
            percent(cell["gap"]["fresh"], 2),
            number(cell["k_over_f"]),
        )
        for cell in cells(comparison)
        if cell["gap"]
    )
    columns = (
        "arm",
        "K",
        "gap, points",
        "95 % interval",
        "on stored copies",
        "on fresh views",
        "K/F",
    )
    return Table(
        "Accuracy on the stored copies and on fresh views of the same sources", columns, tuple(rows)
    )


def arms(comparison: Plain) -> Table:
    """Return what each arm is."""
    rows = (
        (
            arm_name(arm["name"]),
            "–" if arm["factor"] is None else f"×{number(arm['factor'])}",
            arm["words"],
        )
        for arm in comparison["arms"]
    )
    return Table(
        "The arms", ("arm", "F", "what a pass over the sources shows"), tuple(rows), (0, 2)
    )


def seeds(comparison: Plain) -> Table:
    """Return the seeds of every replicate, digits as one has to type them."""
    columns = tuple(dict.fromkeys(key for entry in comparison["seeds"] for key in entry))
    rows = (tuple(str(entry.get(key, NOTHING)) for key in columns) for entry in comparison["seeds"])
    return Table("Seeds of every replicate, the same in every arm", columns, tuple(rows))


def break_even_words(comparison: Plain) -> list[str]:
    """Return when each arm's folder has paid for itself, at the longest length that was asked."""
    last = max((entry["epochs"] for entry in comparison["break_even"]), default=0)
    return [_of(entry) for entry in of_length(comparison, "break_even", last)]


def worst_words(comparison: Plain) -> list[str]:
    """Return each arm's worst class at the longest length."""
    return [_of(entry) for entry in of_length(comparison, "worst", longest(comparison))]


def _of(entry: Plain) -> str:
    """Return an entry's words, its arm named."""
    arm, words = entry["arm"], entry["words"]
    return words if arm in words else f"{arm}: {words}"
