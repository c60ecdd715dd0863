"""What the first line and the summary say of a dataset with tables."""

from __future__ import annotations

from collections.abc import Sequence

from expand.layouts.labelled.tables.classes import Classes
from expand.layouts.labelled.tables.images import Fault, folder_part
from expand.layouts.labelled.tables.parts import Parts
from expand.layouts.labelled.tables.rows.row import TableSettings
from expand.layouts.labelled.tables.survey import Survey, Tally
from expand.layouts.labelled.titles import counted, left

FAULTS = {
    Fault.MISSING: ("names an image that is not there", "name images that are not there"),
    Fault.UNREAD: ("names no image of a supported format", "name no image of a supported format"),
    Fault.EMPTY: ("names no image", "name no image"),
}
"""What a row does, and what several do."""


def contents_of(settings: Sequence[TableSettings], names: Sequence[str]) -> str:
    """Return what moves in the tables and how many classes they name, with a comma after each."""
    parts = []
    moves = [each.moves for each in settings]
    if form := next((each for m in moves if (each := m.box or m.objects)), None):
        scale = "shares of the image" if form.styles[0].normalised else "pixels"
        parts.append(f"boxes ({form.form.value}; {scale})")
    if points := next((m.points for m in moves if m.points), None):
        parts.append(f"{len(points.names)} points" if len(points.names) > 1 else "a point")
    if names:
        parts.append(counted(len(names), "class", "classes"))
    return "".join(f"{part}, " for part in parts)


def split_of(parts: Parts) -> str:
    """Return the part that grows, and those that do not."""
    images = counted(len(parts.grows), "image")
    return f"{parts.title} split {images}{left(parts.others)}" if parts.title else images


def notes_of(
    found: Survey, parts: Parts, classes: Classes, settings: Sequence[TableSettings]
) -> tuple[tuple[str, ...], int]:
    """Return what the plan says of rows and images, and how many of it are faults."""
    faults = [_fault(fault, cells) for fault, cells in found.faults.items()]
    if (differ := classes.conflicts).count and not any(each.moves.any for each in settings):
        have = counted(differ.count, "image has", "images have")
        faults.append(f'{have} rows of different classes, so no class: "{differ.first}"')
    if parts.both.count:
        are = counted(parts.both.count, "image is", "images are")
        faults.append(f'{are} in two parts of the split and not expanded: "{parts.both.first}"')
    without = Tally()
    for path in found.images if found.count < len(found.images) else ():
        if path not in found and _is_near(path, parts):
            without.add(path)
    have = counted(without.count, "image has", "images have")
    note = f'{have} no row in a table; {_kept(without.count)}: "{without.first}"'
    return (*faults, *([note] if without.count else []), *parts.notes), len(faults)


def _fault(fault: Fault, cells: Tally) -> str:
    one, several = FAULTS[fault]
    rows, does = counted(cells.count, "row"), one if cells.count == 1 else several
    return f"{rows} of a table {does}: {cells.first}; {_kept(cells.count)}"


def _kept(count: int) -> str:
    return "it is kept as it is" if count == 1 else "they are kept as they are"


def _is_near(path: str, parts: Parts) -> bool:
    """Tell whether an image is in no folder of another part."""
    return folder_part(path) in ("", parts.title)
