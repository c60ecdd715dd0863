"""Classes: which of them an arm helps and which it harms, as a table of tints; of many classes, the extremes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from train.report.formatting import arm_name, points, points_range
from train.report.tables import Plain, name_of

ALL_SHOWN, EXTREMES = 20, 10
GAIN, HARM = (0, 114, 178), (213, 94, 0)
STRONGEST = 0.5
"""How much of a colour the largest difference has; the rest is white, so that ink stays readable on it."""


@dataclass(frozen=True)
class Tile:
    """One class under one arm: the difference in points, its interval, a background, and whether the interval excludes 0."""

    text: str
    interval: str
    colour: str
    sure: bool


@dataclass(frozen=True)
class Heat:
    """Differences by class (rows) and arm (columns)."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Tile, ...]], ...]


def heats_of(entries: Sequence[Plain]) -> list[Heat]:
    """Return differences as a table of all classes; of more than 20, the 10 most harmed and the 10 most helped."""
    by_class: dict[str, dict[str, Plain]] = {}
    for entry in entries:
        by_class.setdefault(entry["class"], {})[name_of(entry)] = entry
    if len(by_class) <= ALL_SHOWN:
        return [_heat("Every class", entries, by_class)] if by_class else []
    ordered = sorted(
        by_class, key=lambda name: (min(entry["mean"] for entry in by_class[name].values()), name)
    )
    worst, rest = ordered[:EXTREMES], ordered[EXTREMES:]
    best = sorted(
        rest, key=lambda name: (-max(entry["mean"] for entry in by_class[name].values()), name)
    )[:EXTREMES]
    of = f"of {len(by_class):,} classes"
    return [
        _heat(
            f"The {len(names)} most {what} {of}", entries, {name: by_class[name] for name in names}
        )
        for what, names in (("harmed", worst), ("helped", best))
    ]


def chance_of(entries: Sequence[Plain]) -> tuple[int, float]:
    """Return how many differences these are, and how many of their 95 % intervals exclude 0 by chance alone."""
    return len(entries), 0.05 * len(entries)


def _heat(caption: str, entries: Sequence[Plain], shown: Mapping[str, Mapping[str, Plain]]) -> Heat:
    """Return a table of some classes; where all differences are against one arm, the caption names it."""
    columns = {name_of(entry): arm_name(entry["arm"]) for entry in entries}
    others = {entry["against"] for entry in entries}
    caption += (
        f": accuracy against {arm_name(others.pop())}"
        if len(others) == 1
        else ": accuracy, first arm minus second"
    )
    extent = max(abs(entry["mean"]) for entry in entries) or 1.0
    rows = (
        (name, tuple(_tile(own.get(column), extent) for column in columns))
        for name, own in shown.items()
    )
    heads = tuple(columns.values()) if "against" in caption else tuple(columns)
    return Heat(f"{caption}, in points, with 95 % interval", heads, tuple(rows))


def _tile(entry: Plain | None, extent: float) -> Tile:
    if entry is None:
        return Tile("–", "", "#ffffff", False)
    interval = entry["interval"]
    sure = interval is not None and (interval[0] > 0 or interval[1] < 0)
    return Tile(
        points(entry["mean"], 1), points_range(interval, 1), _tint(entry["mean"] / extent), sure
    )


def _tint(strength: float) -> str:
    """Return white for 0, towards blue for a gain (1), towards orange for a harm (−1)."""
    share = STRONGEST * min(1.0, abs(strength))
    colour = GAIN if strength > 0 else HARM
    return "#" + "".join(f"{round(255 + share * (part - 255)):02x}" for part in colour)
