"""Tell the task of a YOLO dataset, which no file names, from rows of some of its label files."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from expand.errors import ExpandError
from expand.geometry import Size
from expand.layouts.labelled.yolo.rows.shapes import RECTANGLE, rectangle_error
from expand.layouts.labelled.yolo.rows.task import BOX, CORNERS, TASKS
from expand.layouts.labelled.yolo.rows.text import Row, Rows

POSED_ROWS, POSED_COLUMNS = 10, 11
"""Rows, and columns of each, from which equal looks are not chance."""


class Sample(NamedTuple):
    """A label file that was read, and what reads the size of its image (None: it is unknown)."""

    rows: Rows
    size: Callable[[], Size | None]


@dataclass
class Seen:
    """What some label files hold: the first file of each kind of rows."""

    first: dict[str, str] = field(default_factory=dict)
    """box, rectangles, polygons, six, odd: the name of a file with such rows."""
    columns: set[int] = field(default_factory=set)
    rows: int = 0
    posed: bool = True
    """Whether all rows look like a box and points in it."""


def look(samples: Iterable[Sample]) -> Seen:
    """Return which kinds of rows there are; a file that mixes boxes and polygons is left out."""
    seen = Seen()
    for sample in samples:
        kinds = {_kind(row, sample.size) for row in sample.rows.rows} - {""}
        if "box" in kinds and kinds & {"polygons", "rectangles"}:
            continue
        for kind in kinds:
            seen.first.setdefault(kind, sample.rows.name)
        seen.columns |= {1 + len(row.numbers) for row in sample.rows.rows}
        seen.rows += len(sample.rows.rows)
        seen.posed = seen.posed and all(_is_posed(row) for row in sample.rows.rows)
    return seen


def _kind(row: Row, size: Callable[[], Size | None]) -> str:
    columns = 1 + len(row.numbers)
    if columns in (BOX, BOX + 1):
        return "box" if columns == BOX else "six"
    if columns < BOX or columns % 2 == 0:
        return "odd"
    if columns == CORNERS:
        known = size()
        if known is None:
            return ""
        return "rectangles" if is_rectangle(row.numbers, known) else "polygons"
    return "polygons"


def is_rectangle(numbers: tuple[float, ...], size: Size) -> bool:
    """Return whether four corners, in shares of an image's size, are those of a rectangle."""
    corners = np.reshape(numbers, (4, 2)) * np.array(size, np.float64)
    return bool(rectangle_error(corners) <= RECTANGLE)


def _looks_posed(seen: Seen) -> bool:
    """Tell whether polygons must be poses: some polygons look like one, but not many of one length.

    Those of three corners and four are often in the middle of the image, where each looks so.
    """
    enough = seen.rows >= POSED_ROWS and min(seen.columns) >= POSED_COLUMNS
    return seen.posed and enough and len(seen.columns) == 1


def _is_posed(row: Row) -> bool:
    """Return whether a row can be a box and points in it, of two or three numbers each."""
    numbers = row.numbers
    if len(numbers) <= BOX:
        return False
    x, y, width, height = numbers[:4]
    return any(_are_inside(numbers[4:], dims, (x, y, width, height)) for dims in (2, 3))


def _are_inside(
    numbers: tuple[float, ...], dims: int, box: tuple[float, float, float, float]
) -> bool:
    x, y, width, height = box
    if len(numbers) % dims or width <= 0 or height <= 0:
        return False
    points = np.reshape(numbers, (-1, dims))
    if dims == 3 and not np.isin(points[:, 2], (0, 1, 2)).all():
        return False
    off = np.abs(points[:, :2] - [x, y]) * 2 - [width, height]
    return bool(((off <= 0.02).all(axis=1) | (points[:, :2] == 0).all(axis=1)).all())


class Question(NamedTuple):
    """What is asked about a dataset."""

    root: Path
    asked: str
    """The task that the user named; empty: tell it."""
    columns: int
    """The columns that kpt_shape in data.yaml gives a row; 0 if it has none."""


