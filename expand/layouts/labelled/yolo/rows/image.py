"""The labels of one image, written for each of its views: six decimals, shares of the view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from expand.geometry import Size
from expand.layouts.labelled.dataset import LabelFile, LabelledView, ViewLabels
from expand.layouts.labelled.yolo.folder.place import Place
from expand.layouts.labelled.yolo.rows.shapes import join_parts, write_corners
from expand.layouts.labelled.yolo.rows.task import Task
from expand.layouts.labelled.yolo.rows.text import Row
from expand.targets import Points, Polygons, Targets
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
        counts = Counter[str]()
        # objects that the border cuts to the same box would be reported as duplicates
        lines = dict[tuple[float, str], str]()
        for numbers, row in zip(
            self._numbers(view, counts), view.carried.kept.tolist(), strict=True
        ):
            source = self.rows[row]
            fine = view.k == 0 and source.line in self.fine
            line = source.text if fine else f"{source.kind} {' '.join(numbers)}"
            lines.setdefault((float(source.kind), line.partition(" ")[2]), line)
        text = "".join(f"{line}\n" for line in lines.values())
        return ViewLabels((LabelFile(name, text.encode()),), dict(counts) or None)

    def _numbers(self, view: LabelledView, counts: Counter[str]) -> list[list[str]]:
        """Return the numbers of each object of a view; count what had to be changed for YOLO."""
        targets, size = view.carried.targets, view.size
        if targets.polygons is not None:
            return _polygons(targets.polygons, size, counts)
        if targets.oriented is not None:
            assert self.targets.oriented is not None  # a view has what its source has
            before = self.targets.oriented.corners[view.carried.kept]
            corners, changed = write_corners(targets.oriented.corners, before, size)
            counts.update({"upright": changed} if changed else {})
            return _split(_shares(corners, size), 8)
        assert targets.boxes is not None  # a row is a polygon, an oriented box or a box
        boxes = _boxes(targets.boxes.edges, size)
        if targets.points is None:
            return boxes
        points = self._points(targets.points, size)
        return [box + each for box, each in zip(boxes, points, strict=True)]

    def _points(self, points: Points, size: Size) -> list[list[str]]:
        """Return the numbers of the points of each object."""
        states = points.visibility.ravel().tolist()
        numbers = list[str]()
        for place, state in zip(_split(_shares(points.places, size), 2), states, strict=True):
            if self.task.dims == 2:
                numbers += [MISSING] * 2 if state == ABSENT else place
            else:
                numbers += ["0", "0", "0"] if state == ABSENT else [*place, str(state)]
        return _split(numbers, self.task.points * self.task.dims)


def _polygons(polygons: Polygons, size: Size, counts: Counter[str]) -> list[list[str]]:
    words = _shares(polygons.rings.corners, size)
    rings: list[list[int]] = [[] for _ in range(len(polygons))]
    for ring, owner in enumerate(polygons.objects.tolist()):
        rings[owner].append(ring)
    begins, ends = polygons.rings.begins.tolist(), polygons.rings.ends.tolist()
    numbers = list[list[str]]()
    for own in rings:
        if len(own) == 1:
            numbers.append(words[2 * begins[own[0]] : 2 * ends[own[0]]])
        else:
            counts["joined"] += 1
            parts = [polygons.rings.ring(ring) for ring in own]
            numbers.append(_shares(join_parts(parts), size))
    return numbers


def _shares(corners: Floats, size: Size) -> list[str]:
    return _format(corners / np.array(size, np.float64))


def _format(shares: Floats) -> list[str]:
    rounded = (shares.round(6) + 0.0).ravel()  # adding 0 makes −0 a 0
    return ("%.6f " * rounded.size % tuple(rounded.tolist())).split()


def _split(words: list[str], length: int) -> list[list[str]]:
    return [words[start : start + length] for start in range(0, len(words), length)]


def _boxes(edges: Floats, size: Size) -> list[list[str]]:
    """Return centre, width and height of boxes, whose edges do not leave the view by rounding.

    The edges are rounded first: then half their sum has six decimals or, with one of them moved out
    by a millionth, again.
    """
    shares = edges.reshape(-1, 2, 2) / np.array(size, np.float64)
    ends = np.rint(shares * MILLION).astype(np.int64).clip(0, MILLION)
    low, high = ends[:, 0], ends[:, 1]
    high = high + (low + high) % 2 * (high < MILLION)
    low = low - (low + high) % 2
    return _split(_format(np.concatenate([(low + high) // 2, high - low], axis=1) / MILLION), 4)
