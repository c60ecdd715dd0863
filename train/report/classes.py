"""Classes: the gains and losses of each class, as a table of tints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from train.report.formatting import NOTHING, arm_name, points, points_range
from train.report.tables import Table, name_of
from train.statistics.intervals import Interval

ALL_SHOWN, EXTREMES = 20, 10
GAIN, HARM = (0, 114, 178), (213, 94, 0)
STRONGEST = 0.5
"""The share of colour for the largest difference; the rest is white, to keep text readable."""


@dataclass(frozen=True)
class ClassDifference:
    """The difference of two arms in the accuracy of one class, in points."""

    name: str
    arm: str
    against: str
    mean: float
    interval: Interval | None


@dataclass(frozen=True)
class Tile:
    """One class under one arm: its difference in points, and whether the interval excludes 0."""

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


def heats_of(differences: Sequence[ClassDifference]) -> list[Heat]:
    """Tabulate all classes; of more than 20, the 10 most harmed and the 10 most helped."""
    by_class: dict[str, dict[str, ClassDifference]] = {}
    for each in differences:
        by_class.setdefault(each.name, {})[name_of(each)] = each
    if len(by_class) <= ALL_SHOWN:
        return [_heat("Every class", differences, by_class)] if by_class else []
    harmed, helped = _extremes(by_class)
    of = f"of {len(by_class):,} classes"
    return [
        _heat(
            f"The {len(names)} most {kind} {of}",
            differences,
            {name: by_class[name] for name in names},
        )
        for kind, names in (("harmed", harmed), ("helped", helped))
    ]


def _extremes(
    by_class: Mapping[str, Mapping[str, ClassDifference]],
) -> tuple[list[str], list[str]]:
    """Return the names of the most harmed and of the most helped classes; none is in both."""
    lowest = {name: min(each.mean for each in own.values()) for name, own in by_class.items()}
    highest = {name: max(each.mean for each in own.values()) for name, own in by_class.items()}
    ordered = sorted(by_class, key=lambda name: (lowest[name], name))
    harmed, rest = ordered[:EXTREMES], ordered[EXTREMES:]
    return harmed, sorted(rest, key=lambda name: (-highest[name], name))[:EXTREMES]


def as_table(heat: Heat) -> Table:
    """Return the differences as text, without tints."""
    rows = ((name, *map(_as_text, tiles)) for name, tiles in heat.rows)
    return Table(heat.caption, ("class", *heat.columns), tuple(rows))


def _as_text(tile: Tile) -> str:
    known = tile.interval not in ("", NOTHING)
    return f"{tile.text} ({tile.interval})" if known else tile.text


def _heat(
    caption: str,
    differences: Sequence[ClassDifference],
    shown: Mapping[str, Mapping[str, ClassDifference]],
) -> Heat:
    """Tabulate some classes; if all differences are against one arm, the caption names it."""
    columns = {name_of(each): arm_name(each.arm) for each in differences}
    others = {each.against for each in differences}
    single = len(others) == 1
    against = f"against {arm_name(others.pop())}" if single else ", first arm minus second"
    extent = max(abs(each.mean) for each in differences) or 1.0
    rows = (
        (name, tuple(_tile(own.get(column), extent) for column in columns))
        for name, own in shown.items()
    )
    heads = tuple(columns.values()) if single else tuple(columns)
    accuracy = f"accuracy {against}" if single else f"accuracy{against}"
    return Heat(f"{caption}: {accuracy}, in points, with 95 % interval", heads, tuple(rows))


def _tile(difference: ClassDifference | None, extent: float) -> Tile:
    if difference is None:
        return Tile("–", "", "#ffffff", False)
    mean, interval = difference.mean, difference.interval
    sure = interval is not None and (interval[0] > 0 or interval[1] < 0)
    return Tile(points(mean, 1), points_range(interval, 1), _tint(mean / extent), sure)


def _tint(strength: float) -> str:
    """Return a colour from orange for −1 over white for 0 to blue for 1."""
    share = STRONGEST * min(1.0, abs(strength))
    colour = GAIN if strength > 0 else HARM
    return "#" + "".join(f"{round(255 + share * (part - 255)):02x}" for part in colour)
