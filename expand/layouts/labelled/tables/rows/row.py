"""A row of an image: the places in it, and how it is written for a view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from posixpath import basename

from expand.errors import BadImageError
from expand.geometry import Size
from expand.layouts.labelled.dataset import Frame, LabelledView
from expand.layouts.labelled.tables.columns.moves import Moves, is_number
from expand.layouts.labelled.tables.columns.objects import (
    Item,
    read_boxes,
    read_class,
    write_objects,
)
from expand.layouts.labelled.tables.columns.places import (
    Edges,
    NewArea,
    area_of,
    box_changes,
    point_changes,
    read_box,
    read_points,
    to_edges,
    turn_changes,
    write_box,
)
from expand.layouts.labelled.tables.rows.objects import Moved, RowPlaces
from expand.layouts.labelled.tables.text.record import Format, Raw, RecordError
from expand.layouts.names import compose, split_suffix


@dataclass(frozen=True)
class TableSettings:
    """What a worker needs to know of a table."""

    name: str
    format: Format
    names: tuple[str, ...]
    moves: Moves
    label: str = ""
    """The column with the class of a row."""
    background: bool = False
    """Whether an image without objects has a row of empty cells."""


class Row:
    """A row of an image."""

    def __init__(self, table: TableSettings, line: int, text: str, frame: Frame) -> None:
        """Read a row; raise BadImageError if its places are of an image of another size."""
        self.table, self.line, self._text, self._frame = table, line, text, frame
        self.values = table.format.values(text)
        self.stored = self._is_stored()
        """Whether it was drawn before the image was turned upright."""

    @property
    def where(self) -> str:
        """The file and line, for a message."""
        return f'"{self.table.name}", line {self.line}'

    @property
    def _drawn(self) -> Size:
        """The size of the image that it was drawn on."""
        return self._frame.stored if self.stored else self._frame.size

    @cached_property
    def boxes(self) -> list[Edges]:
        """The boxes in it, in pixels of the frame that they were drawn in; raise RecordError."""
        moves, size = self.table.moves, self._drawn
        if moves.box:
            found = read_box(self.values, moves.box, size)
            return [] if found is None else [found]
        if moves.objects and moves.objects.column in self.values:
            texts = read_boxes(self.values[moves.objects.column], moves.objects.key)
            form, styles = moves.objects.form, moves.objects.styles
            return [to_edges([float(each) for each in box], form, styles, size) for box in texts]
        return []

    def places(self) -> RowPlaces:
        """Return the places in it; raise BadImageError, with file and line, if one is malformed."""
        columns = self.table.moves.points
        try:
            boxes = tuple(self.boxes)
            points = tuple(read_points(self.values, columns, self._drawn)) if columns else None
            if points and self.table.moves.box and not boxes:
                if any(points):
                    raise RecordError("has points and no box")
                points = None
        except RecordError as error:
            raise BadImageError(f"{self.where}: {error}") from error
        return RowPlaces(boxes, points)

    def class_of(self, item: int) -> str:
        """Return the class of an object."""
        if self.table.moves.objects:
            return read_class(self.values[self.table.moves.objects.column], item)
        return self.values.get(self.table.label, "")

    def write(
        self, view: LabelledView, path: str, moved: list[Moved], *, redrawn: bool
    ) -> str | None:
        """Return the row of a view of the image at `path`; None if the view lacks its object.

        The places of view 0 stay as they are written, unless they are `redrawn`.
        """
        table, changes = self.table, self._renamed(view.name, path) | self._resized(view.size)
        if view.k:
            changes.update(turn_changes(self.values, table.moves.turns, view.forward))
        if view.k or redrawn:
            if table.moves.box and self.boxes and not moved:
                return None
            changes.update(self._moved(view, moved))
        return table.format.replace(self._text, changes) if changes else self._text

    def background(self, view: LabelledView, path: str) -> str:
        """Return the row of a view without objects."""
        cells = {name: "" for name in self.table.format.columns if name not in self.table.names}
        return self.table.format.replace(self._text, cells | self._renamed(view.name, path))

    def _moved(self, view: LabelledView, moved: list[Moved]) -> dict[str, str]:
        """Return the new cells of places."""
        table, moves, changes = self.table, self.table.moves, dict[str, str]()
        if view.renames and table.label:
            old = self.values.get(table.label, "")
            changes |= {table.label: view.class_of(old)} if view.class_of(old) != old else {}
        if moves.box and moved:
            changes.update(box_changes(self.values, moves.box, moved[0].box, view.size))
            if is_number(text := self.values.get(moves.area, "")):
                changes[moves.area] = Raw(self._area(view, moved[0]).write(text))
        if moves.points:
            points = moved[0].points if moved else (None,) * len(moves.points.names)
            changes.update(point_changes(moves.points, points, view.size, table.format.empty))
        if moves.objects and (text := self.values.get(moves.objects.column, "")):
            form, styles = moves.objects.form, moves.objects.styles
            kept = []
            for each in moved:
                box = write_box(each.box, form, styles, view.size)
                old = self.class_of(each.item) if view.renames else ""
                new = view.class_of(old)
                kept.append(Item(each.item, box, self._area(view, each), new if new != old else ""))
            changes[moves.objects.column] = Raw(write_objects(text, moves.objects.key, kept))
        return changes

    def _area(self, view: LabelledView, moved: Moved) -> NewArea:
        scale = abs(float(view.forward.determinant))
        old = area_of(self.boxes[moved.item])
        return NewArea(old, area_of(moved.box), scale * moved.share)

    def _renamed(self, new: str, path: str) -> dict[str, str]:
        """Return the cells with the name of the image, written as the old one is."""
        if new == path:
            return {}
        name, before, changes = basename(new), compose(basename(path)), dict[str, str]()
        for column in self.table.names:
            old = self.values.get(column, "")
            last = len(old) - len(old.replace("\\", "/").rpartition("/")[2])
            whole = compose(old[last:]) == before
            changes[column] = old[:last] + (name if whole else split_suffix(name)[0])
        return changes

    def _resized(self, size: Size) -> dict[str, str]:
        """Return the cells with the size of the image."""
        said = self._size()
        if said is None or said not in (self._frame.stored, self._frame.size):
            return {}
        new = round(float(size.width)), round(float(size.height))
        changed = zip(self.table.moves.size or (), new, said, strict=True)
        return {name: Raw(str(now)) for name, now, old in changed if now != old}

    def _size(self) -> Size | None:
        """Return the size of the image as the row has it."""
        texts = [self.values.get(name, "") for name in self.table.moves.size or ()]
        if not texts or not all(map(is_number, texts)):
            return None
        return Size(*map(float, texts))

    def _is_stored(self) -> bool:
        frame, said, moves = self._frame, self._size(), self.table.moves
        if said is None or said == frame.size:
            return False
        if frame.turned and said == frame.stored:
            return True
        columns = (moves.box, moves.points, moves.objects)
        if any(each and not each.styles[0].normalised for each in columns):
            raise BadImageError(
                f"{self.where}: is for {said.width:g}×{said.height:g} pixels, and the image has "
                f"{frame.size.width:g}×{frame.size.height:g}"
            )
        return False


def classes_in(table: TableSettings, text: str) -> list[str]:
    """Return the class of each object of a row; raise RecordError if it is malformed."""
    values, objects = table.format.values(text), table.moves.objects
    if objects:
        said = values.get(objects.column, "")
        count = len(read_boxes(said, objects.key)) if said else 0
        return [read_class(said, item) for item in range(count)]
    return [values.get(table.label, "")] if table.moves.box else []
