"""Tables: rows of text under a caption, the same for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from train.report.formatting import arm_name, count, points, points_range, probability, value
from train.statistics.verdicts import Verdict

ALIKE_COLUMN = "95 % interval, images like these"
HERE_COLUMN = "95 % interval, these images"


@dataclass(frozen=True)
class Table:
    """Rows under a caption; the first column names the row.

    `text` are the columns of text rather than numbers; `marks` has the kind of each row, if rows
    have kinds.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: tuple[int, ...] = (0,)
    marks: tuple[str, ...] = ()


def pairs_of(verdicts: Sequence[Verdict], caption: str) -> Table:
    """Tabulate the verdicts on some pairs, each row marked with its verdict."""
    drawn = any(verdict.images for verdict in verdicts)
    rows = (
        (
            name_of(verdict),
            verdict.sentence,
            points(verdict.mean),
            points_range(verdict.interval),
            *([points_range(verdict.interval_here)] if drawn else []),
            probability(verdict.p if verdict.interval else None),
            count(verdict.n),
        )
        for verdict in verdicts
    )
    intervals = (ALIKE_COLUMN, HERE_COLUMN) if drawn else ("95 % interval",)
    columns = ("pair", "verdict", "difference, points", *intervals, "p, adjusted", "seeds")
    marks = tuple(verdict.verdict for verdict in verdicts)
    return Table(caption, columns, tuple(rows), (0, 1), marks)


class ArmPair(Protocol):
    """Two arms whose difference is the first minus the second."""

    @property
    def arm(self) -> str:
        """The name of the first arm."""

    @property
    def against(self) -> str:
        """The name of the second arm."""


def name_of(pair: ArmPair) -> str:
    """Format the name of a pair: "fly − none"."""
    return f"{arm_name(pair.arm)} − {arm_name(pair.against)}"


def facts(caption: str, entries: Mapping[str, Any]) -> Table:
    """Tabulate a flat mapping in two columns; seeds keep all digits, so that they can be typed."""
    rows = (
        (str(key), str(thing) if "seed" in str(key) else value(thing))
        for key, thing in entries.items()
    )
    return Table(caption, ("what", "value"), tuple(rows), (0, 1))
