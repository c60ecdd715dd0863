"""What moves in each table; what is not clear is refused."""

from __future__ import annotations

from collections.abc import Sequence

from expand.errors import ExpandError
from expand.layouts.labelled.tables.columns.declared import check_columns, say_columns
from expand.layouts.labelled.tables.columns.find import find_moves
from expand.layouts.labelled.tables.columns.moves import Moves, Values, are_flags, are_numbers
from expand.layouts.labelled.tables.columns.objects import find_objects
from expand.layouts.labelled.tables.rows.row import TableSettings
from expand.layouts.labelled.tables.survey import Survey
from expand.layouts.spooled.sets import TextSet

RETINANET = "2=left,3=top,4=right,5=bottom"
"""The columns of a table without names, as keras-retinanet has it: path, x1, y1, x2, y2, class."""


def settings_of(found: Survey, grows: TextSet, declared: str) -> tuple[TableSettings, ...]:
    """Return what workers need to know of each table: what moves, if it names an image that grows.

    `declared` is what the user says of columns. Raise ExpandError if it is not clear what moves.
    """
    check_columns(declared, list(dict.fromkeys(name for each in found.values for name in each)))
    settings = []
    for number, table in enumerate(found.tables):
        moves, background = Moves(), False
        if table.names_any(grows):
            moves, background = _moves(found, number, declared)
        settings.append(
            TableSettings(table.name, table.format, table.names, moves, background=background)
        )
    _check_overlap(found, settings, grows)
    return tuple(settings)


def _moves(found: Survey, number: int, declared: str) -> tuple[Moves, bool]:
    """Return what moves in a table, and whether an image without objects has an empty row."""
    table, values, text = found.tables[number], found.values[number], declared
    headless = not table.has_names and len(table.format.columns) == 6 and table.names == ("1",)
    boxes = headless and all(are_numbers(values[each]) for each in "2345")
    if boxes and not declared:
        text = RETINANET
    elif not table.has_names and not declared:
        _check_unnamed(table.name, values)
    objects = find_objects(values, text, table.name) if table.is_json else None
    return find_moves(values, text, table.name, objects), boxes


def _check_unnamed(name: str, values: Values) -> None:
    """Refuse columns of numbers without names: they can be places."""
    numeric = [
        column for column, each in values.items() if are_numbers(each) and not are_flags(each)
    ]
    if len(numeric) > 1:
        ignored = say_columns(dict.fromkeys(numeric[:6], "ignore"))
        raise ExpandError(
            f'"{name}" has no names of columns, so nothing says what the numbers in the '
            f"columns {', '.join(numeric[:6])} are. Add a line with names, or, if they do not move "
            f"with the image: {ignored}"
        )


def _check_overlap(found: Survey, settings: Sequence[TableSettings], grows: TextSet) -> None:
    """Refuse images with places, or the same columns, in two tables."""
    seen = set[tuple[int, ...]]()
    for path, rows in found.items() if len(found.tables) > 1 else ():
        numbers = tuple(sorted({number for number, _ in rows}))
        if len(numbers) < 2 or numbers in seen or path not in grows:
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
            if other != table.name and table.others and table.has_names:
                raise ExpandError(
                    f'"{other}" and "{table.name}" both name "{path}" and have the same columns '
                    f"({', '.join(table.others[:5])}). Keep one of them in the folder, or name "
                    "them after the parts of a split: train.csv and test.csv"
                )
