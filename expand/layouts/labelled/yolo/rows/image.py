"""The labels of one image, written for each of its views: six decimals, shares of the view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError
from expand.geometry import Size
from expand.layouts.labelled.dataset import LabelFile, LabelledView, ViewLabels
from expand.layouts.labelled.yolo.folder.place import Place
from expand.layouts.labelled.yolo.rows.decimals import MILLION, decimals, digits, split_decimals
from expand.layouts.labelled.yolo.rows.shapes import join_parts, write_corners
from expand.layouts.labelled.yolo.rows.task import BOX, CORNERS, Task
from expand.layouts.labelled.yolo.rows.text import Row
from expand.layouts.names import compose
from expand.targets import Points, Polygons, Targets
from expand.targets.points import ABSENT
from expand.targets.rings import Floats

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
        return [self.task.class_of(row.kind) for row in self.rows]

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
        numbers = self._numbers(view, counts)
        for written, row in zip(numbers, view.carried.kept.tolist(), strict=True):
            source = self.rows[row]
            kind = self._kind(view, row) if view.renames else source.kind
            if view.k == 0 and source.line in self.fine:
                lines.setdefault((float(kind), source.text.partition(" ")[2]), source.text)
            else:
                lines.setdefault((float(kind), written), f"{kind} {written}")
        text = "".join(f"{line}\n" for line in lines.values())
        return ViewLabels((LabelFile(name, text.encode()),), dict(counts) or None)

    def _kind(self, view: LabelledView, row: int) -> str:
        """Return the number of the class of an object in a view; raise BadImageError if none."""
        old, names = self.classes[row], self.task.class_names
        new = view.class_of(old)
        if new == old:
            return self.rows[row].kind
        listed = {compose(name): str(number) for number, name in enumerate(names)}
        if new in listed:
            return listed[new]
        if not names and new.isascii() and new.isdecimal():
            return new
        raise BadImageError(f'has a "{old}", which becomes "{new}": the dataset has no such class')

    def _numbers(self, view: LabelledView, counts: Counter[str]) -> list[str]:
        """Return the numbers of each object of a view; count what had to be changed for YOLO."""
        targets, size = view.carried.targets, view.size
        if targets.polygons is not None:
            return _polygons(targets.polygons, size, counts)
        if targets.oriented is not None:
            assert self.targets.oriented is not None  # a view has what its source has
            before = self.targets.oriented.corners[view.carried.kept]
            corners, changed = write_corners(targets.oriented.corners, before, size)
            counts.update({"upright": changed} if changed else {})
            return split_decimals(_shares(corners, size), [CORNERS - 1] * len(corners))
        assert targets.boxes is not None  # a row is a polygon, an oriented box or a box
        millionths = _boxes(targets.boxes.edges, size)
        boxes = split_decimals(digits(millionths), [BOX - 1] * len(millionths))
        if targets.points is None:
            return boxes
        points = self._points(targets.points, size)
        return [f"{box} {' '.join(own)}" for box, own in zip(boxes, points, strict=True)]

    def _points(self, points: Points, size: Size) -> list[list[str]]:
        """Return the numbers of the points of each object."""
        states = points.visibility.ravel().tolist()
        numbers = list[str]()
        for place, state in zip(
            _split(_shares(points.places, size).split(), 2), states, strict=True
        ):
            if self.task.dims == 2:
                numbers += [MISSING] * 2 if state == ABSENT else place
            else:
                numbers += ["0", "0", "0"] if state == ABSENT else [*place, str(state)]
        return _split(numbers, self.task.points * self.task.dims)


def _polygons(polygons: Polygons, size: Size, counts: Counter[str]) -> list[str]:
    rings, owners = polygons.rings, polygons.objects.tolist()
    lengths = (2 * (rings.ends - rings.begins)).tolist()
    texts = split_decimals(_shares(rings.corners, size), lengths)
    if owners == list(range(len(polygons))):
        return texts
    numbers = dict(zip(owners, texts, strict=True))
    for owner, parts in Counter(owners).items():
        if parts > 1:
            counts["joined"] += 1
            numbers[owner] = _shares(join_parts(polygons.parts(owner)), size).rstrip()
    return [numbers[owner] for owner in range(len(polygons))]


def _shares(corners: Floats, size: Size) -> str:
    return decimals(corners / np.array(size, np.float64))


def _split(words: list[str], length: int) -> list[list[str]]:
    return [words[start : start + length] for start in range(0, len(words), length)]


def _boxes(edges: Floats, size: Size) -> NDArray[np.int32]:
    """Return centre, width and height of boxes (N×4) in millionths of the view's sides.

    The edges are rounded first, so that no box leaves the view by rounding: then half their sum has
    six decimals or, with one of them moved out by a millionth, again.
    """
    shares = edges.reshape(-1, 2, 2) / np.array(size, np.float64)
    ends = np.rint(np.minimum(np.maximum(shares, 0), 1) * MILLION).astype(np.int32)
    low, high = ends[:, 0], ends[:, 1]
    high = high + (low + high) % 2 * (high < MILLION)
    low = low - (low + high) % 2
    return np.concatenate([(low + high) // 2, high - low], axis=1)
