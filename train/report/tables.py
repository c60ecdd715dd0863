"""Tables: rows of text under a caption, the same for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from train.report.formatting import arm_name, count, points, points_range, probability, value

Plain = Mapping[str, Any]
"""A part of a comparison, as comparison.json holds it."""


@dataclass(frozen=True)
class Table:
    """Rows under a caption; the first column names the row, `words` are the columns that hold words rather than numbers.

    `marks`, a word a row, says what kind of row it is, where there are kinds.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0,)
    marks: tuple[str, ...] = ()


def margin(comparison: Plain) -> float | None:
    """Return the points within which arms count as equivalent, None if the settings do not say."""
    settings = comparison["settings"]
    found: float | None = settings.get("margin in points", settings.get("margin"))
    return found


def pairs_of(found: Sequence[Plain], caption: str) -> Table:
    """Return the verdict on each of some pairs, marked with it."""
    marks = tuple(pair["verdict"] for pair in found)
    rows = (
        (
            name_of(pair),
            pair["words"],
            points(pair["mean"]),
            points_range(pair["interval"]),
            probability(pair["p_holm"]),
            count(pair["n"]),
        )
        for pair in found
    )
    columns = ("pair", "verdict", "difference, points", "95 % interval", "p (Holm)", "seeds")
    return Table(caption, columns, tuple(rows), (0, 1), marks)


def name_of(pair: Plain) -> str:
    """Return a pair's name: the difference is the first arm minus the second."""
    return f"{arm_name(pair['arm'])} − {arm_name(pair['against'])}"


def facts(caption: str, entries: Plain) -> Table:
    """Return a flat dict as a table of two columns; seeds keep the digits that one has to type."""
    rows = (
        (str(key), str(thing) if "seed" in str(key) else value(thing))
        for key, thing in entries.items()
    )
    return Table(caption, ("what", "value"), tuple(rows), (0, 1))
