"""The dataset of some tables: which images grow, what moves, what its first line says."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.scan import list_dataset
from expand.layouts.labelled.tables.classes import Classes, find_classes
from expand.layouts.labelled.tables.columns.find import find_moves
from expand.layouts.labelled.tables.columns.moves import are_flags, are_numbers
from expand.layouts.labelled.tables.columns.objects import find_objects
from expand.layouts.labelled.tables.images import Fault, Images, folder_part
from expand.layouts.labelled.tables.parts import Parts, find_column, split_parts
from expand.layouts.labelled.tables.rows.labels import TableLabels
from expand.layouts.labelled.tables.rows.row import TableSettings
from expand.layouts.labelled.tables.rows.writing import write_tables
from expand.layouts.labelled.tables.survey import Survey, survey
from expand.layouts.labelled.tables.table import Table
from expand.layouts.labelled.tables.uses import Uses

RETINANET = "2=left,3=top,4=right,5=bottom"
"""The columns of a table without names, as keras-retinanet has it: path, x1, y1, x2, y2, class."""
FAULTS = {
    Fault.MISSING: ("names an image that is not there", "name images that are not there"),
    Fault.UNREAD: ("names no image of a supported format", "name no image of a supported format"),
    Fault.EMPTY: ("names no image", "name no image"),
}
"""What a row does, and what several do."""


def build_dataset(
    opening: Opening, tables: Sequence[Table], images: Images, layout: str, what: str
) -> Dataset:
    """Return the dataset of tables that name images of a folder.

    `what` begins its title. Raise ExpandError if it cannot be known what grows, or what moves.
    """
    found = survey(tables, images)
    if not found.rows:
        raise ExpandError(f'"{opening.root}": {what} name no image that is there')
    parts = split_parts(found, opening.request.split)
    grown = [table for table in tables if parts.grows & set(table.rows.values())]
    settings = tuple(_settings(found, n, opening.request.columns) for n in range(len(tables)))
    _check_overlap(found, settings, parts.grows)
    ignored = {find_column(values, opening.request.split) for values in found.values}
    ignored |= {name for each in settings for name in each.moves.columns}
    classes = find_classes(found, ignored, parts.grows)
    if _are_objects(found, settings, parts.grows):
        classes = classes.of_objects()
    settings = tuple(
        replace(each, label=classes.columns.get(n, "")) for n, each in enumerate(settings)
    )
    notes, problems = _notes(found, parts, classes, settings)
    names = _class_names(found, classes)
    listing = list_dataset(
        opening.root,
        Uses(found, parts.grows, classes.labels, settings, {table.name for table in grown}),
        opening.factor,
        opening.format,
    )
    return Dataset(
        layout,
        f"{what}, {_contents(settings, names)}{_split(parts, len(parts.grows))}",
        listing,
        parts.title,
        TableLabels(settings),
        partial(write_tables, grown, parts.grows),
        any(each.moves.any and not each.moves.points for each in settings),
        names,
        notes,
        problems,
        (parts.title, *parts.others) if parts.title else (),
    )


def _settings(found: Survey, number: int, declared: str) -> TableSettings:
    table, values = found.tables[number], found.values[number]
    text = declared
    headless = not table.has_names and len(table.format.columns) == 6 and table.names == ("1",)
    boxes = headless and all(are_numbers(values[each]) for each in "2345")
    if boxes and not declared:
        text = RETINANET
    elif not table.has_names and not declared:
        _check_unnamed(table, found)
    objects = find_objects(values, text, table.name) if table.is_json else None
    moves = find_moves(values, text, table.name, objects)
    return TableSettings(table.name, table.format, table.names, moves, background=bool(boxes))


def _check_unnamed(table: Table, found: Survey) -> None:
    """Refuse columns of numbers without names: they can be places."""
    values = found.values[found.tables.index(table)]
    numeric = [name for name, each in values.items() if are_numbers(each) and not are_flags(each)]
    if len(numeric) > 1:
        ignored = ",".join(f"{name}=ignore" for name in numeric[:6])
        raise ExpandError(
            f'"{table.name}" has no names of columns, so nothing says what the numbers in the '
            f"columns {', '.join(numeric[:6])} are. Add a line with names, or, if they do not move "
            f"with the image: --columns {ignored}"
        )


def _check_overlap(
    found: Survey, settings: Sequence[TableSettings], grows: Collection[str]
) -> None:
    """Refuse images with places, or the same columns, in two tables."""
    seen = set[tuple[int, ...]]()
    for path in grows:
        numbers = tuple(sorted({number for number, _ in found.rows[path]}))
        if len(numbers) < 2 or numbers in seen:
            continue
        seen.add(numbers)
        moving = [settings[n].name for n in numbers if settings[n].moves.any]
        if len(moving) > 1:
            raise ExpandError(
                f'"{moving[0]}" and "{moving[1]}" both say places in "{path}", and one table is '
                "supported; move the other one out of the folder"
            )
        columns: dict[tuple[str, ...], str] = {}
        for n in numbers:
            table = found.tables[n]
            other = columns.setdefault(table.others, table.name)
            if other != table.name and table.others:
                raise ExpandError(
                    f'"{other}" and "{table.name}" both name "{path}" and have the same columns '
                    f"({', '.join(table.others[:5])}). Keep one of them in the folder, or name "
                    "them after the parts of a split: train.csv and test.csv"
                )


def _are_objects(found: Survey, settings: Sequence[TableSettings], grows: Collection[str]) -> bool:
    """Tell whether rows are objects in images: they have boxes, and an image can have several."""
    boxes = {n for n, each in enumerate(settings) if each.moves.box}
    return any(sum(n in boxes for n, _ in found.rows[path]) > 1 for path in grows)


def _class_names(found: Survey, classes: Classes) -> tuple[str, ...]:
    names = {each for each in classes.labels.values() if each}
    if not classes.labels:
        names = {
            value
            for number, column in classes.columns.items()
            for value in found.values[number][column]
            if value
        }
    return tuple(sorted(names))


def _contents(settings: Sequence[TableSettings], names: Sequence[str]) -> str:
    parts = []
    moves = [each.moves for each in settings]
    if form := next((each for m in moves if (each := m.box or m.objects)), None):
        scale = "shares of the image" if form.styles[0].normalised else "pixels"
        parts.append(f"boxes ({form.form.value}; {scale})")
    if points := next((m.points for m in moves if m.points), None):
        parts.append(f"{len(points.names)} points" if len(points.names) > 1 else "a point")
    if names:
        parts.append(f"{len(names)} classes" if len(names) > 1 else "1 class")
    return "".join(f"{part}, " for part in parts)


def _split(parts: Parts, count: int) -> str:
    images = "1 image" if count == 1 else f"{count:,} images"
    if not parts.title:
        return images
    left = (
        f"; {' and '.join(parts.others)} left as {'they are' if len(parts.others) > 1 else 'it is'}"
    )
    return f"{parts.title} split {images}{left if parts.others else ''}"


def _notes(
    found: Survey, parts: Parts, classes: Classes, settings: Sequence[TableSettings]
) -> tuple[tuple[str, ...], int]:
    """Return what the plan says of rows and images, and how many of it are faults."""
    faults = [_fault(fault, cells) for fault, cells in found.faults.items()]
    if classes.conflicts and not any(each.moves.any for each in settings):
        have = _count(len(classes.conflicts), "image has", "images have")
        faults.append(f'{have} rows of different classes, so no class: "{classes.conflicts[0]}"')
    faults += parts.notes
    without = [
        path
        for path in found.images.paths.values()
        if path not in found.rows and _is_near(path, parts)
    ]
    have = _count(len(without), "image has", "images have")
    note = f'{have} no row in a table; kept as they are: "{(*without, "")[0]}"'
    return (*faults, *([note] if without else [])), len(faults)


def _fault(fault: Fault, cells: Sequence[str]) -> str:
    one, several = FAULTS[fault]
    rows, does = _count(len(cells), "row", "rows"), one if len(cells) == 1 else several
    return f"{rows} of a table {does}: {cells[0]}; kept as they are"


def _is_near(path: str, parts: Parts) -> bool:
    """Tell whether an image is in no folder of another part."""
    return folder_part(path) in ("", parts.title)


def _count(number: int, one: str, several: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {several}"
