"""Labels of one image in tables: its rows, moved by each view, under the names of its files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename
from typing import NamedTuple

from expand.errors import BadImageError
from expand.geometry import Size
from expand.layouts.labelled.dataset import Frame, ImageLabels, LabelledView, Labels, ViewLabels
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
from expand.layouts.labelled.tables.rows.objects import Moved, Objects, RowPlaces
from expand.layouts.labelled.tables.text.record import Format, Raw, RecordError
from expand.layouts.names import compose, split_suffix
from expand.layouts.source import Source
from expand.targets import Targets

ROWS = ""
"""The key of the rows in the annotation of an image; no column is called so."""


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


class RowText(NamedTuple):
    """A row of an image, as it is written."""

    table: int
    line: int
    text: str


@dataclass(frozen=True)
class TableLabels(Labels):
    """Reads the rows of an image, which are in its annotation."""

    tables: tuple[TableSettings, ...]

    def load(self, root: str, source: Source) -> Mapping[str, bytes]:
        """Return no files: tables are read once, when the dataset is opened."""
        return {}

    def parse(self, source: Source, files: Mapping[str, bytes], frame: Frame) -> ImageLabels:
        """Return the labels of an image; raise BadImageError for a row that cannot be used."""
        said = json.loads(source.annotation)[ROWS]
        if wrong := said.get("error"):
            raise BadImageError(wrong)
        rows = [RowText(*each) for each in said["rows"]]
        return RowLabels(self.tables, source.id, rows, frame)


class RowLabels:
    """The rows of one image."""

    def __init__(
        self, tables: Sequence[TableSettings], path: str, rows: Sequence[RowText], frame: Frame
    ) -> None:
        self._tables, self._path, self._rows, self._frame = tables, path, rows, frame
        self._values = [tables[row.table].format.values(row.text) for row in rows]
        stored = [self._is_stored(index) for index in range(len(rows))]
        moving = [index for index, row in enumerate(rows) if tables[row.table].moves.any]
        columns = tables[rows[moving[0]].table].moves.points if moving else None
        places = [self._places(index, stored=stored[index]) for index in range(len(rows))]
        drawn = any(stored[index] for index in moving)
        self._objects = Objects(places, columns, frame, stored=drawn)

    @property
    def targets(self) -> Targets:
        """The boxes or points of all rows."""
        return self._objects.targets

    @property
    def classes(self) -> Sequence[str]:
        """The class of each object."""
        return [self._class(row, item) for row, item in self._objects.keys]

    @property
    def notes(self) -> Mapping[str, int]:
        """Boxes that were clipped, boxes and points that are outside."""
        return self._objects.notes

    def write(self, view: LabelledView) -> ViewLabels:
        """Return the rows of a view by table and line, for its row in the manifest."""
        said: dict[str, dict[str, str]] = {}
        moved = self._objects.moved(view.carried)
        for index, row in enumerate(self._rows):
            text = self._write_row(index, view, moved.get(index, []))
            if text is not None:
                said.setdefault(self._tables[row.table].name, {})[str(row.line)] = text
        for index, row in enumerate(self._rows):
            table = self._tables[row.table]
            if table.background and table.name not in said:
                said[table.name] = {str(row.line): self._background(index, view)}
        return ViewLabels(annotation=said)

    def _write_row(self, index: int, view: LabelledView, moved: list[Moved]) -> str | None:
        """Return a row of a view; None if its object is not in the view."""
        row, table, values = (
            self._rows[index],
            self._tables[self._rows[index].table],
            self._values[index],
        )
        changes = self._names(index, view)
        changes.update(self._size_changes(index, view.size))
        if view.k:
            changes.update(turn_changes(values, table.moves.turns, view.forward))
        if table.moves.any and (view.k or index in self._objects.redrawn):
            if table.moves.box and read_box(values, table.moves.box, self._frame.size) is not None:
                if not moved:
                    return None
                changes.update(box_changes(values, table.moves.box, moved[0].box, view.size))
                if is_number(text := values.get(table.moves.area, "")):
                    area = self._new_area(index, moved[0], view)
                    changes[table.moves.area] = Raw(area.write(text))
            if table.moves.points:
                none = (None,) * len(table.moves.points.names)
                points = moved[0].points if moved else none
                empty = table.format.empty
                changes.update(point_changes(table.moves.points, points, view.size, empty))
            if table.moves.objects and table.moves.objects.column in values:
                changes.update(self._object_changes(index, view, moved))
        return table.format.replace(row.text, changes) if changes else row.text

    def _names(self, index: int, view: LabelledView) -> dict[str, str]:
        """Return the cells with the new name of the image, written as the old one was."""
        table, values = self._tables[self._rows[index].table], self._values[index]
        if view.name == self._path:
            return {}
        new, changes = basename(view.name), dict[str, str]()
        for name in table.names:
            old = values[name]
            last = len(old) - len(old.replace("\\", "/").rpartition("/")[2])
            whole = bool(split_suffix(old[last:])[1]) and _same(old[last:], basename(self._path))
            changes[name] = old[:last] + (new if whole else split_suffix(new)[0])
        return changes

    def _class(self, index: int, item: int) -> str:
        table, values = self._tables[self._rows[index].table], self._values[index]
        if table.moves.objects:
            return read_class(values[table.moves.objects.column], item)
        return values.get(table.label, "")

    def _size_changes(self, index: int, size: Size) -> dict[str, str]:
        columns = self._tables[self._rows[index].table].moves.size
        said = self._size(index)
        if columns is None or said not in (self._frame.stored, self._frame.size):
            return {}
        new = round(float(size.width)), round(float(size.height))
        changed = zip(columns, new, said or (), strict=True)
        return {name: Raw(str(now)) for name, now, old in changed if now != old}

    def _object_changes(self, index: int, view: LabelledView, moved: list[Moved]) -> dict[str, str]:
        column = self._tables[self._rows[index].table].moves.objects
        assert column
        text = self._values[index][column.column]
        kept = [
            Item(
                each.item,
                write_box(each.box, column.form, column.styles, view.size),
                self._new_area(index, each, view),
            )
            for each in moved
        ]
        return {column.column: Raw(write_objects(text, column.key, kept))}

    def _new_area(self, index: int, moved: Moved, view: LabelledView) -> NewArea:
        old = self._source_boxes(index)[moved.item]
        scale = abs(float(view.forward.determinant))
        return NewArea(area_of(old), area_of(moved.box), scale * moved.share)

    def _background(self, index: int, view: LabelledView) -> str:
        table = self._tables[self._rows[index].table]
        cells = {name: "" for name in table.format.columns if name not in table.names}
        return table.format.replace(self._rows[index].text, cells | self._names(index, view))

    def _places(self, index: int, *, stored: bool) -> RowPlaces:
        row, values = self._rows[index], self._values[index]
        table = self._tables[row.table]
        size = self._frame.stored if stored else self._frame.size
        try:
            boxes = self._source_boxes(index, size)
            columns = table.moves.points
            points = read_points(values, columns, size) if columns else None
        except RecordError as error:
            raise BadImageError(f"{table.name}, line {row.line}: {error}") from error
        if table.moves.points and table.moves.box and not boxes:
            points = None  # without a box there is no object
        return RowPlaces(tuple(boxes), None if points is None else tuple(points))

    def _source_boxes(self, index: int, size: Size | None = None) -> list[Edges]:
        """Return the boxes of a row in pixels, as they were drawn."""
        values, moves = self._values[index], self._tables[self._rows[index].table].moves
        size = size or self._frame.size
        if moves.box:
            found = read_box(values, moves.box, size)
            return [] if found is None else [found]
        if moves.objects and moves.objects.column in values:
            texts = read_boxes(values[moves.objects.column], moves.objects.key)
            form, styles = moves.objects.form, moves.objects.styles
            return [to_edges([float(each) for each in box], form, styles, size) for box in texts]
        return []

    def _size(self, index: int) -> Size | None:
        """Return the size of the image as a row has it."""
        columns = self._tables[self._rows[index].table].moves.size
        texts = [self._values[index].get(name, "") for name in columns or ()]
        if not texts or not all(map(is_number, texts)):
            return None
        return Size(*map(float, texts))

    def _is_stored(self, index: int) -> bool:
        """Tell whether a row was drawn before the image was turned upright: its size says so.

        Raise BadImageError if its places are in pixels of an image of another size.
        """
        frame, said = self._frame, self._size(index)
        table, line = self._tables[self._rows[index].table], self._rows[index].line
        if said is None or said == frame.size:
            return False
        if frame.turned and said == frame.stored:
            return True
        columns = (table.moves.box, table.moves.points, table.moves.objects)
        if any(each and not each.styles[0].normalised for each in columns):
            raise BadImageError(
                f"{table.name}, line {line}: is for {said.width:g}×{said.height:g} pixels, and the "
                f"image has {frame.size.width:g}×{frame.size.height:g}"
            )
        return False


def _same(one: str, other: str) -> bool:
    return compose(one) == compose(other)
