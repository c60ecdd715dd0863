"""The dataset of some tables: which images grow, what moves, which files are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.scan import list_dataset
from expand.layouts.labelled.tables.classes import Classes, find_classes
from expand.layouts.labelled.tables.images import Images
from expand.layouts.labelled.tables.notes import contents_of, notes_of, split_of
from expand.layouts.labelled.tables.parts import Parts, find_columns, split_parts
from expand.layouts.labelled.tables.rows.labels import TableLabels
from expand.layouts.labelled.tables.rows.row import TableSettings
from expand.layouts.labelled.tables.rows.uses import Uses
from expand.layouts.labelled.tables.rows.writing import write_tables
from expand.layouts.labelled.tables.settings import settings_of
from expand.layouts.labelled.tables.survey import Survey, survey
from expand.layouts.labelled.tables.table import Table
from expand.layouts.spooled.sets import TextSet


def build_dataset(
    opening: Opening, tables: Sequence[Table], images: Images, layout: str, what: str
) -> Dataset:
    """Return the dataset of tables that name images of a folder.

    `what` begins its title. Raise ExpandError if it cannot be known what grows, or what moves.
    """
    found = survey(tables, images)
    if next(iter(found), None) is None:
        raise ExpandError(f'"{opening.root}": {what} name no image that is there')
    parts = split_parts(opening.root, found, opening.request.split)
    settings = settings_of(found, parts.grows, opening.request.columns)
    settings, classes = _with_classes(found, settings, parts, opening.request.split)
    made = [table for table in tables if table.names_any(parts.grows)]
    notes, faults = notes_of(found, parts, classes, settings)
    uses = Uses(found, parts.grows, classes, settings, {table.name for table in made})
    names = _class_names(found, classes)
    return Dataset(
        layout,
        f"{what}, {contents_of(settings, names)}{split_of(parts)}",
        list_dataset(opening.root, uses, opening.folders),
        parts.title,
        TableLabels(settings),
        partial(write_tables, made, parts.grows),
        any(each.moves.any and not each.moves.points for each in settings),
        names,
        notes,
        faults,
        (parts.title, *parts.others) if parts.title else (),
    )


def _with_classes(
    found: Survey, settings: Sequence[TableSettings], parts: Parts, wanted: str
) -> tuple[tuple[TableSettings, ...], Classes]:
    """Return the settings with the columns of classes, and the class of each image."""
    ignored = {*find_columns(found, wanted)}
    ignored |= {name for each in settings for name in each.moves.columns}
    classes = find_classes(found, ignored, parts.grows)
    if _are_objects(found, settings, parts.grows):
        classes = classes.of_objects()
    columns = (classes.columns.get(number, "") for number in range(len(settings)))
    named = (replace(each, label=label) for each, label in zip(settings, columns, strict=True))
    return tuple(named), classes


def _are_objects(found: Survey, settings: Sequence[TableSettings], grows: TextSet) -> bool:
    """Tell whether rows are objects in images: they have boxes, and an image can have several."""
    boxes = {n for n, each in enumerate(settings) if each.moves.box}
    return any(
        sum(number in boxes for number, _ in rows) > 1 and path in grows
        for path, rows in (found.items() if boxes else ())
    )


def _class_names(found: Survey, classes: Classes) -> tuple[str, ...]:
    names = {each for each in classes.names if each}
    if not classes.names:
        names = {
            value
            for number, column in classes.columns.items()
            for value in found.values[number][column]
            if value
        }
    return tuple(sorted(names))
