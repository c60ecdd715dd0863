"""Labels of one image in tables: its rows, moved by each view, under the names of its files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from expand.errors import BadImageError
from expand.layouts.labelled.dataset import Frame, ImageLabels, LabelledView, Labels, ViewLabels
from expand.layouts.labelled.tables.rows.objects import Objects
from expand.layouts.labelled.tables.rows.row import Row, TableSettings, classes_in
from expand.layouts.labelled.tables.text.record import RecordError
from expand.layouts.source import Source
from expand.targets import Targets

ROWS = ""
"""The key of the rows in the annotation of an image; no column is called so."""


@dataclass(frozen=True)
class TableLabels(Labels):
    """Reads the rows of an image, which are in its annotation."""

    tables: tuple[TableSettings, ...]

    @property
    def renames(self) -> bool:
        """The class of an object or, where an image has one, of a row can become another."""
        return any(table.moves.any or table.label for table in self.tables)

    @property
    def places(self) -> bool:
        """Whether a column moves with the image."""
        return any(table.moves.columns for table in self.tables)

    def count_classes(self, root: str, source: Source) -> Mapping[str, int] | None:
        """Return how many objects of each class the rows of an image have, if rows have objects."""
        if not any(table.moves.box or table.moves.objects for table in self.tables):
            return None
        counts = Counter[str]()
        for number, _, text in json.loads(source.annotation)[ROWS].get("rows", ()):
            try:
                counts.update(classes_in(self.tables[number], text))
            except RecordError as error:
                raise BadImageError(str(error)) from error
        return counts

    def load(self, root: str, source: Source) -> Mapping[str, bytes]:
        """Return no files: tables are read once, when the dataset is opened."""
        return {}

    def parse(self, source: Source, files: Mapping[str, bytes], frame: Frame) -> ImageLabels:
        """Return the labels of an image; raise BadImageError for a row that cannot be used."""
        said = json.loads(source.annotation)[ROWS]
        if wrong := said.get("error"):
            raise BadImageError(wrong)
        rows = [Row(self.tables[number], line, text, frame) for number, line, text in said["rows"]]
        return RowLabels(rows, source.id, frame)


class RowLabels:
    """The rows of one image."""

    def __init__(self, rows: Sequence[Row], path: str, frame: Frame) -> None:
        self._rows, self._path = rows, path
        moving = [row for row in rows if row.table.moves.any]
        columns = moving[0].table.moves.points if moving else None
        places = [row.places() for row in rows]
        stored = any(row.stored for row in moving)
        self._objects = Objects(places, columns, frame, stored=stored)

    @property
    def targets(self) -> Targets:
        """The boxes or points of all rows."""
        return self._objects.targets

    @property
    def classes(self) -> Sequence[str]:
        """The class of each object."""
        return [self._rows[row].class_of(item) for row, item in self._objects.keys]

    @property
    def notes(self) -> Mapping[str, int]:
        """Boxes that were clipped, boxes and points that are outside."""
        return self._objects.notes

    def write(self, view: LabelledView) -> ViewLabels:
        """Return the rows of a view by table and line, for its row in the manifest."""
        said: dict[str, dict[str, str]] = {}
        moved = self._objects.moved(view.carried)
        for index, row in enumerate(self._rows):
            redrawn = index in self._objects.redrawn
            text = row.write(view, self._path, moved.get(index, []), redrawn=redrawn)
            if text is not None:
                said.setdefault(row.table.name, {})[str(row.line)] = text
        for row in self._rows:
            if row.table.background and row.table.name not in said:
                said[row.table.name] = {str(row.line): row.background(view, self._path)}
        return ViewLabels(annotation=said)
