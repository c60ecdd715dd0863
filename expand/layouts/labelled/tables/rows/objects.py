"""The objects of one image: what its rows say of places in it, as targets in the upright image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from expand.geometry import IDENTITY, Placement, Size
from expand.layouts.labelled.dataset import Frame
from expand.layouts.labelled.tables.columns.moves import PointColumns
from expand.layouts.labelled.tables.columns.places import Edges, Point
from expand.targets import Boxes, Carried, Points, Targets, carry


class RowPlaces(NamedTuple):
    """The places in one row."""

    boxes: tuple[Edges, ...] = ()
    """In pixels of the frame that they were drawn in."""
    points: tuple[Point | None, ...] | None = None


class Moved(NamedTuple):
    """An object of a row in a view."""

    item: int
    """Its number among those of its row."""
    share: float
    """Its visible share."""
    box: tuple[float, ...]
    points: tuple[Point | None, ...]


class Objects:
    """The objects of all rows of an image."""

    def __init__(
        self,
        rows: Sequence[RowPlaces],
        columns: PointColumns | None,
        frame: Frame,
        *,
        stored: bool,
    ) -> None:
        """Take what the rows say; `stored`: drawn before the image was turned upright."""
        self.notes = Counter[str]()
        self._names = columns.names if columns else ()
        self._mirror = columns.mirror if columns else None
        keys = [
            (row, item)
            for row, each in enumerate(rows)
            for item in range(max(len(each.boxes), each.points is not None and not each.boxes))
        ]
        boxes = [rows[row].boxes[item] for row, item in keys if rows[row].boxes]
        points = [rows[row].points or () for row, _ in keys] if columns else []
        upright = Placement(frame.upright.inverse() if stored else IDENTITY, frame.size)
        drawn = frame.stored if stored else frame.size
        targets = Targets(
            Boxes(boxes) if boxes or not columns else None,
            points=self._points(points, drawn) if columns else None,
        )
        self._clip(keys, targets, upright)
        self.redrawn = {row for row, _ in keys} if stored else self.mended

    def _points(self, points: Sequence[Sequence[Point | None]], size: Size) -> Points:
        """Return points; those outside the image count as not there."""
        count = len(self._names)
        places, seen = np.zeros((len(points), count, 2)), np.zeros((len(points), count), np.int64)
        for number, each in enumerate(points):
            for index, point in enumerate(each):
                if point is None:
                    continue
                if 0 <= point[0] <= size.width and 0 <= point[1] <= size.height:
                    places[number, index], seen[number, index] = point, 2
                else:
                    self.notes["outside"] += 1
        return Points(places, seen, self._names, self._mirror)

    def _clip(self, keys: list[tuple[int, int]], targets: Targets, upright: Placement) -> None:
        """Clip boxes at the image's border, and drop those outside it."""
        self.mended: set[int] = set()
        if upright.source == IDENTITY and _is_inside(targets.boxes, upright.size):
            self.targets, self.keys = targets, keys
            return
        carried = carry(targets, upright, visible=0)
        self.keys = [keys[index] for index in carried.kept.tolist()]
        self.targets = carried.targets
        if targets.boxes is None:
            return
        lost, cut = len(carried.dropped), int(carried.cut[carried.kept].sum())
        self.notes.update({"outside": lost} if lost else {})
        self.notes.update({"clipped": cut} if cut else {})
        changed = {*np.flatnonzero(carried.cut).tolist(), *(each.row for each in carried.dropped)}
        self.mended = {keys[index][0] for index in changed}

    def moved(self, carried: Carried) -> dict[int, list[Moved]]:
        """Return the objects of a view by their row."""
        found: dict[int, list[Moved]] = {}
        boxes, points = carried.targets.boxes, carried.targets.points
        for new, old in enumerate(carried.kept.tolist()):
            (row, item), share = self.keys[old], float(carried.shares[old])
            box = tuple(boxes.edges[new].tolist()) if boxes else ()
            places: tuple[Point | None, ...] = ()
            if points:
                each = zip(points.places[new].tolist(), points.visibility[new], strict=True)
                places = tuple((x, y) if state else None for (x, y), state in each)
            found.setdefault(row, []).append(Moved(item, share, box, places))
        return found


def _is_inside(boxes: Boxes | None, size: Size) -> bool:
    """Tell whether no box reaches out of the image."""
    if boxes is None or not len(boxes):
        return True
    least, most = boxes.edges.min(), boxes.edges[:, 2:].max(axis=0)
    return bool(least >= 0 and most[0] <= size.width and most[1] <= size.height)