def tell(question: Question, seen: Seen) -> str:
    """Return the task of a dataset, one of TASKS.

    Raise ExpandError, with the command for each reading, if its label files say several things.
    """
    asked, columns = question.asked, question.columns
    if asked == "pose" and not columns:
        raise ExpandError(
            "pose needs kpt_shape in data.yaml: how many points an object has, and 2 or 3 numbers "
            "a point. Add it, for example kpt_shape: [17, 3]"
        )
    if asked:
        _check_asked(question, seen)
        return asked
    if columns and (columns in seen.columns or not seen.columns):
        return "pose"
    name = _by_rows(question, seen)
    if columns:
        raise _ambiguous(
            question,
            f"kpt_shape in data.yaml gives a row {columns} columns, and those of "
            f'"{next(iter(seen.first.values()), "")}" have another number',
            (name, "pose"),
        )
    return name


def _check_asked(question: Question, seen: Seen) -> None:
    """Raise ExpandError if no row is what the task that the user named needs."""
    asked, columns = question.asked, seen.columns
    areas = any(number > BOX + 1 and number % 2 for number in columns)
    fits, wanted = {
        "detect": (BOX in columns or areas, f"{BOX} columns"),
        "segment": (areas, "x and y of at least 3 corners"),
        "obb": (CORNERS in columns, f"{CORNERS} columns"),
        "pose": (question.columns in columns, f"{question.columns} columns"),
    }[asked]
    name = next(iter(seen.first.values()), "")
    if asked in ("detect", "segment") and question.columns in columns:
        raise _ambiguous(
            question, f'by kpt_shape in data.yaml, the rows of "{name}" are poses', ("pose",)
        )
    if not fits and columns:
        have = " or ".join(map(str, sorted(columns)[:3]))
        raise ExpandError(
            f'--as yolo-{asked}: its rows have {wanted}, and those of "{name}" have {have} columns'
        )


def _by_rows(question: Question, seen: Seen) -> str:
    first = seen.first
    areas = first.get("polygons") or first.get("rectangles")
    if areas and (box := first.get("box")):
        readings = ("detect", "segment") if "polygons" in first else ("detect", "segment", "obb")
        raise _ambiguous(question, f'"{box}" has boxes, and "{areas}" has polygons', readings)
    if "polygons" in first and _looks_posed(seen):
        raise _ambiguous(
            question,
            f'the rows of "{areas}" look like a box and points in it, and data.yaml has no '
            "kpt_shape. Add it for pose",
            ("segment",),
        )
    if "polygons" in first and "rectangles" in first and seen.columns == {CORNERS}:
        raise _ambiguous(
            question,
            f'all rows have four corners: those of "{first["rectangles"]}" are rectangles, some of '
            f'"{first["polygons"]}" are not',
            ("obb", "segment"),
        )
    if "polygons" in first or "rectangles" in first:
        return "segment" if "polygons" in first else "obb"
    if "box" in first or not first:
        return "detect"
    name = first.get("six") or first["odd"]
    if "six" in first:
        raise ExpandError(
            f'the rows of "{name}" have 6 columns, one more than a box; remove the confidence or '
            "track id"
        )
    raise ExpandError(
        f'the rows of "{name}" have {max(seen.columns)} columns: neither a box, nor a polygon, '
        "and for pose data.yaml needs kpt_shape"
    )


def _ambiguous(question: Question, why: str, readings: tuple[str, ...]) -> ExpandError:
    source = str(question.root)
    quoted = shlex.quote(f"./{source}" if source.startswith("-") else source)
    commands = {task: f"expand {quoted} OUT --as yolo-{task}" for task in TASKS if task in readings}
    listed = "; ".join(f"{task}: {command}" for task, command in commands.items())
    return ExpandError(f"{why}. Choose a reading: {listed}")
