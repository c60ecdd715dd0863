"""The labels of one image, written for each of its views: six decimals, shares of the view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from expand.geometry import Size
from expand.layouts.labelled.dataset import LabelFile, LabelledView, ViewLabels
from expand.layouts.labelled.yolo.folder.place import Place
from expand.layouts.labelled.yolo.rows.shapes import as_rectangle, join_parts, oriented_corners
from expand.layouts.labelled.yolo.rows.task import Task
from expand.layouts.labelled.yolo.rows.text import Row
from expand.targets import Points, Targets
from expand.targets.points import ABSENT
from expand.targets.rings import Floats

MILLION = 1_000_000
MISSING = "-0.000001"
"""A coordinate of a missing point where points have no visibility: below 0 for Ultralytics."""


@dataclass(frozen=True)
class YoloImage:
    """The rows of one label file, in pixels of its image."""

    place: Place
    task: Task
    data: bytes | None
    """The label file; None: there is none, and the image is background."""
    rows: tuple[Row, ...] = ()
    """Those of the targets."""
    targets: Targets = field(default_factory=Targets)
    accepted: bool = True
    """Whether Ultralytics reads the file as it is."""
    fine: frozenset[int] = frozenset()
    """The lines that it accepts, if it does not accept all."""
    notes: Mapping[str, int] = field(default_factory=dict)

    @property
    def classes(self) -> Sequence[str]:
        """The name of the class of each object; its number if the dataset names no classes."""
        names = self.task.class_names
        numbers = [int(float(row.kind)) for row in self.rows]
        return [names[number] if number < len(names) else str(number) for number in numbers]

    def write(self, view: LabelledView) -> ViewLabels:
        """Return the label file of a view.

        The original keeps its file, unless Ultralytics would leave out the image for it: then the
        rows that it does not accept are clipped, and the others are kept as they are written.
        """
        if self.data is None:
            return ViewLabels()
        name = self.place.label(view.name)
        if view.k == 0 and self.accepted:
            return ViewLabels((LabelFile(name, self.data),))
        # objects that the border cuts to the same box would be reported as duplicates
        lines, counts = dict[tuple[float, str], str](), dict[str, int]()
        for index, row in enumerate(view.carried.kept.tolist()):
            source = self.rows[row]
            if view.k == 0 and source.line in self.fine:
                line = source.text
            else:
                line = f"{source.kind} {' '.join(self._numbers(view, index, row, counts))}"
            lines.setdefault((float(source.kind), line.partition(" ")[2]), line)
        text = "".join(f"{line}\n" for line in lines.values())
        annotation: Any = counts or None
        return ViewLabels((LabelFile(name, text.encode()),), annotation)

    def _numbers(
        self, view: LabelledView, index: int, row: int, counts: dict[str, int]
    ) -> list[str]:
        """Return the numbers of object `index` of a view, which is `row` of the source.

        Count what had to be changed for YOLO.
        """
        targets, size = view.carried.targets, view.size
        if targets.polygons is not None:
            parts = targets.polygons.parts(index)
            counts.update({"joined": counts.get("joined", 0) + 1} if len(parts) > 1 else {})
            return _shares(join_parts(parts), size)
        if targets.oriented is not None:
            assert self.targets.oriented is not None  # a view has what its source has
            corners = targets.oriented.corners[index]
            corners = as_rectangle(corners, self.targets.oriented.corners[row])
            corners, changed = oriented_corners(corners, size)
            counts.update({"upright": counts.get("upright", 0) + 1} if changed else {})
            return _shares(corners, size)
        assert targets.boxes is not None  # a row is a polygon, an oriented box or a box
        numbers = _box(targets.boxes.edges[index], size)
        if targets.points is not None:
            numbers += self._point_numbers(targets.points, index, size)
        return numbers

    def _point_numbers(self, points: Points, index: int, size: Size) -> list[str]:
        words = _shares(points.places[index], size)
        numbers = list[str]()
        for first, state in zip(count(0, 2), points.visibility[index].tolist(), strict=False):
            if self.task.dims == 2:
                numbers += [MISSING] * 2 if state == ABSENT else words[first : first + 2]
            elif state == ABSENT:
                numbers += ["0", "0", "0"]
            else:
                numbers += [*words[first : first + 2], str(state)]
        return numbers


def _shares(corners: Floats, size: Size) -> list[str]:
    return _format((corners / np.array(size, np.float64)).ravel())


def _format(shares: Floats) -> list[str]:
    rounded = shares.round(6) + 0.0  # adding 0 makes −0 a 0
    return ("%.6f " * rounded.size % tuple(rounded.tolist())).split()


def _box(edges: Floats, size: Size) -> list[str]:
    """Return centre, width and height of a box, whose edges do not leave the view by rounding.

    Its edges are rounded first: then half their sum has six decimals or, made wider by one
    millionth, again.
    """
    ends = np.rint(edges.reshape(2, 2) / np.array(size, np.float64) * MILLION).astype(np.int64)
    low, high = ends.clip(0, MILLION)
    odd = (low + high) % 2
    high = high + odd * (high < MILLION)
    low = low - (low + high) % 2
    return [f"{number / MILLION:.6f}" for number in [*(low + high) // 2, *(high - low)]]
