"""The labels of one image of a YOLO dataset: read in a worker, from one text file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import pack

import numpy as np

from expand.errors import BadImageError
from expand.geometry import IDENTITY, Placement
from expand.layouts.labelled.dataset import Frame, Labels
from expand.layouts.labelled.files import read_label
from expand.layouts.labelled.yolo.folder.place import Place
from expand.layouts.labelled.yolo.rows.image import YoloImage
from expand.layouts.labelled.yolo.rows.numbers import Numbers
from expand.layouts.labelled.yolo.rows.task import BOX, Task
from expand.layouts.labelled.yolo.rows.text import (
    FURTHEST,
    MOST_BYTES,
    Row,
    Rows,
    check_shares,
    read_rows,
)
from expand.layouts.labelled.yolo.rows.ultralytics_check import is_accepted
from expand.layouts.source import Source
from expand.targets import Boxes, OrientedBoxes, Points, Polygons, Targets, carry
from expand.targets.points import ABSENT
from expand.targets.rings import Floats, Rings

ROUNDING = 1e-4
"""Shares of the image by which rounding to 4 decimals puts a coordinate outside."""
PAIR = 2


@dataclass(frozen=True)
class YoloLabels(Labels):
    """Reads the label files of a dataset."""

    task: Task
    place: Place

    @property
    def renames(self) -> bool:
        """The number of a class can become another."""
        return True

    def names(self, source: Source, image: str) -> tuple[str, ...]:
        """Return the label file that a view can have: it has none if its source has none."""
        return (self.place.label(image),)

    def count_classes(self, root: str, source: Source) -> Mapping[str, int]:
        """Return how many rows of each class the label file of an image has."""
        name = self.place.label(source.id)
        if (data := read_label(root, name, MOST_BYTES)) is None:
            return {}
        rows = _without_duplicates(read_rows(name, data).rows)
        return Counter(self.task.class_of(row.kind) for row in rows)

    def load(self, root: str, source: Source) -> Mapping[str, bytes]:
        """Return the label file of an image by its path; nothing if there is none: background."""
        name = self.place.label(source.id)
        if source.annotation:
            other = json.loads(source.annotation)["shares"]
            raise BadImageError(
                f'shares its label file "{name}" with "{other}"; rename one of them'
            )
        return {} if (data := read_label(root, name, MOST_BYTES)) is None else {name: data}

    def parse(self, source: Source, files: Mapping[str, bytes], frame: Frame) -> YoloImage:
        """Read the rows of a label file. They are shares of the image as it is shown (upright)."""
        if not files:
            return YoloImage(self.place, self.task, None)
        name, data = next(iter(files.items()))
        rows = read_rows(name, data)
        polygons, numbers = self.task.check(rows), Numbers.of(rows.rows)
        if self.task.name == "pose" or not numbers.are_within(0):
            self._check_numbers(rows, numbers, polygons)
        accepted = rows.plain and is_accepted(numbers, self.task, polygons)
        unique = _without_duplicates(rows.rows)
        if len(unique) < len(rows.rows):
            numbers = Numbers.of(unique)
        targets = self._targets(numbers, np.array(frame.size, np.float64), polygons)
        kept, far, lost = unique, self._count_outside(numbers, polygons), Counter[str]()
        if far:  # a file without such objects is read in half the time
            inside = carry(targets, Placement(IDENTITY, frame.size), visible=0)
            targets, kept = inside.targets, [unique[index] for index in inside.kept.tolist()]
            lost = Counter("outside" if each.share <= 0 else "small" for each in inside.dropped)
            far = self._count_outside(Numbers.of(kept), polygons)
        return YoloImage(
            self.place,
            self.task,
            data,
            rows=tuple(kept),
            targets=targets,
            accepted=accepted,
            fine=frozenset() if accepted else self._fine(kept, polygons),
            notes=_counts(len(rows.rows) - len(unique), lost, far),
        )

    def _check_numbers(self, rows: Rows, numbers: Numbers, polygons: bool) -> None:
        if polygons and numbers.are_within(FURTHEST):
            return
        for row in rows.rows:
            self._check_row(rows, row)

    def _check_row(self, rows: Rows, row: Row) -> None:
        numbers, dims = row.numbers, self.task.dims
        if self.task.name == "pose":
            states = numbers[BOX + 1 :: dims] if dims > PAIR else ()
            if not set(states) <= {0.0, 1.0, 2.0}:
                raise rows.bad(row, "the third number of a point is 0, 1 or 2: its visibility")
        check_shares(rows, row)
        if (len(numbers) == BOX - 1 or self.task.name == "pose") and min(numbers[2:4]) < 0:
            raise rows.bad(row, "the width and the height of a box cannot be negative")

    def _targets(self, numbers: Numbers, sides: Floats, polygons: bool) -> Targets:
        count = len(numbers.lengths)
        boxes, oriented, areas, points = None, None, None, None
        if polygons:
            corners = _within(numbers.values.reshape(-1, 2)) * sides
            areas = Polygons.of(Rings(corners, numbers.begins), np.arange(count), count)
        elif self.task.name == "obb":
            oriented = OrientedBoxes(numbers.values.reshape(-1, 4, 2) * sides)
        else:
            boxes = Boxes.of(_within(_edges(numbers)) * np.concatenate([sides, sides]))
            points = self._points(numbers, sides)
        return Targets.of(count, boxes, oriented, areas, points, ())

    def _points(self, numbers: Numbers, sides: Floats) -> Points | None:
        task = self.task
        if task.name != "pose":
            return None
        values = numbers.table[:, BOX - 1 :].reshape(-1, task.points, task.dims)
        places = _within(values[..., :2])
        if task.dims > PAIR:
            states = values[..., 2].astype(np.int64)
        else:
            # Ultralytics takes a negative coordinate for a missing point; others write 0 0
            absent = (places < 0).any(axis=-1) | (places == 0).all(axis=-1)
            states = np.where(absent, 0, 2)
        return Points(places * sides, states, task.names, task.flip_idx)

    def _fine(self, rows: Sequence[Row], polygons: bool) -> frozenset[int]:
        return frozenset(
            row.line for row in rows if is_accepted(Numbers.of([row]), self.task, polygons)
        )

    def _count_outside(self, numbers: Numbers, polygons: bool) -> int:
        """Count the objects that lie partly outside the image, further than by rounding."""
        if not numbers.lengths:
            return 0
        if polygons or self.task.name == "obb":
            return 0 if numbers.are_within(ROUNDING) else _count_far(numbers)
        edges = _edges(numbers)
        if points := self._points(numbers, np.ones(2)):
            labelled = (points.visibility != ABSENT)[..., None]
            places = np.where(labelled, points.places, 0.5).reshape(len(edges), -1)
            edges = np.concatenate([edges, places], axis=1)
        if _all_within(edges, ROUNDING):
            return 0
        return int(((edges < -ROUNDING) | (edges > 1 + ROUNDING)).any(axis=1).sum())


def _without_duplicates(rows: Sequence[Row]) -> list[Row]:
    """Return rows without those that are equal, as Ultralytics reads them: in 32 bits."""
    first: dict[bytes, Row] = {}
    for row in rows:
        key = pack(f"{1 + len(row.numbers)}f", float(row.kind), *row.numbers)
        first.setdefault(key, row)
    return list(first.values())


def _count_far(numbers: Numbers) -> int:
    """Count the rows with a corner outside the image, further than by rounding."""
    first = 2 * numbers.begins
    low, high = (each.reduceat(numbers.values, first) for each in (np.minimum, np.maximum))
    return int(((low < -ROUNDING) | (high > 1 + ROUNDING)).sum())


def _all_within(shares: Floats, margin: float) -> bool:
    return bool(shares.min() >= -margin and shares.max() <= 1 + margin)


def _within(shares: Floats) -> Floats:
    """Return coordinates, in shares, of which those that rounding put outside are at the edge."""
    if shares.size and _all_within(shares, 0):
        return shares
    near: Floats = np.where(
        (shares >= -ROUNDING) & (shares <= 1 + ROUNDING), shares.clip(0, 1), shares
    )
    return near


def _edges(numbers: Numbers) -> Floats:
    """Return left, top, right and bottom, in shares, of boxes: rows that begin with one (N×4)."""
    boxes = numbers.table
    half = boxes[:, 2:4] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _counts(duplicate: int, lost: Mapping[str, int], clipped: int) -> Mapping[str, int]:
    """Count what was mended; "small" is an object of which less than 2 pixels are inside."""
    counts = {"duplicate": duplicate, "clipped": clipped, **lost}
    return {name: count for name, count in counts.items() if count}
