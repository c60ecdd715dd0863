"""What moves with an image: the columns of a table that say places in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

FLAGS = frozenset(("", "0", "1", "-1", "0.0", "1.0", "true", "false", "True", "False"))
"""Values of a column that says yes or no."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
NORMALISED = 1.01
"""The largest coordinate that is a share of the width or height: a little outside is tolerated."""
MOST_DECIMALS = 9
Values = Mapping[str, Counter[str]]


class Form(Enum):
    """What four numbers say of a box."""

    EDGES = "left, top, right, bottom"
    SIZED = "left, top, width, height"
    CENTRED = "centre x, centre y, width, height"


@dataclass(frozen=True)
class Style:
    """How numbers are written."""

    whole: bool = True
    """Whether all are whole numbers."""
    decimals: int = 0
    """The most decimals that one has."""
    normalised: bool = False
    """Whether they are shares of the width and height."""

    @property
    def step(self) -> float:
        """The smallest difference of two numbers."""
        return float(10**-self._places)

    @property
    def _places(self) -> int:
        """The decimals that are written."""
        least = 6 if self.normalised else 2
        return 0 if self.whole else min(max(self.decimals, least), MOST_DECIMALS)

    def write(self, number: float) -> str:
        """Return the text of a number: whole, or with as many decimals as the table has."""
        if self.whole:
            return str(round(number))
        text = f"{number:.{self._places}f}"
        text = text.rstrip("0")
        text += "0" if text.endswith(".") else ""
        return text.removeprefix("-") if not float(text) else text


@dataclass(frozen=True)
class BoxColumns:
    """A box in four columns, or in the text of one."""

    columns: tuple[str, ...]
    form: Form
    styles: tuple[Style, ...]
    """Those of the four numbers."""


@dataclass(frozen=True)
class PointColumns:
    """K points in 2·K columns."""

    names: tuple[str, ...]
    x: tuple[str, ...]
    y: tuple[str, ...]
    styles: tuple[Style, ...]
    """Those of all x, and then of all y."""
    mirror: tuple[int, ...] | None = None
    """Which point is where each one was in a mirrored image; None: not known."""


@dataclass(frozen=True)
class ObjectColumn:
    """A column of JSON objects with boxes: Hugging Face's object detection."""

    column: str
    key: str
    """The key of the boxes, or of the box of each object."""
    form: Form
    styles: tuple[Style, ...]


@dataclass(frozen=True)
class TurnColumn:
    """A number that turns with the image, or changes its sign in a mirrored view."""

    column: str
    directed: bool
    """Whether it is a direction in degrees, counter-clockwise from the right."""
    positive: bool
    """Whether it is from 0 to 360, and not from -180 to 180."""
    style: Style


@dataclass(frozen=True)
class Moves:
    """All that moves with an image in the rows of a table."""

    box: BoxColumns | None = None
    points: PointColumns | None = None
    objects: ObjectColumn | None = None
    size: tuple[str, str] | None = None
    """The columns of the width and height of the image."""
    area: str = ""
    """The column of the area of the box."""
    turns: tuple[TurnColumn, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there are places, and not sizes or angles alone."""
        return bool(self.box or self.points or self.objects)

    @property
    def columns(self) -> frozenset[str]:
        """The names of all columns that move."""
        names = {*(self.size or ()), self.area, *(each.column for each in self.turns)}
        names |= {*self.box.columns} if self.box else set()
        names |= {*self.points.x, *self.points.y} if self.points else set()
        names |= {self.objects.column} if self.objects else set()
        return frozenset(names - {""})


def numbers_in(text: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(match[0]) for match in NUMBER.finditer(text)]


def is_number(text: str) -> bool:
    """Tell whether a cell is a finite number."""
    return bool(NUMBER.fullmatch(text.strip()))


def are_flags(counts: Iterable[str]) -> bool:
    """Tell whether all values of a column say yes or no."""
    return all(value in FLAGS for value in counts)


def are_numbers(counts: Counter[str]) -> bool:
    """Tell whether at least half of the cells that are not empty are numbers."""
    filled = sum(count for value, count in counts.items() if value)
    numeric = sum(count for value, count in counts.items() if is_number(value))
    return 2 * numeric >= filled > 0


def style_of(texts: Iterable[str]) -> Style:
    """Return how the numbers in some cells are written."""
    found = [match[0] for text in texts for match in NUMBER.finditer(text)]
    whole = all(re.fullmatch(r"[+-]?\d+", each) for each in found)
    decimals = max(
        (len(re.sub(r"[eE].*", "", each).partition(".")[2]) for each in found), default=0
    )
    normalised = not whole and all(abs(float(each)) <= NORMALISED for each in found)
    return Style(whole, decimals, normalised)


def styles_of(values: Values, columns: Sequence[str]) -> tuple[Style, ...]:
    """Return how each of some columns is written; they are shares of the image together.

    A column of whole numbers beside others stays one: readers give each column its type.
    """
    together = style_of(text for column in columns for text in values[column])
    if together.normalised:
        return (together,) * len(columns)
    return tuple(replace(style_of(values[column]), normalised=False) for column in columns)
