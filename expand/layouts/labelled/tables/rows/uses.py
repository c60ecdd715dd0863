"""What becomes of each file of a dataset with tables, and what they say of each image."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from expand.layouts.labelled.scan import KEPT, MADE, Role, Use
from expand.layouts.labelled.tables.classes import Classes
from expand.layouts.labelled.tables.rows.labels import ROWS
from expand.layouts.labelled.tables.rows.row import TableSettings
from expand.layouts.labelled.tables.survey import Row, Survey
from expand.layouts.spooled.sets import TextSet


@dataclass(frozen=True)
class Uses:
    """Tells the use of each file."""

    survey: Survey
    grows: TextSet
    classes: Classes
    tables: Sequence[TableSettings]
    made: Collection[str]
    """The tables that get rows."""

    def __call__(self, path: str, is_image: bool) -> Use:
        """Return the use of a file."""
        if path in self.grows:
            rows = self.survey.rows(path)
            label = self.classes.of(self.survey, path, rows)
            return Use(Role.GROWS, label, self._annotation(path, rows))
        return MADE if path in self.made else KEPT

    @cached_property
    def _hidden(self) -> Sequence[frozenset[str]]:
        """The columns of each table that are not said: names of images, and what moves."""
        return [each.moves.columns.union(each.names) for each in self.tables]

    def _annotation(self, path: str, rows: Sequence[Row]) -> str:
        """Return the rows of an image as JSON, with the values that all of them have by column."""
        said: dict[str, object] = {}
        for number, record in rows:
            hidden = self._hidden[number]
            cells = self.survey.cells(number, record)
            new = {name: value for name, value in cells.items() if name not in hidden}
            differ = said.keys() & new.keys()
            differ = {name for name in differ if said[name] != new[name]} if differ else differ
            said |= new | dict.fromkeys(differ)
        wrong = self.survey.malformed.of(path)
        texts = [(number, each.line, each.text) for number, each in rows]
        said[ROWS] = {"error": wrong[0]} if wrong else {"rows": texts}
        return json.dumps(said)
